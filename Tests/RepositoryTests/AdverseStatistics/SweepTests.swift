import FoundationEssentials
import Postgres
import Testing

@testable import Repository

/// What removes little looks at little, whatever there was when the tables were analysed.
@Suite("Sweeps under adverse statistics")
struct SweepTests {
  private func cost(of query: Query, in fixture: Fixture) async throws -> Int {
    var blocks: [String: Int] = [:]
    try await withPool(fixture.database.conninfo(user: "ccs_jobstore"), connections: 1) {
      blocks = try await BlockCount.blocks(of: [HotStatement("sweep", query)], on: $0)
    }
    return blocks["sweep"] ?? .max
  }

  @Test("Sweeping tokens costs little while none has expired, though all had when they were analysed")
  func tokens() async throws {
    try await withFixture { fixture in
      let token = try await fixture.token(of: try await fixture.user())
      for table in ["access_tokens (token_hash, session_id, user_id, expires_at)", "refresh_tokens"] {
        let insert = Statement(
          """
          INSERT INTO auth.\(table)
          SELECT sha256(n::text::bytea), a.session_id, \(table == "refresh_tokens" ? "" : "a.user_id,")
                 now() - interval '1 second'
          FROM auth.access_tokens a, generate_series(1, 20000) n
          WHERE a.token_hash = $1
          """, .bytea)
        _ = try await fixture.owner.execute(insert(.bytes(token)))
      }
      try await fixture.database.psql(
        """
        VACUUM ANALYZE auth.access_tokens, auth.refresh_tokens;
        UPDATE auth.access_tokens SET expires_at = now() + interval '1 hour';
        UPDATE auth.refresh_tokens SET expires_at = now() + interval '1 hour';
        VACUUM auth.access_tokens, auth.refresh_tokens
        """)
      for statement in Sessions.sweeps {
        #expect(try await cost(of: statement(.int(1000)), in: fixture) <= 30)
      }
    }
  }

  @Test("Retention costs what it removes, though a job has failed very often since its last good run")
  func failedRuns() async throws {
    try await withFixture { fixture in
      let job = try await fixture.job(of: try await fixture.user())
      try await fixture.fill(job, runs: 20_000)
      try await fixture.database.psql(
        """
        VACUUM ANALYZE;
        UPDATE store.job_runs SET status = 'Failed'
        WHERE queued_at > (SELECT min(queued_at) FROM store.job_runs);
        UPDATE directory.jobs SET keep_runs = 5;
        VACUUM store.job_runs
        """)
      let remove = Statement("SELECT removed FROM store.remove_expired_runs(NULL, NULL, 0, 1000, 10)")
      for knowledge in ["SELECT", "ANALYZE", "VACUUM ANALYZE"] {
        try await fixture.database.psql(knowledge)
        #expect(try await cost(of: remove(), in: fixture) <= 500, "\(knowledge)")
      }
    }
  }
}
