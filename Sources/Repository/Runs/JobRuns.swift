import Domain
import FoundationEssentials
import Postgres

extension JobRun.Status: ColumnWord {}

/// The runs of the jobs' present histories.
public struct JobRuns: Sendable {
  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let count = Statement("SELECT run_count FROM directory.jobs WHERE job_id = $1", .uuid)

  /// The number of a job's runs; nil if there is no such job.
  public func count(job: UUID) async throws(RepositoryError) -> Int? {
    try await pool.first(Self.count(.uuid(job))) { try $0.count(0) }
  }

  // A row for a job without runs, too: no row at all means that there is no such job.
  static let latest = Statement(
    """
    SELECT r.run_id, r.status, r.triggered_by, r.queued_at, r.started_at, r.ended_at, r.message_count
    FROM directory.jobs j
    LEFT JOIN LATERAL (
        SELECT *
        FROM store.job_runs
        WHERE history_id = j.history_id
        ORDER BY queued_at DESC, run_id DESC
        LIMIT $2
    ) r ON true
    WHERE j.job_id = $1
    ORDER BY r.queued_at DESC, r.run_id DESC
    """, .uuid, .int8)

  // A run that was purged meanwhile has none: no job points to its history any more.
  static let messages = Statement(
    """
    SELECT m.run_id, m.logged_at, m.severity, m.asset_id, m.message
    FROM directory.jobs j
    JOIN store.job_run_messages m ON m.history_id = j.history_id
    WHERE j.job_id = $1 AND m.run_id = ANY ($2)
    ORDER BY m.run_id, m.row_number
    """, .uuid, .uuidArray)

  /// The newest runs of a job, newest first, without their messages; nil if there is no such job.
  ///
  /// - Parameter limit: How many at most; nil for all.
  public func latest(job: UUID, limit: Int?) async throws(RepositoryError) -> [JobRun]? {
    let runs = try await pool.rows(Self.latest(.uuid(job), .optional(limit))) { row -> JobRun? in
      guard let id: UUID = try row(0) else { return nil }
      return try JobRun(
        id: id, jobID: job, status: row(1), triggeredBy: row(2), queuedAt: row(3), startedAt: row(4),
        endedAt: row(5), messageCount: row.count(6))
    }
    return runs.isEmpty ? nil : runs.compactMap(\.self)
  }

  /// Gives runs of one job their messages, in the order in which they were logged.
  public func addMessages(to runs: inout [JobRun]) async throws(RepositoryError) {
    guard let job = runs.first?.jobID else { return }
    var byRun: [UUID: [JobRun.Message]] = [:]
    let rows = try await pool.run(Self.messages(.uuid(job), .uuids(runs.map(\.id))))
    try decoding {
      for row in rows {
        byRun[try row(0), default: []].append(
          try JobRun.Message(time: row(1), severity: row(2), assetID: row(3), text: row(4)))
      }
    }
    for index in runs.indices { runs[index].messages = byRun[runs[index].id] ?? [] }
  }
}
