import Domain
import FoundationEssentials
import Postgres

/// Roles and their grants of tasks and folders.
extension DirectoryAdministration {
  /// A role with its grants and users.
  public struct Role: Sendable, Equatable {
    public var name: String
    public var description: String
    public var tasks: [String]
    /// The paths of the granted folders; a grant covers everything below.
    public var folders: [String]
    /// The names of the users who have it.
    public var users: [String]
  }

  private static let list = Statement(
    """
    WITH folder_paths AS (
    \(FolderPaths.sql)
    )
    SELECT r.role_name, r.description,
           ARRAY(SELECT task FROM directory.role_tasks WHERE role_id = r.role_id ORDER BY task),
           ARRAY(
               SELECT p.path
               FROM directory.folder_grants g
               JOIN folder_paths p USING (folder_id)
               WHERE g.role_id = r.role_id
               ORDER BY p.path
           ),
           ARRAY(
               SELECT u.user_name
               FROM directory.user_roles ur
               JOIN directory.users u USING (user_id)
               WHERE ur.role_id = r.role_id
               ORDER BY directory.folded(u.user_name)
           )
    FROM directory.roles r
    ORDER BY directory.folded(r.role_name)
    """)

  /// All roles, by name.
  public func roles() async throws(RepositoryError) -> [Role] {
    try await pool.rows(Self.list()) {
      try Role(name: $0(0), description: $0(1), tasks: $0(2), folders: $0(3), users: $0(4))
    }
  }

  private static let insert = Statement(
    """
    INSERT INTO directory.roles (role_name, description)
    VALUES ($1, $2)
    ON CONFLICT (directory.folded(role_name)) DO NOTHING
    """, .text, .text)

  /// Creates a role without grants.
  ///
  /// - Returns: `done` or `taken`.
  public func createRole(
    _ name: String, description: String, by actor: String
  ) async throws(RepositoryError) -> Change {
    try await change { connection throws(PostgresError) in
      let rows = try await connection.run(Self.insert(.text(name), .text(description)))
      guard rows.changed > 0 else { return .taken }
      try await connection.run(AuditNote.of(.createRole, by: actor, ["Role": name]))
      return .done
    }
  }

  private static let grantTasks = Statement(
    """
    INSERT INTO directory.role_tasks (role_id, task)
    SELECT $1, task
    FROM unnest($2) AS t (task)
    ON CONFLICT DO NOTHING
    """, .uuid, .textArray)
  private static let revokeTasks = Statement(
    "DELETE FROM directory.role_tasks WHERE role_id = $1 AND task = ANY ($2)", .uuid, .textArray)

  /// Grants tasks to a role, or revokes them.
  ///
  /// - Returns: `done` if at least one task was granted or revoked; `unchanged` or `noSuchRole`.
  public func setTasks(
    _ tasks: [Permission], of roleName: String, granted: Bool, by actor: String
  ) async throws(RepositoryError) -> Change {
    try await change { connection throws(PostgresError) in
      guard let role = try await Self.role(roleName, on: connection) else { return .noSuchRole(roleName) }
      let names = tasks.map(\.rawValue)
      let statement = granted ? Self.grantTasks : Self.revokeTasks
      let rows = try await connection.run(statement(.uuid(role.id), .texts(names)))
      guard rows.changed > 0 else { return .unchanged }
      try await connection.run(
        AuditNote.of(
          granted ? .grantTask : .revokeTask, by: actor,
          ["Role": role.name, "Tasks": names.joined(separator: ", ")]))
      return .done
    }
  }

  private static let grantFolders = Statement(
    """
    INSERT INTO directory.folder_grants (role_id, folder_id)
    SELECT $1, folder_id
    FROM unnest($2) AS f (folder_id)
    ON CONFLICT DO NOTHING
    """, .uuid, .uuidArray)
  private static let revokeFolders = Statement(
    "DELETE FROM directory.folder_grants WHERE role_id = $1 AND folder_id = ANY ($2)", .uuid, .uuidArray)

  /// Grants folders, with everything below them, to a role, or revokes them.
  ///
  /// - Parameter paths: Such as `/Asset System/Unix`.
  /// - Returns: `done` if at least one folder was granted or revoked; `unchanged`, `noSuchRole` or
  ///   `noSuchFolder`.
  public func setFolders(
    _ paths: [String], of roleName: String, granted: Bool, by actor: String
  ) async throws(RepositoryError) -> Change {
    try await change { connection throws(PostgresError) in
      guard let role = try await Self.role(roleName, on: connection) else { return .noSuchRole(roleName) }
      let known = try await FolderPaths(on: connection)
      var folders: [UUID] = []
      for path in paths {
        guard let folder = known[path] else { return .noSuchFolder(path) }
        folders.append(folder)
      }
      let statement = granted ? Self.grantFolders : Self.revokeFolders
      let rows = try await connection.run(statement(.uuid(role.id), .uuids(folders)))
      guard rows.changed > 0 else { return .unchanged }
      try await connection.run(
        AuditNote.of(
          granted ? .grantFolder : .revokeFolder, by: actor,
          ["Role": role.name, "Folders": paths.joined(separator: ", ")]))
      return .done
    }
  }

  private static let find = Statement(
    "SELECT role_id, role_name FROM directory.roles WHERE directory.folded(role_name) = directory.folded($1)",
    .text)

  static func role(
    _ name: String, on connection: Connection
  ) async throws(PostgresError) -> (id: UUID, name: String)? {
    try await connection.first(find(.text(name))) { try (id: $0(0), name: $0(1)) }
  }
}
