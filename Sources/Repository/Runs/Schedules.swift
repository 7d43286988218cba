import FoundationEssentials
import Postgres

/// The jobs whose schedules are due.
public struct Schedules: Sendable {
  /// A job that is due, as it was read.
  public struct DueJob: Sendable, Equatable {
    public let jobID: UUID
    public let dueAt: Date
    public let version: Int
    /// JSON text; nil if the job's configuration has none.
    public let schedule: String?
    /// The database's time when it was read: servers whose clocks differ agree on this one.
    public let now: Date

    public init(jobID: UUID, dueAt: Date, version: Int, schedule: String?, now: Date) {
      self.jobID = jobID
      self.dueAt = dueAt
      self.version = version
      self.schedule = schedule
      self.now = now
    }
  }

  /// What to do with a due job.
  public struct Step: Sendable, Equatable {
    public let job: DueJob
    public let next: Date?
    public let fault: String?

    /// - Parameters:
    ///   - next: When it is due after this; nil for never.
    ///   - fault: Why the schedule cannot be followed: then no run is started, and the job loses its date.
    public init(_ job: DueJob, next: Date?, fault: String? = nil) {
      self.job = job
      self.next = next
      self.fault = fault
    }
  }

  public enum Outcome: String, Sendable, ColumnWord {
    case started
    /// The job has a run that is not over; this occurrence is skipped.
    case active
    /// The job has a run that is not over, and this occurrence is its last: it is due again a minute later.
    case postponed
    /// The job has no date any more.
    case cleared
    /// The job's creator is disabled: the job is due again when the creator is enabled.
    case paused
    /// Another server was first, or somebody has changed or locked the job.
    case passedOver = "passed over"
  }

  private let pool: Pool
  private let claims: JobRunClaims

  init(pool: Pool, claims: JobRunClaims) {
    self.pool = pool
    self.claims = claims
  }

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
  public func dueJobs(after last: DueJob?, limit: Int) async throws(RepositoryError) -> [DueJob] {
    let least = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    let query = Self.due(.optional(last?.dueAt), .uuid(last?.jobID ?? least), .int(Int64(limit)))
    return try await pool.rows(query) {
      try DueJob(jobID: $0(0), dueAt: $0(1), version: $0(2), schedule: $0(3), now: $0(4))
    }
  }

  private static let carryOut = Statement(
    "SELECT job_id, outcome FROM directory.run_due_jobs($1, $2, $3, $4, $5, $6)",
    .uuidArray, .timestamptzArray, .int8Array, .timestamptzArray, .textArray, .uuidArray)

  /// Carries out steps in one transaction, each once, even if several servers have the same ones.
  ///
  /// - Parameter steps: No job twice.
  /// - Returns: The outcome for each job.
  public func carryOut(_ steps: [Step]) async throws(RepositoryError) -> [UUID: Outcome] {
    let query = Self.carryOut(
      .uuids(steps.map(\.job.jobID)), .times(steps.map(\.job.dueAt)),
      .ints(steps.map { Int64($0.job.version) }), .times(steps.map(\.next)),
      .texts(steps.map { $0.fault ?? "" }), .uuids(steps.map { UUID.timeOrdered(at: $0.job.now) }))
    let outcomes = Dictionary(
      try await pool.rows(query) { try (job: $0(0, as: UUID.self), outcome: $0(1, as: Outcome.self)) }
        .map { ($0.job, $0.outcome) }
    ) { first, _ in first }
    if outcomes.values.contains(.started) { claims.wake() }
    for step in steps where outcomes[step.job.jobID] == nil {
      throw .unexpectedAnswer("run_due_jobs returned no outcome for the job \(step.job.jobID)")
    }
    return outcomes
  }

  static let untilNext = Statement(
    """
    SELECT (extract(epoch FROM next_run_at - now()) * 1000)::bigint
    FROM directory.jobs
    WHERE next_run_at > now() AND NOT is_system
    ORDER BY next_run_at
    LIMIT 1
    """)

  /// The time until the next job is due; nil if none will be.
  public func untilNextJob() async throws(RepositoryError) -> Duration? {
    try await pool.first(Self.untilNext()) { .milliseconds(try $0(0, as: Int.self)) }
  }
}
