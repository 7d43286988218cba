import Domain
import FoundationEssentials
import Postgres

@testable import Repository

/// Few rows of every kind, and the statements of the service about them.
struct Subject {
  let user: UUID
  let token: [UInt8]
  /// A job that never ran, and one with ten results.
  let empty: SeededJob
  let small: SeededJob
  /// Jobs with a run each, in this state, that has the job's ID.
  let queued: SeededJob
  let running: SeededJob
  let lost: SeededJob
  let overdue: SeededJob
  /// A job whose oldest runs are no longer kept, and one of whose runs was removed.
  let retained: SeededJob
  let trimmed: SeededJob
  /// A job that is due.
  let due: SeededJob
  /// What the results of the small job are about, and its run.
  let asset = UUID()
  let standard = UUID()
  let smallRun: UUID
  /// A history that waits for the eraser.
  let purged: UUID

  private static let tasks = ["View all jobs", "Manage jobs"]
  private static let folders = [FolderRoot.assetSystem.id, FolderRoot.standards.id]

  init(in fixture: Fixture) async throws {
    user = try await fixture.user()
    _ = try await fixture.role(of: user, tasks: Self.tasks, folders: Self.folders)
    token = try await fixture.token(of: user)
    var jobs: [SeededJob] = []
    for name in 0..<9 { jobs.append(try await fixture.job(of: user, named: "subject \(name)")) }
    (empty, small, queued, running, lost) = (jobs[0], jobs[1], jobs[2], jobs[3], jobs[4])
    (overdue, retained, trimmed, due) = (jobs[5], jobs[6], jobs[7], jobs[8])
    try await fixture.fill(small, runs: 1, messages: 2, data: 2, results: 10)
    smallRun = try await fixture.value(
      Statement(
        """
        WITH placed AS (
            UPDATE store.evaluation_results SET asset_id = $2, standard_id = $3 WHERE history_id = $1
        )
        SELECT run_id FROM store.job_runs WHERE history_id = $1
        """, .uuid, .uuid, .uuid)(.uuid(small.history), .uuid(asset), .uuid(standard)))
    try await fixture.fill(retained, runs: 3, messages: 2, data: 2, results: 10)
    try await fixture.fill(trimmed, runs: 2, messages: 2, data: 2, results: 10)
    let erased = try await fixture.job(of: user)
    try await fixture.fill(erased, runs: 1, messages: 2, data: 2, results: 10)
    purged = erased.history
    let active = Statement(
      """
      INSERT INTO store.job_runs
          (history_id, run_id, status, triggered_by, attempts, collector, lease_id, lease_expires_at, ends_at)
      VALUES ($1, $2, $3, 'tests', 1, 'tests', $2, now() + $4 * interval '1 hour', now() + $5 * interval '1 hour')
      """, .uuid, .uuid, .text, .int8, .int8)
    for (job, status, lease, end) in [
      (queued, "Queued", Value.null, Value.null), (running, "Running", .int(1), .null),
      (lost, "Running", .int(-1), .null), (overdue, "Running", .int(1), .int(-1)),
    ] as [(SeededJob, String, Value, Value)] {
      _ = try await fixture.owner.execute(
        active(.uuid(job.history), .uuid(job.id), .text(status), lease, end))
    }
    let settle = Statement(
      """
      WITH retained AS (
          UPDATE directory.jobs SET keep_runs = 1 WHERE job_id = $1
      ), due AS (
          UPDATE directory.jobs SET next_run_at = '2026-01-01 00:00:00Z' WHERE job_id = $2
      ), planned AS (
          UPDATE directory.jobs SET next_run_at = now() + interval '1 hour' WHERE job_id = $5
      ), removed AS (
          DELETE FROM store.job_runs
          WHERE run_id = (SELECT run_id FROM store.job_runs WHERE history_id = $3 LIMIT 1)
          RETURNING history_id, run_id
      ), listed AS (
          INSERT INTO store.run_purges (history_id, run_id) SELECT history_id, run_id FROM removed
      ), purged AS (
          DELETE FROM directory.jobs WHERE history_id = $4
      )
      INSERT INTO store.purges (history_id, job_id, job_name, requested_by, requested_at)
      VALUES ($4, $4, 'purged', 'tests', '2026-01-01 00:00:00Z')
      """, .uuid, .uuid, .uuid, .uuid, .uuid)
    _ = try await fixture.owner.execute(
      settle(
        .uuid(retained.id), .uuid(due.id), .uuid(trimmed.history), .uuid(purged),
        .uuid(empty.id)))
  }

