import Postgres

/// The administrator's side of the directory: users, roles, grants, import, audit trail.
///
/// It takes the database role of the administration commands; the server's role lacks the rights. Every change
/// writes its audit event in the same transaction, under the name of the person who gave the command. Names of
/// users, roles and folders are case-insensitive.
public struct DirectoryAdministration: Sendable {
  /// The outcome of a change. Unless it is `done`, nothing has changed and there is no audit event.
  public enum Change: Sendable, Equatable {
    case done
    /// Already as requested.
    case unchanged
    /// Another user or role has the name.
    case taken
    case noSuchUser(String)
    case noSuchRole(String)
    case noSuchFolder(String)
  }

  let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  public var audit: AuditTrail { AuditTrail(pool: pool) }

  /// Runs a change in one transaction; commits it if the change is `done`.
  func change(
    _ body: @Sendable (Connection) async throws(PostgresError) -> Change
  ) async throws(RepositoryError) -> Change {
    try await pool.changing { connection throws(PostgresError) in
      let change = try await body(connection)
      return change == .done ? .commit(change) : .rollback(change)
    }
  }
}
