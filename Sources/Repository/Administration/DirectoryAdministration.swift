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

  private static let begin = Statement("BEGIN")
  private static let commit = Statement("COMMIT")
  private static let rollback = Statement("ROLLBACK")

  /// Runs `body` in one transaction.
  ///
  /// - Parameter body: Answers, beside its result, whether to commit; else everything is taken back.
  func transaction<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> (result: Result, commits: Bool)
  ) async throws(RepositoryError) -> Result {
    do throws(PostgresError) {
      return try await pool.withConnection { connection throws(PostgresError) in
        try await connection.run(Self.begin())
        do throws(PostgresError) {
          let outcome = try await body(connection)
          try await connection.run(outcome.commits ? Self.commit() : Self.rollback())
          return outcome.result
        } catch {
          // Where even this fails the pool gives the connection up, and PostgreSQL rolls back by itself.
          _ = try? await connection.execute([Self.rollback()])
          throw error
        }
      }
    } catch {
      throw RepositoryError(error)
    }
  }

  /// Runs a change in one transaction, which is kept if the change is done.
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
