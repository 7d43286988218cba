import Domain
import FoundationEssentials
import Postgres
import Repository

/// A job as a test has made it.
struct SeededJob: Sendable, Equatable {
  let id: UUID
  let history: UUID
  let name: String
}

extension Fixture {
  /// A user of a name that nobody else has, whose password's hash is "hash".
  func user(_ name: String = "user-\(UUID())", disabled: Bool = false) async throws -> UUID {
    let insert = Statement(
      """
      INSERT INTO directory.users (user_name, password_hash, disabled)
      VALUES ($1, 'hash', $2)
      RETURNING user_id
      """, .text, .bool)
    return try await value(insert(.text(name), .bool(disabled)))
  }

  /// A role with tasks and grants, given to a user.
  func role(of user: UUID, tasks: [String], folders: [UUID]) async throws -> UUID {
    let insert = Statement(
      """
      WITH role AS (
          INSERT INTO directory.roles (role_name) VALUES (gen_random_uuid()::text) RETURNING role_id
      ), given AS (
          INSERT INTO directory.user_roles SELECT $1, role_id FROM role
      ), tasks AS (
          INSERT INTO directory.role_tasks SELECT role_id, task FROM role, unnest($2) AS task
      ), grants AS (
          INSERT INTO directory.folder_grants SELECT role_id, folder FROM role, unnest($3) AS folder
      )
      SELECT role_id FROM role
      """, .uuid, .textArray, .uuidArray)
    return try await value(insert(.uuid(user), .texts(tasks), .uuids(folders)))
  }

  /// A job without history.
  ///
  /// - Parameter creator: nil for a system job.
  func job(of creator: UUID?, named name: String = "job-\(UUID())") async throws -> SeededJob {
    let insert = Statement(
      """
      INSERT INTO directory.jobs (job_name, job_type, is_system, created_by, configuration)
      VALUES ($1, CASE WHEN $2 IS NULL THEN 'ReportDataPurge' ELSE 'CollectionJob' END, $2 IS NULL, $2, '{"a": 1}')
      RETURNING job_id, history_id
      """, .text, .uuid)
    let row = try await owner.execute(insert(.text(name), .optional(creator)))[0]
    return try SeededJob(id: row(0), history: row(1), name: name)
  }

  private static let fillHistory = Statement(
    """
    WITH runs AS (
        INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, message_count)
        SELECT $1, gen_random_uuid(), 'Completed', 'tests', now() - n * interval '1 minute', $3
        FROM generate_series(1, $2) n
        RETURNING run_id
    ), messages AS (
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        SELECT $1, run_id, n, 'Information', 'message ' || n FROM runs, generate_series(1, $3) n
    ), data AS (
        INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, data)
        SELECT $1, run_id, n, gen_random_uuid(), '{}' FROM runs, generate_series(1, $4) n
    ), results AS (
        INSERT INTO store.evaluation_results
            (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
        SELECT $1, run_id, n, gen_random_uuid(), gen_random_uuid(), 'check', 'Pass'
        FROM runs, generate_series(1, $5) n
    )
    UPDATE directory.jobs
    SET run_count = run_count + $2, last_run_status = 'Completed', last_run_at = now()
    WHERE history_id = $1
    """, .uuid, .int8, .int8, .int8, .int8)

  /// Gives a job runs, each with so many messages, collected data and results.
  func fill(_ job: SeededJob, runs: Int, messages: Int = 0, data: Int = 0, results: Int = 0) async throws {
    let numbers = [runs, messages, data, results].map { Value.int(Int64($0)) }
    _ = try await owner.execute(Self.fillHistory([.uuid(job.history)] + numbers))
  }

  /// A statement about all rows of the store: `(SELECT history_id, run_id, content ...)` stands for `$everything`.
  private func everything(_ sql: String) async throws -> Query {
    let tables = try await owner.execute(Statement("SELECT table_name FROM store.tables() ORDER BY place")())
    let rows = try tables.map { row in
      let table: String = try row(0)
      return "SELECT history_id, run_id, t::text AS content FROM store.\(table) t"
    }
    let sql = sql.replacing("$everything", with: "(\(rows.joined(separator: " UNION ALL ")))")
    return Statement.unprepared(sql, types: [])()
  }

  /// Everything in the store: of each history the number of its rows and what stands in them.
  func histories() async throws -> [UUID: History] {
    var found: [UUID: History] = [:]
    let query = try await everything(
      """
      SELECT history_id, count(*), md5(string_agg(content, ',' ORDER BY content))
      FROM $everything r
      GROUP BY history_id
      """)
    for row in try await owner.execute(query) {
      found[try row(0)] = try History(rows: row(1), content: row(2))
    }
    return found
  }

  struct History: Sendable, Equatable {
    let rows: Int
    let content: String
  }

  /// The number of rows that belong to no job and that nothing will erase.
  func orphans() async throws -> Int {
    try await value(
      try await everything(
        """
        SELECT count(*)
        FROM $everything r
        WHERE NOT EXISTS (SELECT FROM directory.jobs j WHERE j.history_id = r.history_id)
            AND NOT EXISTS (SELECT FROM store.purges p WHERE p.history_id = r.history_id)
        """))
  }

  private static let wrongRunCounts = Statement(
    """
    SELECT count(*)
    FROM directory.jobs j
    WHERE run_count <> (SELECT count(*) FROM store.job_runs r WHERE r.history_id = j.history_id)
    """)

  /// Jobs whose number of runs is not what the directory says.
  func wrongRunCounts() async throws -> Int { try await value(Self.wrongRunCounts()) }
}

extension Fixture {
  /// The hash of a new access token of a user.
  func token(of user: UUID) async throws -> [UInt8] {
    let (access, refresh) = ([UInt8].random(32), [UInt8].random(32))
    let tokens = Sessions.TokenPair(
      accessHash: access, accessSeconds: 600, refreshHash: refresh, refreshSeconds: 600)
    guard try await repository.sessions.open(user: user, passwordHash: "hash", tokens: tokens) else {
      throw RepositoryError.failed("no session for \(user)")
    }
    return access
  }

  /// Whom an access token stands for.
  func caller(_ accessHash: [UInt8]) async throws -> Caller? {
    try await repository.authorizations.authorize(accessHash: accessHash, for: .validToken)?.caller
  }

  /// A job, as anybody sees it.
  func job(id: UUID) async throws -> Job? {
    try await repository.jobs.job(
      id: id, accessHash: try await token(of: try await user()), requirement: .validToken
    ).job
  }

  /// Deletes jobs for a user who may: one on the way that shares transactions, several in one of their own.
  ///
  /// - Parameter server: Another than the fixture's own.
  func delete(
    _ jobs: [SeededJob], for user: UUID, remove: Bool = true, bound: Int = 10_000, requestID: UUID = UUID(),
    on server: Deletion? = nil
  ) async throws -> [JobDeletion] {
    try await (server ?? deletion).delete(
      jobs: jobs.map(\.id), remove: remove, requestID: requestID, rowBound: bound,
      accessHash: try await token(of: user), requirement: .validToken)
  }
}

extension [UInt8] {
  static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }
}
