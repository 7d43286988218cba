import FoundationEssentials
import Postgres

/// Users and their sessions.
extension DirectoryAdministration {
  /// A user with its roles.
  public struct User: Sendable, Equatable {
    public var name: String
    public var disabled: Bool
    public var hasPassword: Bool
    public var createdAt: Date
    /// The names of the roles, sorted.
    public var roles: [String]
  }

  private static let list = Statement(
    """
    SELECT u.user_name, u.disabled, u.password_hash IS NOT NULL, u.created_at,
           ARRAY(
               SELECT r.role_name
               FROM directory.user_roles ur
               JOIN directory.roles r USING (role_id)
               WHERE ur.user_id = u.user_id
               ORDER BY directory.folded(r.role_name)
           )
    FROM directory.users u
    ORDER BY directory.folded(u.user_name)
    """)

  /// All users, by name.
  public func users() async throws(RepositoryError) -> [User] {
    try await pool.rows(Self.list()) {
      try User(name: $0(0), disabled: $0(1), hasPassword: $0(2), createdAt: $0(3), roles: $0(4))
    }
  }

  // FOR UPDATE waits for a login that is opening a session, so that no session is missed.
  private static let find = Statement(
    """
    SELECT user_id, user_name
    FROM directory.users
    WHERE directory.folded(user_name) = directory.folded($1)
    FOR UPDATE
    """, .text)

  private static let insert = Statement(
    """
    INSERT INTO directory.users (user_name, password_hash)
    VALUES ($1, $2)
    ON CONFLICT (directory.folded(user_name)) DO NOTHING
    RETURNING user_id
    """, .text, .text)

  /// Adds a user.
  ///
  /// - Parameters:
  ///   - passwordHash: nil for a user who cannot log in until a password is set.
  ///   - roles: The names of the roles to assign.
  /// - Returns: `done`, `taken` or `noSuchRole`.
  public func addUser(
    _ name: String, passwordHash: String?, roles: [String], by actor: String
  ) async throws(RepositoryError) -> Change {
    try await change { connection throws(PostgresError) in
      let insertion = Self.insert(.text(name), .optional(passwordHash))
      guard let user = try await connection.first(insertion, { try $0(0, as: UUID.self) }) else {
        return .taken
      }
      for role in roles {
        guard let found = try await Self.role(role, on: connection) else { return .noSuchRole(role) }
        try await connection.run(Self.assign(.uuid(user), .uuid(found.id)))
      }
      try await connection.run(
        AuditNote.of(.addUser, by: actor, ["User": name, "Roles": roles.joined(separator: ", ")]))
      return .done
    }
  }

  private static let setDisabled = Statement(
    "UPDATE directory.users SET disabled = $2 WHERE user_id = $1 AND disabled <> $2", .uuid, .bool)
  private static let endSessions = Statement("DELETE FROM auth.sessions WHERE user_id = $1", .uuid)
  private static let scheduledJobs = Statement(
    """
    SELECT count(*)
    FROM directory.jobs
    WHERE created_by = $1 AND (next_run_at IS NOT NULL OR paused_run_at IS NOT NULL)
    """, .uuid)

  /// Disables a user, which pauses the schedules of the user's jobs, and ends the user's sessions; or enables a user, which
  /// resumes the schedules.
  ///
  /// - Returns: `done`, `unchanged` or `noSuchUser`; and the number of jobs whose schedules were paused or resumed.
  public func setUser(
    _ name: String, disabled: Bool, by actor: String
  ) async throws(RepositoryError) -> (change: Change, scheduledJobs: Int) {
    try await pool.changing { connection throws(PostgresError) in
      guard let user = try await Self.user(name, on: connection) else {
        return .rollback((.noSuchUser(name), 0))
      }
      let updated = try await connection.run(Self.setDisabled(.uuid(user.id), .bool(disabled)))
      guard updated.changed > 0 else { return .rollback((.unchanged, 0)) }
      if disabled { try await connection.run(Self.endSessions(.uuid(user.id))) }
      let jobs = try await connection.first(Self.scheduledJobs(.uuid(user.id))) { try $0.count(0) } ?? 0
      try await connection.run(
        AuditNote.of(
          disabled ? .disableUser : .enableUser, by: actor,
          ["User": user.name, disabled ? "PausedJobs" : "ResumedJobs": "\(jobs)"]))
      return .commit((.done, jobs))
    }
  }

  private static let setPassword = Statement(
    "UPDATE directory.users SET password_hash = $2 WHERE user_id = $1", .uuid, .text)
  // Known networks are removed, too: somebody who knew the old password may have signed in from one.
  private static let forgetLogins = Statement(
    """
    WITH failures AS (
        DELETE FROM auth.failed_logins WHERE name_hash = sha256(convert_to(directory.folded($1), 'UTF8'))
    )
    DELETE FROM auth.known_networks WHERE user_id = $2
    """, .text, .uuid)

  /// Sets a user's password, ends the user's sessions, and forgets failed logins and known networks.
  ///
  /// - Returns: `done` or `noSuchUser`.
  public func setPassword(
    of name: String, hash: String, by actor: String
  ) async throws(RepositoryError) -> Change {
    try await change { connection throws(PostgresError) in
      guard let user = try await Self.user(name, on: connection) else { return .noSuchUser(name) }
      try await connection.run(Self.setPassword(.uuid(user.id), .text(hash)))
      try await connection.run(Self.endSessions(.uuid(user.id)))
      try await connection.run(Self.forgetLogins(.text(user.name), .uuid(user.id)))
      try await connection.run(AuditNote.of(.setPassword, by: actor, ["User": user.name]))
      return .done
    }
  }

  private static let assign = Statement(
    "INSERT INTO directory.user_roles (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", .uuid, .uuid
  )
  private static let unassign = Statement(
    "DELETE FROM directory.user_roles WHERE user_id = $1 AND role_id = $2", .uuid, .uuid)

  /// Assigns a role to a user, or takes it away.
  ///
  /// - Returns: `done`, `unchanged`, `noSuchUser` or `noSuchRole`.
  public func setRole(
    _ roleName: String, of userName: String, assigned: Bool, by actor: String
  ) async throws(RepositoryError) -> Change {
    try await change { connection throws(PostgresError) in
      guard let role = try await Self.role(roleName, on: connection) else { return .noSuchRole(roleName) }
      guard let user = try await Self.user(userName, on: connection) else { return .noSuchUser(userName) }
      let statement = assigned ? Self.assign : Self.unassign
      let rows = try await connection.run(statement(.uuid(user.id), .uuid(role.id)))
      guard rows.changed > 0 else { return .unchanged }
      try await connection.run(
        AuditNote.of(
          assigned ? .assignRole : .unassignRole, by: actor, ["User": user.name, "Role": role.name]))
      return .done
    }
  }

  private static func user(
    _ name: String, on connection: Connection
  ) async throws(PostgresError) -> (id: UUID, name: String)? {
    try await connection.first(find(.text(name))) { try (id: $0(0), name: $0(1)) }
  }
}
