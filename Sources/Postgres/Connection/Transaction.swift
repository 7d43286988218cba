/// How the body of a transaction ends.
public enum TransactionEnd<Result: Sendable>: Sendable {
  case commit(Result)
  /// Nothing of the transaction takes effect.
  case rollback(Result)
}

extension Pool {
  /// Lends a connection for one transaction over several round trips.
  ///
  /// - Parameter body: What is done in it. If it throws, nothing of it has happened, but see
  ///   `PostgresError.connectionLost`.
  public func transaction<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> TransactionEnd<Result>
  ) async throws(PostgresError) -> Result {
    try await withConnection { connection throws(PostgresError) in
      _ = try await connection.execute([Self.begin()])
      do throws(PostgresError) {
        switch try await body(connection) {
        case .commit(let result):
          _ = try await connection.execute([Self.commit()])
          return result
        case .rollback(let result):
          _ = try await connection.execute([Self.rollback()])
          return result
        }
      } catch {
        // A connection whose transaction cannot be rolled back is closed by the pool, which rolls it back, too.
        switch error {
        case .refused, .unexpectedAnswer: _ = try? await connection.execute([Self.rollback()])
        case .unavailable, .connectionLost, .busy, .cancelled: break
        }
        throw error
      }
    }
  }

  private static let begin = Statement("BEGIN")
  private static let commit = Statement("COMMIT")
  private static let rollback = Statement("ROLLBACK")
}
