/// How the body of a transaction ends.
public enum TransactionEnd<Result: Sendable>: Sendable {
  case commit(Result)
  /// Nothing of the transaction takes effect.
  case rollback(Result)
}

extension Pool {
  /// Lends a connection for one transaction over several round trips.
  ///
  /// - Parameter body: What is done in it. If it throws, nothing of it has happened.
  /// - Throws: `connectionLost` only if the connection broke during the commit.
  public func transaction<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> TransactionEnd<Result>
  ) async throws(PostgresError) -> Result {
    try await withConnection { connection throws(PostgresError) in
      let end: TransactionEnd<Result>
      do throws(PostgresError) {
        _ = try await connection.execute([Self.begin()])
        end = try await body(connection)
      } catch {
        // A connection whose transaction cannot be rolled back is closed by the pool, which rolls it back, too.
        _ = try? await connection.execute([Self.rollback()])
        // Without a commit nothing has changed.
        if case .connectionLost(let message) = error { throw .unavailable(message) }
        throw error
      }
      switch end {
      case .commit(let result):
        _ = try await connection.execute([Self.commit()])
        return result
      case .rollback(let result):
        _ = try? await connection.execute([Self.rollback()])
        return result
      }
    }
  }

  private static let begin = Statement("BEGIN")
  private static let commit = Statement("COMMIT")
  private static let rollback = Statement("ROLLBACK")
}
