import FoundationEssentials
import Postgres

/// The folders of both trees by their paths: `/Asset System/Unix/EMEA`.
public struct FolderPaths: Sendable, Equatable {
  /// Sorted, so that a folder comes after its parent.
  public let paths: [String]
  private let folders: [String: UUID]

  public init(_ folders: [(id: UUID, path: String)]) {
    paths = folders.map(\.path).sorted()
    self.folders = Dictionary(folders.map { ($0.path.lowercased(), $0.id) }) { first, _ in first }
  }

  /// The ID of a path, in any case.
  public subscript(path: String) -> UUID? { folders[path.lowercased()] }

  /// Selects `folder_id` and `path` of every folder.
  static let sql = """
    SELECT f.folder_id, '/' || string_agg(a.folder_name, '/' ORDER BY l.place) AS path
    FROM directory.folders f
    CROSS JOIN LATERAL unnest(f.lineage) WITH ORDINALITY AS l (folder_id, place)
    JOIN directory.folders a ON a.folder_id = l.folder_id
    GROUP BY f.folder_id
    """

  static let all = Statement(sql)

  init(on connection: Connection) async throws(PostgresError) {
    self.init(try await connection.rows(Self.all()) { try (id: $0(0), path: $0(1)) })
  }
}

extension DirectoryAdministration {
  /// All folders.
  public func folders() async throws(RepositoryError) -> FolderPaths {
    FolderPaths(try await pool.rows(FolderPaths.all()) { try (id: $0(0), path: $0(1)) })
  }
}