  // MARK: - Statements

  private static let delete = Statement(
    "SELECT outcome FROM directory.delete_jobs($1, $2, $3, $4, true, $5, $1, $6, $7)",
    .uuidArray, .byteaArray, .textArray, .uuidArray, .boolArray, .int8, .bool)

  private func delete(
    _ jobs: SeededJob..., remove: Bool = true, bound: Int64 = 10_000
  ) -> Query {
    Self.delete(
      .uuids(jobs.map(\.id)), .bytesArray(jobs.map { _ in token }), .texts(Self.tasks), .uuids(Self.folders),
      .bools(jobs.map { _ in remove }), .int(bound), .bool(jobs.count > 1))
  }

  static let claim = Statement("SELECT run_id FROM store.claim_runs(ARRAY[2], ARRAY['tests'], ARRAY[60], 3)")
  private static let renew = Statement("SELECT outcome FROM store.renew_lease($1, $1, 60)", .uuid)
  private static let lock = Statement(
    "SELECT outcome FROM store.lock_batch($1, $1, $2, 1, 1000)", .uuid, .text)
  private static let advance = Statement(
    "SELECT store.advance_batch($1, $2, $2, $3, 1, 0, 10, $4)", .uuid, .uuid, .text, .bool)
  private static let start = Statement(
    "SELECT outcome FROM store.start_run($1, $1, 'tests', $2, $1)", .uuid, .uuid)
  private static let complete = Statement(
    "SELECT outcome FROM store.complete_run($1, $1, 1000, $2, 'tests', $1)", .uuid, .uuid)
  private static let fail = Statement(
    "SELECT outcome FROM store.end_run($1, $1, 'Failed', 'Error', 'text', $2, 'tests', $1)", .uuid, .uuid)
  static let release = Statement("SELECT outcome FROM store.release_lost_runs(3, 100)")
  static let endOverdue = Statement("SELECT run_id FROM store.end_overdue_runs(100)")
  private static let runDue = Statement(
    """
    SELECT outcome
    FROM directory.run_due_jobs(
        ARRAY[$1], ARRAY['2026-01-01 00:00:00Z'::timestamptz], ARRAY[1], ARRAY[NULL::timestamptz], ARRAY[''], ARRAY[$1]
    )
    """, .uuid)
  private static let expire = Statement(
    "SELECT removed FROM store.remove_expired_runs(NULL, NULL, 0, 1000, 1000)")
  private static let eraseRuns = Statement("SELECT erased FROM store.erase_removed_runs(1000)")
  private static let erase = Statement("SELECT erased FROM store.erase_next($1)", .int8)

