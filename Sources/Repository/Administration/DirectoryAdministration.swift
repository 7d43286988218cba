import Postgres

/// The administrator's side of the directory: users, roles, grants, and the import of a whole directory.
///
/// It is for the database role of the administration commands; the server's role lacks the rights. Every
/// change writes its audit event in its own transaction, under the name of the person who gave the command.
/// Names of users, roles and folders are compared without regard to case, as everywhere.
public struct DirectoryAdministration: Sendable {
  /// What became of a change. Unless it is `done`, nothing has changed, and there is no audit event.
  public enum Change: Sendable, Equatable {
    case done
    /// It was so already.
    case unchanged
    /// Another user or role has the name.
    case taken
    case noSuchUser(String)
    case noSuchRole(String)
    case noSuchFolder(String)
  }

  let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  /// Runs a change in one transaction, which is kept if the change is done.
  func change(
    _ body: @Sendable (Connection) async throws(PostgresError) -> Change
  ) async throws(RepositoryError) -> Change {
    try await pool.changing { connection throws(PostgresError) in
      let change = try await body(connection)
      return change == .done ? .commit(change) : .rollback(change)
    }
  }
}
