import FoundationEssentials
import Postgres

extension ImportRows {
  public struct Folder: Sendable, Encodable {
    public var id: UUID
    public var parentID: UUID
    public var name: String
    /// Its depth below the root, from 1.
    public var depth: Int

    public init(id: UUID, parentID: UUID, name: String, depth: Int) {
      self.id = id
      self.parentID = parentID
      self.name = name
      self.depth = depth
    }
  }

  public struct Asset: Sendable, Encodable {
    public var id: UUID
    public var name: String
    public var type: String
    public var folderID: UUID

    public init(id: UUID, name: String, type: String, folderID: UUID) {
      self.id = id
      self.name = name
      self.type = type
      self.folderID = folderID
    }
  }

  public struct Standard: Sendable, Encodable {
    public var id: UUID
    public var name: String
    public var version: String?
    public var folderID: UUID

    public init(id: UUID, name: String, version: String?, folderID: UUID) {
      self.id = id
      self.name = name
      self.version = version
      self.folderID = folderID
    }
  }
}

/// Folders, assets and standards in an import.
extension ImportedTable {
  // A trigger reads the parent, so parents take an earlier statement.
  static let insertFolders = Statement(
    """
    INSERT INTO directory.folders (folder_id, parent_id, folder_name)
    SELECT id, parent_id, name
    FROM jsonb_to_recordset($1) AS f (id uuid, parent_id uuid, name text)
    RETURNING folder_id
    """, .jsonb)

  static let assets = ImportedTable(
    insert: Statement(
      """
      INSERT INTO directory.assets (asset_id, asset_name, asset_type, folder_id)
      SELECT id, name, type, folder_id
      FROM jsonb_to_recordset($1) AS s (id uuid, name text, type text, folder_id uuid)
      ON CONFLICT (asset_id) DO NOTHING
      RETURNING asset_id
      """, .jsonb),
    update: Statement(
      """
      UPDATE directory.assets a
      SET asset_name = s.name, asset_type = s.type, folder_id = s.folder_id
      FROM jsonb_to_recordset($1) AS s (id uuid, name text, type text, folder_id uuid)
      WHERE a.asset_id = s.id
          AND (a.asset_name, a.asset_type, a.folder_id) IS DISTINCT FROM (s.name, s.type, s.folder_id)
      RETURNING a.asset_id
      """, .jsonb))

  static let standards = ImportedTable(
    insert: Statement(
      """
      INSERT INTO directory.standards (standard_id, standard_name, standard_version, folder_id)
      SELECT id, name, coalesce(version, '1.0'), folder_id
      FROM jsonb_to_recordset($1) AS s (id uuid, name text, version text, folder_id uuid)
      ON CONFLICT (standard_id) DO NOTHING
      RETURNING standard_id
      """, .jsonb),
    update: Statement(
      """
      UPDATE directory.standards t
      SET standard_name = s.name,
          standard_version = coalesce(s.version, t.standard_version),
          folder_id = s.folder_id
      FROM jsonb_to_recordset($1) AS s (id uuid, name text, version text, folder_id uuid)
      WHERE t.standard_id = s.id
          AND (t.standard_name, t.standard_version, t.folder_id)
              IS DISTINCT FROM (s.name, coalesce(s.version, t.standard_version), s.folder_id)
      RETURNING t.standard_id
      """, .jsonb))
}
