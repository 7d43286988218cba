import Domain
import FoundationEssentials
import Postgres
import Testing

@testable import Repository

/// What a statement costs must not depend on rows that it has no business with, whatever PostgreSQL's statistics say of
/// them. Costs are blocks of tables and indexes, not time.
@Suite("Statements under adverse statistics")
struct AdverseStatisticsTests {
  /// What the planner knows of the tables.
  enum Knowledge: String, CaseIterable, Sendable {
    case nothing = "SELECT"
    case statistics = "ANALYZE"
    case statisticsAndVisibility = "VACUUM ANALYZE"
  }

  private static let blocks = Statement(
    """
    SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::bigint
    FROM pg_class
    WHERE relnamespace IN ('directory'::regnamespace, 'store'::regnamespace, 'auth'::regnamespace)
        AND relkind IN ('r', 'i')
    """)

  /// The blocks that a statement asks the buffer cache for, when its plan is ready.
  private func cost(of queries: Query..., in fixture: Fixture) async throws -> Int {
    let transaction =
      [Statement("BEGIN")(), Self.blocks()] + queries + [Self.blocks(), Statement("ROLLBACK")()]
    let answers = try await fixture.service.withConnection { connection throws(PostgresError) in
      // The sixth execution is the first that may have a generic plan.
      for _ in 0..<6 { _ = try await connection.execute(transaction) }
      return try await connection.execute(transaction)
    }
    let before: Int? = try answers[1][0](0)
    let after: Int = try answers[queries.count + 2][0](0)
    return after - (before ?? 0)
  }

  private static let manyResults = Statement(
    """
    WITH jobs AS (
        INSERT INTO directory.jobs (job_name, job_type, created_by, run_count, next_run_at)
        SELECT 'large ' || n, 'CollectionJob', $1, 500 / $2, now() - interval '1 hour'
        FROM generate_series(1, $2) n
        RETURNING history_id, run_count
    ), runs AS (
        INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, message_count)
        SELECT history_id, gen_random_uuid(), 'Completed', 'tests', 1
        FROM jobs, generate_series(1, run_count)
        RETURNING history_id, run_id
    ), messages AS (
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        SELECT history_id, run_id, n, 'Information', '' FROM runs, generate_series(0, 19) n
    ), data AS (
        INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, data)
        SELECT history_id, run_id, n, $3, '{}' FROM runs, generate_series(0, 19) n
    )
    INSERT INTO store.evaluation_results
        (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
    SELECT history_id, run_id, n, $3, $3, 'check', 'Pass' FROM runs, generate_series(0, 99) n
    """, .uuid, .int8, .uuid)

  private static let delete = Statement(
    """
    SELECT outcome
    FROM directory.delete_jobs(
        p_jobs => ARRAY[$1], p_tokens => ARRAY[$2], p_tasks => '{}', p_folders => '{}', p_whole_tree => true,
        p_remove => ARRAY[true], p_requests => ARRAY[$1], p_bound => 10000, p_together => false
    )
    """, .uuid, .bytea)

  @Test(
    "A deletion costs what its own history costs, though one history or ten have all results, of one asset",
    arguments: [1, 10])
  func deletion(histories: Int) async throws {
    try await withFixture { fixture in
      let (user, asset) = (try await fixture.user(), UUID())
      let token = try await fixture.token(of: user)
      _ = try await fixture.owner.execute(
        Self.manyResults(.uuid(user), .int(Int64(histories)), .uuid(asset)))
      let (empty, small) = (try await fixture.job(of: user), try await fixture.job(of: user))
      try await fixture.fill(small, runs: 1, messages: 2, data: 2, results: 5)
      for knowledge in Knowledge.allCases {
        try await fixture.database.psql(knowledge.rawValue)
        for (job, most) in [(empty, 80), (small, 200)] {
          let cost = try await cost(of: Self.delete(.uuid(job.id), .bytes(token)), in: fixture)
          #expect(cost <= most, "\(knowledge), \(job == empty ? "no runs" : "one run")")
        }
      }
    }
  }

  @Test(
    "The newest results of an asset without any cost little, though all are of one asset and standard")
  func latestResults() async throws {
    try await withFixture { fixture in
      let (user, asset) = (try await fixture.user(), UUID())
      _ = try await fixture.owner.execute(Self.manyResults(.uuid(user), .int(10), .uuid(asset)))
      for knowledge in Knowledge.allCases {
        try await fixture.database.psql(knowledge.rawValue)
        for (asset, standard) in [(UUID(), asset), (asset, UUID()), (UUID(), UUID())] {
          let request = ResultsRequest(
            asset: asset, standard: standard, run: nil, standardVersion: nil, checks: nil)
          let cost = try await cost(of: Results.query(request, limit: 100), in: fixture)
          #expect(cost <= 40, "\(knowledge)")
        }
      }
    }
  }

