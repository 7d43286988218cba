import FoundationEssentials
import Postgres
import Testing

@testable import Repository

/// Queues that are long now and were empty when they were analysed, and the other way round.
@Suite("Queues under adverse statistics")
struct QueueTests {
  private static let jobs = Statement(
    """
    WITH jobs AS (
        INSERT INTO directory.jobs (job_name, job_type, created_by, run_count, next_run_at)
        SELECT 'job ' || n, 'CollectionJob', $1, 1, now() - n * interval '1 second' FROM generate_series(1, 10000) n
        RETURNING history_id
    )
    INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, attempts, lease_id, lease_expires_at)
    SELECT history_id, gen_random_uuid(), 'Completed', 'tests', 1, gen_random_uuid(), now() - interval '1 hour'
    FROM jobs
    """, .uuid)

  /// - Returns: Blocks of statements on a new connection, after the tables were in one state when they were analysed and
  ///   came to another one.
  private func blocks(
    of statements: HotStatement..., analysed: String, then now: String, in fixture: Fixture
  ) async throws -> [String: Int] {
    try await fixture.database.psql(
      "\(analysed);\nVACUUM ANALYZE;\n\(now);\nVACUUM store.job_runs, directory.jobs")
    var blocks: [String: Int] = [:]
    try await withPool(fixture.database.conninfo(user: "ccs_jobstore"), connections: 1) {
      blocks = try await BlockCount.blocks(of: statements, on: $0)
    }
    return blocks
  }

  @Test(
    "Claims and the upkeep of runs cost little, whatever the states of runs now and when they were analysed")
  func runs() async throws {
    try await withFixture { fixture in
      try await fixture.database.psql(AdverseStatisticsTests.withoutAutovacuum)
      _ = try await fixture.owner.execute(Self.jobs(.uuid(try await fixture.user())))
      let states = ["Completed", "Queued", "Running"].map { "UPDATE store.job_runs SET status = '\($0)'" }
      for analysed in states {
        for now in states where now != analysed {
          let blocks = try await blocks(
            of: HotStatement("claim", Subject.claim()), HotStatement("release", Subject.release()),
            HotStatement("end", Subject.endOverdue()), analysed: analysed, then: now, in: fixture)
          // An empty queue, or as many runs as one step looks at.
          let most = now.contains("Completed") ? 30 : 15_000
          #expect(blocks.allSatisfy { $0.value <= most }, "\(analysed), then \(now): \(blocks)")
        }
      }
    }
  }

  @Test("Looking for due jobs costs little while none is due, though all were due when they were analysed")
  func dueJobs() async throws {
    try await withFixture { fixture in
      try await fixture.database.psql(AdverseStatisticsTests.withoutAutovacuum)
      _ = try await fixture.owner.execute(Self.jobs(.uuid(try await fixture.user())))
      let blocks = try await blocks(
        of: HotStatement("due", Schedules.due(.null, .uuid(UUID()), .int(100))),
        HotStatement("next", Schedules.untilNext()),
        analysed: "SELECT", then: "UPDATE directory.jobs SET next_run_at = next_run_at + interval '1 year'",
        in: fixture)
      #expect(blocks.allSatisfy { $0.value <= 20 }, "\(blocks)")
    }
  }
}