  /// Every statement that clients and background work repeat.
  func statements() throws -> [HotStatement] {
    let id = running.id
    let requirement = Authorizations.Requirement(tasks: Self.tasks, folders: Self.folders, wholeTree: true)
    var all = [
      HotStatement(
        "authorise", Authorizations.Batch([.init(accessHash: token, requirement: requirement)]).queries),
      HotStatement("read a job", Jobs.byID(.uuids([small.id]))),
      HotStatement("delete a job without runs", delete(empty)),
      HotStatement("delete a job with ten results", delete(small)),
      HotStatement("delete three jobs together", delete(empty, small, retained)),
      HotStatement("purge a job", delete(small, remove: false)),
      HotStatement("delete a job, for the most part later", delete(small, bound: 5)),
      HotStatement("erase a history", Self.erase(.int(1000))),
      HotStatement("erase a part of a history", Self.erase(.int(5))),
      HotStatement("start a run", Self.start(.uuid(empty.id), .uuid(user))),
      HotStatement("claim", Self.claim()),
      HotStatement("heartbeat", Self.renew(.uuid(id))),
      HotStatement("complete a run", Self.complete(.uuid(id), .uuid(user))),
      HotStatement("fail a run", Self.fail(.uuid(id), .uuid(user))),
      HotStatement("release lost runs", Self.release()),
      HotStatement("end overdue runs", Self.endOverdue()),
      HotStatement("read due jobs", Schedules.due(.null, .uuid(UUID()), .int(100))),
      HotStatement("time until the next job", Schedules.untilNext()),
      HotStatement("run a due job", Self.runDue(.uuid(due.id))),
      HotStatement("put a login on record", AuditTrail.login("nobody", from: "192.0.2.1")),
      HotStatement(
        "put a failed login on record",
        AuditTrail.failedLogin("nobody", network: "192.0.2.1", from: "192.0.2.1")),
      HotStatement("remove expired runs", Self.expire()),
      HotStatement("erase removed runs", Self.eraseRuns()),
      HotStatement("the latest runs", JobRuns.page(.uuid(small.id), .null, .null, .null, .int(10))),
      HotStatement(
        "messages",
        JobRuns.messages(
          .uuid(small.id), .uuid(small.history), .uuids([smallRun]), .int(-1), .int(1000), .int(65_536))),
      HotStatement(
        "results by number", Results.numbered(.uuid(small.history), .uuid(smallRun), .ints([0, 1]))),
    ]
    for kind in ["messages", "data", "results"] {
      all.append(
        HotStatement(
          "a batch of \(kind)", Self.lock(.uuid(id), .text(kind)),
          Self.advance(.uuid(running.history), .uuid(id), .text(kind), .bool(false)),
          Self.lock(.uuid(id), .text(kind)),
          Self.advance(.uuid(running.history), .uuid(id), .text(kind), .bool(true))))
    }
    for (name, asset, standard, run) in [
      ("the latest results", self.asset, self.standard, nil),
      ("the results of a run", self.asset, self.standard, smallRun),
      ("no results of an asset", UUID(), OtherRows.item, nil),
      ("no results of a standard", OtherRows.item, UUID(), nil),
      ("no results at all", UUID(), UUID(), nil),
    ] as [(String, UUID, UUID, UUID?)] {
      let request = ResultsRequest(
        asset: asset, standard: standard, run: run, standardVersion: nil, checks: nil)
      all.append(HotStatement(name, Results.query(request, limit: 100)))
    }
    return try all + searches()
  }

  private func searches() throws -> [HotStatement] {
    let future = "2999-01-01"
    var all: [HotStatement] = []
    func add(_ text: String, _ statement: SearchStatement, _ body: (String) -> String = { $0 }) {
      let page = SearchPage(number: 0, size: 20)
      all.append(HotStatement("page: \(text)", [statement.page(page, body)], isSearch: true))
      all.append(
        HotStatement(
          "total: \(text)", [statement.count(upTo: SearchTotal.countedExactly + 1)], isSearch: true)
      )
    }
    for text in [
      "JobName = 'subject 1'", "JobName StartsWith subject", "JobName Contains ubjec",
      "JobName EndsWith 'ject 1'",
      "JobType = ReportDataPurge", "JobCategory = System", "LastRunStatus = Aborted",
      "LastRunDate > \(future)",
      "JobCreationTime > \(future)", "JobModifiedTime > \(future)", "JobID = \(small.id)",
    ] {
      add("jobs, \(text)", JobSearch(try JobCondition.parse(text)).statement, Jobs.page(ofRows:))
    }
    for text in [
      "AssetName = subject", "AssetName Contains ubjec", "AssetType = subject", "AssetID = \(asset)",
    ] {
      add(
        "assets, \(text)",
        SearchStatement(
          table: "directory.assets i", order: ["i.name_key", "i.asset_id"],
          conditions: try Condition<AssetAttribute>.parse(text)))
    }
    for text in ["StandardName = subject", "StandardName StartsWith subject", "StandardID = \(standard)"] {
      add(
        "standards, \(text)",
        SearchStatement(
          table: "directory.standards i", order: ["i.name_key", "i.standard_id"],
          conditions: try Condition<StandardAttribute>.parse(text)))
    }
    return all
  }
}
