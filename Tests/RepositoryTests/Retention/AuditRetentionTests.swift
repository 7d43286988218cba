import Postgres
import Repository
import Testing

@Suite("Retention of audit events")
struct AuditRetentionTests {
  /// An event at noon (UTC) of each of the last days; the oldest is `days` days old.
  private func trail(days: Int, on fixture: Fixture) async throws {
    try await fixture.database.psql(
      """
      INSERT INTO audit.events (occurred_at, user_name, operation)
      SELECT (date_trunc('day', now() AT TIME ZONE 'UTC') - n * interval '1 day' + interval '12 hours')
                 AT TIME ZONE 'UTC',
             'ann', 'day ' || n
      FROM generate_series(1, \(days)) n
      """)
  }

  private func left(on fixture: Fixture) async throws -> Int {
    try await fixture.value(Statement("SELECT count(*) FROM audit.events WHERE operation LIKE 'day %'")())
  }

  @Test("Events of days beyond the limit go, oldest first, in bounded steps that are events themselves")
  func steps() async throws {
    try await withFixture { fixture in
      try await trail(days: 40, on: fixture)
      for (count, hasMore) in [(31, true), (22, true), (13, true), (10, false), (10, false)] {
        #expect(try await fixture.repository.retention.removeAuditEvents(keepDays: 10, limit: 9) == hasMore)
        #expect(try await left(on: fixture) == count)
      }
      let oldest: String = try await fixture.value(
        Statement("SELECT operation FROM audit.events ORDER BY occurred_at LIMIT 1")())
      #expect(oldest == "day 10")
      let removals = try await fixture.database.psql(
        """
        SELECT user_name, operation, details ->> 'Events',
               (now() AT TIME ZONE 'UTC')::date - (details ->> 'Before')::date
        FROM audit.events
        WHERE operation NOT LIKE 'day %'
        ORDER BY occurred_at
        """)
      #expect(
        removals.split(separator: "\n")
          == [9, 9, 9, 3].map { "Retention|Remove Audit Events|\($0)|10" })
    }
  }

  @Test("The last whole day stays, whatever number of days a server names", arguments: [1, 0, -1000])
  func lastDay(keepDays: Int) async throws {
    try await withFixture { fixture in
      try await trail(days: 3, on: fixture)
      _ = try await fixture.repository.retention.removeAuditEvents(keepDays: keepDays, limit: 100)
      #expect(try await left(on: fixture) == 1)
    }
  }

  @Test("A step costs what it removes, in a long trail that was never analysed, or when it was short")
  func cost() async throws {
    try await withFixture { fixture in
      try await trail(days: 5, on: fixture)
      for analyse in ["SELECT", "ANALYZE audit.events"] {
        try await fixture.database.psql(
          """
          \(analyse);
          INSERT INTO audit.events (user_name, operation) SELECT 'ann', 'now' FROM generate_series(1, 20000)
          """)
        let answers = try await fixture.service.withConnection { connection throws(PostgresError) in
          try await connection.execute([
            Statement("BEGIN")(), Statement("SELECT removed FROM audit.remove_events(2, 2)")(),
            Statement(
              """
              SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::bigint
              FROM pg_class
              WHERE relnamespace = 'audit'::regnamespace
              """)(), Statement("ROLLBACK")(),
          ])
        }
        #expect(try answers[1][0](0, as: Int.self) == 2)
        let blocks = try answers[2][0](0, as: Int.self)
        #expect(blocks <= 100, "\(analyse): \(blocks)")
      }
    }
  }
}
