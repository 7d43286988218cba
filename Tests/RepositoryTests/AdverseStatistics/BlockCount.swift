import Postgres

/// A transaction of the service whose cost is measured.
struct HotStatement: Sendable {
  let name: String
  let queries: [Query]
  /// Planned anew each time, with its values.
  let isSearch: Bool

  init(_ name: String, _ queries: Query...) { self.init(name, queries) }

  init(_ name: String, _ queries: [Query], isSearch: Bool = false) {
    self.name = name
    self.queries = queries
    self.isSearch = isSearch
  }
}

/// What a statement costs: blocks of tables and indexes that it asks the buffer cache for, those of the functions that it
/// calls and those of planning included.
enum BlockCount {
  private static let fetched = Statement(
    """
    SELECT coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0)::bigint
    FROM pg_class
    WHERE relnamespace IN (
            'directory'::regnamespace, 'store'::regnamespace, 'auth'::regnamespace, 'audit'::regnamespace
        )
        AND relkind IN ('r', 'i')
    """)
  private static let planCacheMode = Statement("SELECT set_config('plan_cache_mode', $1, true)", .text)

  /// The blocks of each statement, by its name: the greater number of generic plans, and of the plans that PostgreSQL
  /// chooses from the sixth execution on. Nothing is changed: each transaction is rolled back.
  static func blocks(of statements: [HotStatement], on pool: Pool) async throws -> [String: Int] {
    var most: [String: Int] = [:]
    for statement in statements {
      let executions =
        statement.isSearch ? [("auto", 1)] : [("auto", 6), ("force_generic_plan", 1)]
      for (mode, earlier) in executions {
        let transaction =
          [Statement("BEGIN")(), planCacheMode(.text(mode)), fetched()] + statement.queries
          + [fetched(), Statement("ROLLBACK")()]
        let answers = try await pool.withConnection { connection throws(PostgresError) in
          for _ in 0..<earlier { _ = try await connection.execute(transaction) }
          return try await connection.execute(transaction)
        }
        let before: Int = try answers[2][0](0)
        let after: Int = try answers[answers.count - 2][0](0)
        most[statement.name] = max(most[statement.name] ?? 0, after - before)
      }
    }
    return most
  }
}
