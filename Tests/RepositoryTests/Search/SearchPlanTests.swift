import Domain
import FoundationEssentials
import Postgres
import Testing

@testable import Repository

/// Searches over 30,000 jobs: enough that the planner chooses as it does over a million.
@Suite("The plans of searches")
struct SearchPlanTests {
  private static let jobs = Statement(
    """
    INSERT INTO directory.jobs
        (job_name, job_type, is_system, created_by, created_at, modified_at, last_run_status, last_run_at)
    SELECT 'job ' || md5(n::text), CASE WHEN n % 3000 = 0 THEN 'ReportDataPurge' ELSE 'CollectionJob' END,
           n % 3000 = 0, CASE WHEN n % 3000 <> 0 THEN $1 END, now() - n * interval '1 minute',
           now() - n * interval '7 seconds',
           CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'Failed' ELSE 'Completed' END,
           CASE WHEN n % 4 <> 0 THEN now() - n * interval '11 seconds' END
    FROM generate_series(1, 30000) n
    """, .uuid)

  private func plan(
    _ text: String, _ page: SearchPage = SearchPage(number: 0, size: 20), in fixture: Fixture
  ) async throws -> String {
    let query = JobSearch(try JobCondition.parse(text)).statement.page(page) { "EXPLAIN \($0)" }
    let rows = try await fixture.service.execute([query])[0]
    return try rows.map { try $0(0) as String }.joined(separator: "\n")
  }

  @Test(
    "Every attribute has an index that leads to its jobs in the order of the answer, so nothing is sorted")
  func indexes() async throws {
    try await withFixture { fixture in
      _ = try await fixture.owner.execute(Self.jobs(.uuid(try await fixture.user())))
      // A statement that vacuums cannot share a transaction.
      _ = try await fixture.database.psql("VACUUM ANALYZE directory.jobs")
      let past = "2000-01-01"
      for (text, index) in [
        ("", "jobs_searched_by_name"), ("JobName = 'job a'", "jobs_"),
        ("JobName StartsWith 'job a'", "jobs_searched_by_name"),
        ("JobName = 'job a*'", "jobs_searched_by_name"),
        ("JobName Contains abcdef", "jobs_by_text"), ("JobName EndsWith abcdef", "jobs_by_text"),
        ("JobType = CollectionJob", "jobs_searched_by_type"),
        ("JobType = ReportDataPurge", "jobs_searched_by_type"),
        ("LastRunStatus = Failed", "jobs_searched_by_status"),
        ("LastRunStatus = Aborted", "jobs_searched_by_status"),
        ("JobCategory = System", "jobs_of_the_system"),
        ("JobCategory = UserDefined", "jobs_searched_by_name"),
        ("JobCreationTime > \(past)", "jobs_searched_by_creation"),
        ("JobModifiedTime >= \(past)", "jobs_searched_by_change"),
        ("LastRunDate > \(past), LastRunDate < 2999-01-01", "jobs_searched_by_last_run"),
        ("JobID = 6f9619ff-8b86-d011-b42d-00c04fc964ff", "jobs_pkey"),
      ] {
        let plan = try await plan(text, in: fixture)
        #expect(plan.contains(index), "\(text):\n\(plan)")
        #expect(!plan.contains("Seq Scan"), "\(text):\n\(plan)")
        if index.contains("searched") { #expect(!plan.contains("Sort"), "\(text):\n\(plan)") }
      }
    }
  }

  @Test("A deep page is reached, and counted, without a look at the table; a cursor starts right there")
  func deepPages() async throws {
    try await withFixture { fixture in
      _ = try await fixture.owner.execute(Self.jobs(.uuid(try await fixture.user())))
      _ = try await fixture.database.psql("VACUUM ANALYZE directory.jobs")
      let id = UUID()
      for (text, position) in [
        ("", SearchPosition.name("job b", id)), ("JobType = CollectionJob", .name("job b", id)),
        ("LastRunStatus = Failed", .name("job b", id)),
        ("JobCreationTime > 2000-01-01", .time(Date(), id)), ("LastRunDate > 2000-01-01", .time(Date(), id)),
      ] {
        let deep = try await plan(text, SearchPage(number: 100, size: 20), in: fixture)
        #expect(deep.contains("Index Only Scan"), "\(text):\n\(deep)")
        let start = SearchPage.Start.after(position, SearchTotal(count: 1))
        let next = try await plan(text, SearchPage(number: 100, size: 20, start: start), in: fixture)
        #expect(next.contains("Index Only Scan") && !next.contains("Sort"), "\(text):\n\(next)")
        let condition = next.split(separator: "\n").first { $0.contains("Index Cond") }
        #expect(condition?.contains("ROW(") == true, "\(text):\n\(next)")
      }
    }
  }

  @Test("Above a bound the total is the planner's estimate, and exact if that is asked for")
  func totals() async throws {
    try await withFixture { fixture in
      _ = try await fixture.owner.execute(Self.jobs(.uuid(try await fixture.user())))
      _ = try await fixture.database.psql("VACUUM ANALYZE directory.jobs")
      let count = try await fixture.count("directory.jobs")
      #expect(count > SearchTotal.countedExactly)
      let jobs = fixture.repository.jobs
      let all = try await jobs.search(JobSearch([]), SearchPage(number: 0, size: 20))
      #expect(all.total.isEstimate && abs(all.total.count - count) < count / 20)
      let exact = try await jobs.search(JobSearch([]), SearchPage(number: 0, size: 20, countsExactly: true))
      #expect(exact.total == SearchTotal(count: count))
      let failed = JobSearch(try JobCondition.parse("LastRunStatus = Failed"))
      #expect(
        try await jobs.search(failed, SearchPage(number: 0, size: 20)).total == SearchTotal(count: 7500))
      let last = try await jobs.search(failed, SearchPage(number: 374, size: 20))
      #expect(last.items.count == 20 && last.next == nil && last.total == SearchTotal(count: 7500))
      let beyond = try await jobs.search(failed, SearchPage(number: 1000, size: 20))
      #expect(beyond.items.isEmpty && beyond.next == nil && beyond.total == SearchTotal(count: 7500))
    }
  }

