import Domain
import FoundationEssentials
import Postgres

extension AssetAttribute: SearchColumns {
  var column: SearchColumn {
    switch self {
    case .assetName: .text("i.name_key")
    case .assetID: .identifier("i.asset_id")
    case .assetType: .text("i.type_key")
    }
  }
}

extension StandardAttribute: SearchColumns {
  var column: SearchColumn {
    switch self {
    case .standardName: .text("i.name_key")
    case .standardID: .identifier("i.standard_id")
    case .standardVersion: .text("i.version_key")
    }
  }
}

extension Inventory {
  // Folders above a granted one can be named, too: they are the path to it, which answers show.
  private static let container = Statement(
    """
    WITH RECURSIVE way AS (
        SELECT folder_id, lineage, 1 AS depth
        FROM directory.folders
        WHERE folder_id = $1 AND directory.folded(folder_name) = directory.folded(($2)[1])
        UNION ALL
        SELECT f.folder_id, f.lineage, w.depth + 1
        FROM way w
        JOIN directory.folders f ON f.parent_id = w.folder_id AND directory.folded(f.folder_name) = directory.folded(($2)[w.depth + 1])
    )
    SELECT w.folder_id
    FROM way w
    WHERE w.depth = cardinality($2)
        AND (
            w.lineage && (SELECT auth.granted_folders($3))
            OR EXISTS (
                SELECT
                FROM directory.folders g
                WHERE g.folder_id = ANY ((SELECT auth.granted_folders($3))::uuid[]) AND w.folder_id = ANY (g.lineage)
            )
        )
    """, .uuid, .textArray, .uuid)

  private static let isGranted = Statement("SELECT $1 = ANY (auth.granted_folders($2))", .uuid, .uuid)

  private static let visible = Statement(
    """
    SELECT folder_id
    FROM directory.folders
    WHERE lineage && (SELECT auth.granted_folders($2))
        AND CASE WHEN $3 THEN lineage @> ARRAY[$1] ELSE folder_id = $1 END
    """, .uuid, .uuid, .bool)

  /// The folders that a search covers.
  private enum Scope {
    case wholeTree
    case folders([UUID])
  }

  /// - Returns: nil if the container does not exist or is not visible to the user.
  private func scope(
    _ container: ContainerPath?, subtree: Bool, root: FolderRoot, user: UUID
  ) async throws(RepositoryError) -> Scope? {
    var start = root.id
    if let container {
      let query = Self.container(.uuid(root.id), .texts(container.names), .uuid(user))
      guard let found = try await pool.first(query, { try $0(0, as: UUID.self) }) else { return nil }
      start = found
    } else if subtree,
      try await pool.one(Self.isGranted(.uuid(root.id), .uuid(user)), { try $0(0, as: Bool.self) })
    {
      return .wholeTree
    }
    return .folders(
      try await pool.rows(Self.visible(.uuid(start), .uuid(user), .bool(subtree))) { try $0(0) })
  }

  private func search<Attribute: SearchColumns, Item: Sendable>(
    _ search: InventorySearch<Attribute>, _ page: SearchPage, in root: FolderRoot, user: UUID,
    table: String, key: String, columns: String, position: (Item) -> SearchPosition,
    read: (Rows.Row, ContainerPath) throws -> Item
  ) async throws(RepositoryError) -> SearchResult<Item>? {
    guard
      let scope = try await self.scope(
        search.container, subtree: search.includesSubtree, root: root, user: user)
    else { return nil }
    var values = BoundValues()
    var within: [String] = []
    switch scope {
    case .wholeTree: break
    case .folders(let folders) where folders.count == 1:
      within = ["i.folder_id = \(values.bind(.uuid(folders[0])))"]
    case .folders(let folders):
      within = ["i.folder_id = ANY (\(values.bind(.uuids(folders))))"]
    }
    let statement = SearchStatement(
      table: "\(table) i", order: ["i.name_key", "i.\(key)"], conditions: search.conditions, and: within,
      values: values)
    return try await pool.search(
      statement, page,
      { rows in
        """
        SELECT i.\(key), \(columns), ARRAY(
            SELECT f.folder_name
            FROM unnest(c.lineage) WITH ORDINALITY AS l (folder_id, place)
            JOIN directory.folders f ON f.folder_id = l.folder_id
            ORDER BY l.place
        )
        FROM (
        \(rows)
        ) found (place, found_id)
        JOIN \(table) i ON i.\(key) = found.found_id
        JOIN directory.folders c ON c.folder_id = i.folder_id
        ORDER BY found.place, found.found_id
        """
      }, position: position, read: { try read($0, ContainerPath(names: $0(3))) })
  }

  /// The assets that meet all conditions, in the order of their names.
  ///
  /// - Parameter user: Only items in folders that are open to this user are found.
  /// - Returns: nil if the container does not exist or is not visible to the user.
  public func assets(
    _ search: InventorySearch<AssetAttribute>, _ page: SearchPage, for user: UUID
  ) async throws(RepositoryError) -> SearchResult<Asset>? {
    try await self.search(
      search, page, in: .assetSystem, user: user, table: "directory.assets", key: "asset_id",
      columns: "i.asset_name, i.asset_type", position: { .name($0.name, $0.id) },
      read: { try Asset(id: $0(0), name: $0(1), type: $0(2), container: $1) })
  }

  /// The standards that meet all conditions, in the order of their names.
  ///
  /// - Parameter user: Only items in folders that are open to this user are found.
  /// - Returns: nil if the container does not exist or is not visible to the user.
  public func standards(
    _ search: InventorySearch<StandardAttribute>, _ page: SearchPage, for user: UUID
  ) async throws(RepositoryError) -> SearchResult<Standard>? {
    try await self.search(
      search, page, in: .standards, user: user, table: "directory.standards", key: "standard_id",
      columns: "i.standard_name, i.standard_version", position: { .name($0.name, $0.id) },
      read: { try Standard(id: $0(0), name: $0(1), version: $0(2), container: $1) })
  }
}