  @Test("A claim costs little, whatever the length of the queue now and when it was analysed")
  func claim() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let jobs = Statement(
        """
        INSERT INTO directory.jobs (job_name, job_type, created_by, run_count, last_run_at, last_run_status)
        SELECT 'job ' || n, 'CollectionJob', $1, 1, now(), 'Completed' FROM generate_series(1, 10000) n
        """, .uuid)
      _ = try await fixture.owner.execute(jobs(.uuid(user)))
      _ = try await fixture.owner.execute(
        Statement(
          """
          INSERT INTO store.job_runs (history_id, run_id, status, triggered_by)
          SELECT history_id, gen_random_uuid(), 'Completed', 'tests' FROM directory.jobs
          """)())
      let claim = Statement("SELECT run_id FROM store.claim_runs(ARRAY[1], ARRAY['tests'], ARRAY[60], 3)")
      for (atAnalysis, atClaim) in [("Completed", "Queued"), ("Queued", "Completed")] {
        try await fixture.database.psql(
          """
          UPDATE store.job_runs SET status = '\(atAnalysis)';
          VACUUM ANALYZE;
          UPDATE store.job_runs SET status = '\(atClaim)';
          VACUUM store.job_runs
          """)
        let cost = try await cost(of: claim(), in: fixture)
        #expect(cost <= 3000, "\(atAnalysis) when analysed, \(atClaim) now")
      }
    }
  }

  @Test("Looking for due jobs costs little while none is due, though all were due when they were analysed")
  func dueJobs() async throws {
    try await withFixture { fixture in
      let jobs = Statement(
        """
        INSERT INTO directory.jobs (job_name, job_type, created_by, next_run_at)
        SELECT 'job ' || n, 'CollectionJob', $1, now() - n * interval '1 second' FROM generate_series(1, 20000) n
        """, .uuid)
      _ = try await fixture.owner.execute(jobs(.uuid(try await fixture.user())))
      try await fixture.database.psql(
        """
        VACUUM ANALYZE directory.jobs;
        UPDATE directory.jobs SET next_run_at = next_run_at + interval '1 year';
        VACUUM directory.jobs
        """)
      let cost = try await cost(of: Schedules.due(.null, .uuid(UUID()), .int(100)), in: fixture)
      #expect(cost <= 20)
    }
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
        #expect(try await cost(of: statement(.int(1000)), in: fixture) <= 20)
      }
    }
  }

  @Test("A heartbeat and an upload cost what their run costs, in tables just loaded and in analysed ones")
  func leases() async throws {
    try await withFixture { fixture in
      let (user, asset) = (try await fixture.user(), UUID())
      _ = try await fixture.owner.execute(Self.manyResults(.uuid(user), .int(1), .uuid(asset)))
      let job = try await fixture.job(of: user)
      let (run, lease) = (UUID(), UUID())
      let insert = Statement(
        """
        INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, lease_id, lease_expires_at)
        VALUES ($1, $2, 'Running', 'tests', $3, now() + interval '1 hour')
        """, .uuid, .uuid, .uuid)
      _ = try await fixture.owner.execute(insert(.uuid(job.history), .uuid(run), .uuid(lease)))
      let renew = Statement("SELECT outcome FROM store.renew_lease($1, $2, 60)", .uuid, .uuid)
      let lock = Statement("SELECT outcome FROM store.lock_batch($1, $2, 'results', 1, 1000)", .uuid, .uuid)
      for knowledge in Knowledge.allCases {
        try await fixture.database.psql(knowledge.rawValue)
        #expect(try await cost(of: renew(.uuid(run), .uuid(lease)), in: fixture) <= 60, "\(knowledge)")
        #expect(try await cost(of: lock(.uuid(run), .uuid(lease)), in: fixture) <= 60, "\(knowledge)")
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
      for knowledge in Knowledge.allCases {
        try await fixture.database.psql(knowledge.rawValue)
        #expect(try await cost(of: remove(), in: fixture) <= 500, "\(knowledge)")
      }
    }
  }

  @Test("Retention and the eraser cost what they erase, though another history has nearly everything")
  func erasure() async throws {
    try await withFixture { fixture in
      let (user, asset) = (try await fixture.user(), UUID())
      _ = try await fixture.owner.execute(Self.manyResults(.uuid(user), .int(1), .uuid(asset)))
      let (small, retained) = (try await fixture.job(of: user), try await fixture.job(of: user))
      for job in [small, retained] { try await fixture.fill(job, runs: 2, messages: 2, data: 2, results: 5) }
      _ = try await fixture.owner.execute(
        Statement("UPDATE directory.jobs SET keep_runs = 1 WHERE job_id = $1", .uuid)(.uuid(retained.id)))
      let purge = Statement(
        "INSERT INTO store.purges (history_id, job_id, job_name, requested_by) VALUES ($1, $1, '', '')", .uuid
      )
      let erase = Statement("SELECT erased FROM store.erase_next(1000)")
      let remove = Statement("SELECT removed FROM store.remove_expired_runs(NULL, NULL, 0, 1000, 1000)")
      let eraseRuns = Statement("SELECT erased FROM store.erase_removed_runs(1000)")
      for knowledge in Knowledge.allCases {
        try await fixture.database.psql(knowledge.rawValue)
        let cost = try await cost(
          of: purge(.uuid(small.history)), erase(), remove(), eraseRuns(), in: fixture)
        #expect(cost <= 500, "\(knowledge)")
      }
    }
  }
}
