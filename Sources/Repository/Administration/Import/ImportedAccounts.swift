import FoundationEssentials
import Postgres

extension ImportRows {
  public struct Role: Sendable, Encodable {
    public var name: String
    public var description: String?
    /// Replaces the role's tasks.
    public var tasks: [String]?
    /// Replaces the role's folders.
    public var folderIDs: [UUID]?

    public init(name: String, description: String?, tasks: [String]?, folderIDs: [UUID]?) {
      self.name = name
      self.description = description
      self.tasks = tasks
      self.folderIDs = folderIDs
    }

    enum CodingKeys: String, CodingKey {
      case name, description, tasks
      case folderIDs = "folderIds"
    }
  }

  public struct User: Sendable, Encodable {
    public var name: String
    public var disabled: Bool?
    /// The names of the roles; replaces the user's roles.
    public var roles: [String]?

    public init(name: String, disabled: Bool?, roles: [String]?) {
      self.name = name
      self.disabled = disabled
      self.roles = roles
    }
  }
}

/// Roles and users in an import.
extension ImportedTable {
  static let roles = ImportedTable(
    insert: Statement(
      """
      INSERT INTO directory.roles (role_name, description)
      SELECT name, coalesce(description, '')
      FROM jsonb_to_recordset($1) AS s (name text, description text)
      ON CONFLICT (directory.folded(role_name)) DO NOTHING
      RETURNING role_id
      """, .jsonb),
    update: Statement(
      """
      UPDATE directory.roles r
      SET description = s.description
      FROM jsonb_to_recordset($1) AS s (name text, description text)
      WHERE directory.folded(r.role_name) = directory.folded(s.name) AND r.description <> s.description
      RETURNING r.role_id
      """, .jsonb),
    sets: [revokeTasks, grantTasks, revokeFolders, grantFolders])

  private static let revokeTasks = Statement(
    """
    DELETE FROM directory.role_tasks t
    USING directory.roles r, jsonb_to_recordset($1) AS s (name text, tasks text[])
    WHERE t.role_id = r.role_id AND directory.folded(r.role_name) = directory.folded(s.name) AND t.task <> ALL (s.tasks)
    RETURNING t.role_id
    """, .jsonb)

  private static let grantTasks = Statement(
    """
    INSERT INTO directory.role_tasks (role_id, task)
    SELECT r.role_id, t.task
    FROM jsonb_to_recordset($1) AS s (name text, tasks text[])
    JOIN directory.roles r ON directory.folded(r.role_name) = directory.folded(s.name)
    CROSS JOIN unnest(s.tasks) AS t (task)
    ON CONFLICT DO NOTHING
    RETURNING role_id
    """, .jsonb)

  private static let revokeFolders = Statement(
    """
    DELETE FROM directory.folder_grants g
    USING directory.roles r, jsonb_to_recordset($1) AS s (name text, folder_ids uuid[])
    WHERE g.role_id = r.role_id AND directory.folded(r.role_name) = directory.folded(s.name) AND g.folder_id <> ALL (s.folder_ids)
    RETURNING g.role_id
    """, .jsonb)

  private static let grantFolders = Statement(
    """
    INSERT INTO directory.folder_grants (role_id, folder_id)
    SELECT r.role_id, f.folder_id
    FROM jsonb_to_recordset($1) AS s (name text, folder_ids uuid[])
    JOIN directory.roles r ON directory.folded(r.role_name) = directory.folded(s.name)
    CROSS JOIN unnest(s.folder_ids) AS f (folder_id)
    ON CONFLICT DO NOTHING
    RETURNING role_id
    """, .jsonb)

  static let users = ImportedTable(
    insert: Statement(
      """
      INSERT INTO directory.users (user_name, disabled)
      SELECT name, coalesce(disabled, false)
      FROM jsonb_to_recordset($1) AS s (name text, disabled boolean)
      ON CONFLICT (directory.folded(user_name)) DO NOTHING
      RETURNING user_id
      """, .jsonb),
    update: Statement(
      """
      UPDATE directory.users u
      SET disabled = s.disabled
      FROM jsonb_to_recordset($1) AS s (name text, disabled boolean)
      WHERE directory.folded(u.user_name) = directory.folded(s.name) AND u.disabled <> s.disabled
      RETURNING u.user_id
      """, .jsonb),
    sets: [unassignRoles, assignRoles])

  private static let unassignRoles = Statement(
    """
    DELETE FROM directory.user_roles ur
    USING directory.users u, jsonb_to_recordset($1) AS s (name text, roles text[])
    WHERE ur.user_id = u.user_id AND directory.folded(u.user_name) = directory.folded(s.name) AND s.roles IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM directory.roles r
            JOIN unnest(s.roles) AS n (role_name) ON directory.folded(r.role_name) = directory.folded(n.role_name)
            WHERE r.role_id = ur.role_id
        )
    RETURNING ur.user_id
    """, .jsonb)

  private static let assignRoles = Statement(
    """
    INSERT INTO directory.user_roles (user_id, role_id)
    SELECT u.user_id, r.role_id
    FROM jsonb_to_recordset($1) AS s (name text, roles text[])
    JOIN directory.users u ON directory.folded(u.user_name) = directory.folded(s.name)
    CROSS JOIN unnest(s.roles) AS n (role_name)
    JOIN directory.roles r ON directory.folded(r.role_name) = directory.folded(n.role_name)
    ON CONFLICT DO NOTHING
    RETURNING user_id
    """, .jsonb)

  /// Ends the sessions of users that the import disables.
  static let endSessions = Statement(
    """
    DELETE FROM auth.sessions t
    USING directory.users u, jsonb_to_recordset($1) AS s (name text, disabled boolean)
    WHERE t.user_id = u.user_id AND directory.folded(u.user_name) = directory.folded(s.name) AND s.disabled
    RETURNING t.session_id
    """, .jsonb)
}