  @Test("The latest results are found by the index, whatever was purged")
  func results() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let (asset, standard) = (UUID(), UUID())
      func evaluate(_ job: SeededJob, _ results: Int) async throws {
        let insert = Statement(
          """
          WITH run AS (
              INSERT INTO store.job_runs (history_id, run_id, status, triggered_by)
              VALUES ($1, gen_random_uuid(), 'Completed', 'tests')
              RETURNING run_id
          )
          INSERT INTO store.evaluation_results
              (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
          SELECT $1, run_id, n, $2, $3, 'check ' || n, 'Pass' FROM run, generate_series(1, $4) n
          """, .uuid, .uuid, .uuid, .int8)
        _ = try await fixture.owner.execute(
          insert(.uuid(job.history), .uuid(asset), .uuid(standard), .int(Int64(results))))
      }
      let kept = try await fixture.job(of: user)
      try await evaluate(kept, 3)
      for _ in 0..<5 { try await evaluate(SeededJob(id: UUID(), history: UUID(), name: "purged"), 20_000) }
      _ = try await fixture.database.psql("ANALYZE")
      let request = ResultsRequest(
        asset: asset, standard: standard, run: nil, standardVersion: nil, checks: nil)
      let query = Results.query(request, limit: 10)
      let explained = Statement.unprepared(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query.statement.sql, types: query.statement.parameters
      )(query.values)
      let plan: String = try await fixture.value(explained)
      // The first numbers are those of the whole plan; the results alone fill more than a thousand blocks.
      let blocks = try ["Shared Hit Blocks", "Shared Read Blocks"].map { name in
        let label = try #require(plan.firstRange(of: "\"\(name)\": "))
        return Int(plan[label.upperBound...].prefix { $0.isNumber }) ?? .max
      }
      #expect(blocks[0] + blocks[1] < 200, "\(plan)")
      guard case .results(let found) = try await fixture.repository.results.find(request, limit: 10) else {
        Issue.record("no results")
        return
      }
      #expect(found.results.jobID == kept.id && found.results.checks.count == 3)
    }
  }
}
