import FoundationEssentials
import Postgres

/// The jobs whose schedules have planned a run.
public struct Schedules: Sendable {
  /// A job whose time has come, as it was read.
  public struct DueJob: Sendable, Equatable {
    public let jobID: UUID
    public let dueAt: Date
    public let version: Int
    /// JSON text; nil if the job's configuration has none.
    public let schedule: String?
    /// The database's time when it was read: servers whose clocks differ agree on this one.
    public let now: Date
  }

  /// What is to be done with a due job.
  public struct Order: Sendable {
    let job: DueJob
    let next: Date?
    let fault: String?

    /// - Parameters:
    ///   - next: When it is due after this; nil for never.
    ///   - fault: Why the schedule cannot be followed: then no run is started, and the job loses its date.
    public init(_ job: DueJob, next: Date?, fault: String? = nil) {
      self.job = job
      self.next = next
      self.fault = fault
    }
  }

  public enum Outcome: String, Sendable {
    case started
    /// The job has a run that is not over; this occurrence is left out.
    case active
    /// The job has a run that is not over, and this occurrence is its last: it is due again a little later.
    case postponed
    /// The job has no date any more.
    case cleared
    /// Another server was first, somebody has changed the job, or has locked it just now.
    case passedOver = "passed over"
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  static let due = Statement(
    """
    SELECT job_id, next_run_at, version, (configuration -> 'Schedule')::text, now()
    FROM directory.jobs
    WHERE next_run_at <= now() AND NOT is_system AND (next_run_at, job_id) > (coalesce($1, '-infinity'), $2)
    ORDER BY next_run_at, job_id
    LIMIT $3
    """, .timestamptz, .uuid, .int8)

  /// Jobs that are due now, those that have waited longest first.
  ///
  /// - Parameter last: The last one of the page before; nil for the first page.
  public func due(after last: DueJob?, limit: Int) async throws(RepositoryError) -> [DueJob] {
    let least = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    return try await pool.run(
      Self.due(.optional(last?.dueAt), .uuid(last?.jobID ?? least), .int(Int64(limit)))
    ).map { DueJob(jobID: $0(0), dueAt: $0(1), version: $0(2), schedule: $0(3), now: $0(4)) }
  }

  private static let carryOut = Statement(
    "SELECT job_id, outcome FROM directory.run_due_jobs($1, $2, $3, $4, $5, $6)",
    .uuidArray, .timestamptzArray, .int8Array, .timestamptzArray, .textArray, .uuidArray)

  /// Carries out orders in one transaction, each once, whoever else has the same ones.
  ///
  /// - Parameter orders: No job twice.
  /// - Returns: The outcome for each job.
  public func carryOut(_ orders: [Order]) async throws(RepositoryError) -> [UUID: Outcome] {
    let rows = try await pool.run(
      Self.carryOut(
        .uuids(orders.map(\.job.jobID)), .times(orders.map(\.job.dueAt)),
        .ints(orders.map { Int64($0.job.version) }), .times(orders.map(\.next)),
        .texts(orders.map { $0.fault ?? "" }), .uuids(orders.map { UUID.timeOrdered(at: $0.job.now) })))
    var outcomes: [UUID: Outcome] = [:]
    for row in rows { outcomes[row(0)] = Outcome(rawValue: row(1)) ?? .passedOver }
    return outcomes
  }

  private static let untilNext = Statement(
    """
    SELECT (extract(epoch FROM next_run_at - now()) * 1000)::bigint
    FROM directory.jobs
    WHERE next_run_at > now() AND NOT is_system
    ORDER BY next_run_at
    LIMIT 1
    """)

  /// How long it is until the next job is due; nil if none will be.
  public func untilNext() async throws(RepositoryError) -> Duration? {
    try await pool.run(Self.untilNext()).first.map { .milliseconds($0(0, as: Int.self)) }
  }
}
