import FoundationEssentials
import Postgres

extension ImportRows {
  public struct Job: Sendable, Encodable {
    public var id: UUID
    public var name: String
    public var description: String?
    public var type: String
    /// A user's name; nil for a system job.
    public var createdBy: String?
    /// For a new job only; nil is now.
    public var createdAt: Date?
    /// `JobDetails` as JSON text.
    public var configuration: String?
    /// Applies if the configuration is new or has changed.
    public var nextRunAt: Date?
    /// In seconds. It and the next two apply if there is a configuration.
    public var runTimeLimit: Int?
    public var keepRuns: Int?
    public var keepDays: Int?
    /// Whether to queue a run if the job is added or changed.
    public var runNow: Bool

    public init(
      id: UUID, name: String, description: String?, type: String, createdBy: String?, createdAt: Date?,
      configuration: String?, nextRunAt: Date?, runTimeLimit: Int?, keepRuns: Int?, keepDays: Int?,
      runNow: Bool
    ) {
      self.id = id
      self.name = name
      self.description = description
      self.type = type
      self.createdBy = createdBy
      self.createdAt = createdAt
      self.configuration = configuration
      self.nextRunAt = nextRunAt
      self.runTimeLimit = runTimeLimit
      self.keepRuns = keepRuns
      self.keepDays = keepDays
      self.runNow = runNow
    }
  }
}

/// Jobs in an import.
extension ImportedTable {
  // An unchanged configuration still gets the job's new name.
  private static let rows = """
    (
        SELECT s.*, s.created_by IS NULL AS is_system, u.user_id,
               coalesce(
                   s.configuration::jsonb,
                   o.configuration
                       || jsonb_strip_nulls(jsonb_build_object('JobName', s.name, 'JobDescription', s.description))
               ) AS details,
               make_interval(secs => s.run_time_limit) AS time_limit
        FROM jsonb_to_recordset($1) AS s (
            id uuid, name text, description text, type text, created_by text, created_at timestamptz,
            configuration text, next_run_at timestamptz, run_time_limit bigint, keep_runs integer,
            keep_days integer
        )
        LEFT JOIN directory.users u ON directory.folded(u.user_name) = directory.folded(s.created_by)
        LEFT JOIN directory.jobs o ON o.job_id = s.id
    ) AS s
    """

  static let jobs = ImportedTable(
    insert: Statement(
      """
      INSERT INTO directory.jobs (
          job_id, job_name, job_description, job_type, is_system, created_by, created_at, modified_at,
          configuration, next_run_at, run_time_limit, keep_runs, keep_days
      )
      SELECT id, name, coalesce(description, ''), type, is_system, user_id, coalesce(created_at, now()),
             coalesce(created_at, now()), details, next_run_at, time_limit, keep_runs, keep_days
      FROM \(rows)
      ON CONFLICT (job_id) DO NOTHING
      RETURNING job_id
      """, .jsonb),
    update: Statement(
      """
      UPDATE directory.jobs j
      SET job_name = s.name,
          job_description = coalesce(s.description, j.job_description),
          job_type = s.type,
          is_system = s.is_system,
          created_by = s.user_id,
          version = j.version + 1,
          modified_at = now(),
          configuration = s.details,
          next_run_at = CASE
              WHEN s.configuration IS NOT NULL AND s.details IS DISTINCT FROM j.configuration THEN s.next_run_at
              ELSE coalesce(j.next_run_at, j.paused_run_at)
          END,
          paused_run_at = NULL,
          run_time_limit = CASE WHEN s.configuration IS NULL THEN j.run_time_limit ELSE s.time_limit END,
          keep_runs = CASE WHEN s.configuration IS NULL THEN j.keep_runs ELSE s.keep_runs END,
          keep_days = CASE WHEN s.configuration IS NULL THEN j.keep_days ELSE s.keep_days END
      FROM \(rows)
      WHERE j.job_id = s.id
          AND (j.job_name, j.job_description, j.job_type, j.created_by, j.configuration)
              IS DISTINCT FROM (
                  s.name, coalesce(s.description, j.job_description), s.type, s.user_id, s.details
              )
      RETURNING j.job_id
      """, .jsonb))

  /// Locks jobs, in the order of deletions, so that no history that the import writes to is detached meanwhile.
  static let lockJobs = Statement(
    """
    SELECT job_id
    FROM directory.jobs
    WHERE job_id = ANY ($1)
    ORDER BY job_id
    FOR UPDATE
    """, .uuidArray)

  /// Queues a run, unless one of the job is queued or running.
  static let startRun = Statement(
    "SELECT outcome FROM store.start_run($1, $2, $3, NULL, NULL)", .uuid, .uuid, .text)

  /// Adds to the run counts, and sets each job's last run from its history.
  static let countRuns = Statement(
    """
    UPDATE directory.jobs j
    SET run_count = j.run_count + a.runs,
        (last_run_status, last_run_at) = (
            SELECT status, coalesce(started_at, queued_at)
            FROM store.job_runs
            WHERE history_id = j.history_id
            ORDER BY queued_at DESC, run_id DESC
            LIMIT 1
        )
    FROM unnest($1, $2) AS a (job_id, runs)
    WHERE j.job_id = a.job_id
    """, .uuidArray, .int8Array)
}
