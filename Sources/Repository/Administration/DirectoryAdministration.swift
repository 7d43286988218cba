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

  // The transaction goes on empty, so that the one way to a transaction can commit it.
  private static let takeBack = Statement("ROLLBACK AND CHAIN")

  /// Runs `body` in one transaction.
  ///
  /// - Parameter body: Returns its result and whether to commit; otherwise everything is rolled back.
  func transaction<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> (result: Result, commits: Bool)
  ) async throws(RepositoryError) -> Result {
    do throws(PostgresError) {
      return try await pool.transaction { connection throws(PostgresError) in
        let outcome = try await body(connection)
        if !outcome.commits { try await connection.run(Self.takeBack()) }
        return outcome.result
      }
    } catch {
      throw RepositoryError(error)
    }
  }

  /// Runs a change in one transaction; commits it if the change is `done`.
  func change(
    _ body: @Sendable (Connection) async throws(PostgresError) -> Change
  ) async throws(RepositoryError) -> Change {
    try await transaction { connection throws(PostgresError) in
      let change = try await body(connection)
      return (change, commits: change == .done)
    }
  }
}

extension Connection {
  /// Runs one statement.
  @discardableResult
  func run(_ query: Query) async throws(PostgresError) -> Rows {
    try await execute([query])[0]
  }
}
