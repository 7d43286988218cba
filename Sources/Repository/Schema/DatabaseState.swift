import Postgres

/// Whether the database can be worked with.
public struct DatabaseState: Sendable, Equatable {
  public let schema: DeployedSchema
  /// It is no standby, and its sessions are not read-only.
  public let acceptsWrites: Bool

  private static let exists = Statement(
    """
    SELECT CASE
        WHEN to_regnamespace('directory') IS NOT NULL THEN to_regprocedure('directory.schema_release()') IS NOT NULL
        ELSE false
    END, current_setting('transaction_read_only') = 'off'
    """)
  private static let release = Statement("SELECT release, oldest_server FROM directory.schema_release()")

  /// Asks the database, ahead of the requests that wait for it.
  ///
  /// - Parameter limit: When to give up.
  public static func found(_ pool: Pool, within limit: Duration) async throws(RepositoryError)
    -> DatabaseState
  {
    let deadline = ContinuousClock.now + limit
    let state = try await found { queries throws(PostgresError) in
      try await pool.execute(queries, before: deadline)
    }
    // Another server may have become the primary.
    if !state.acceptsWrites { await pool.suspectAll() }
    return state
  }

  static func found(
    _ execute: ([Query]) async throws(PostgresError) -> [Rows]
  ) async throws(RepositoryError) -> DatabaseState {
    do throws(PostgresError) {
      let state = try await execute([exists()])[0].one()
      let acceptsWrites: Bool = try state(1)
      guard try state(0), let row = try await execute([release()])[0].first else {
        return DatabaseState(schema: .none, acceptsWrites: acceptsWrites)
      }
      let (text, oldest): (String, String) = (try row(0), try row(1))
      guard let release = SchemaRelease(text), let oldestServer = SchemaRelease(oldest) else {
        return DatabaseState(schema: .unknown(text), acceptsWrites: acceptsWrites)
      }
      return DatabaseState(
        schema: .release(release, oldestServer: oldestServer), acceptsWrites: acceptsWrites)
    } catch {
      throw RepositoryError(error)
    }
  }
}
