extension Pool {
  /// Lends a connection for one transaction over several round trips.
  ///
  /// - Parameter body: What is done in it. If it throws, nothing of it has happened, but see
  ///   `PostgresError.connectionLost`.
  public func transaction<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> Result
  ) async throws(PostgresError) -> Result {
    try await withConnection { connection throws(PostgresError) in
      _ = try await connection.execute([Self.begin()])
      do throws(PostgresError) {
        let result = try await body(connection)
        _ = try await connection.execute([Self.commit()])
        return result
      } catch {
        // A connection whose transaction cannot be undone is closed by the pool, which undoes it, too.
        if case .refused = error { _ = try? await connection.execute([Self.rollback()]) }
        throw error
      }
    }
  }

  private static let begin = Statement("BEGIN")
  private static let commit = Statement("COMMIT")
  private static let rollback = Statement("ROLLBACK")
}
