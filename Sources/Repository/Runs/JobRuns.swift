import Domain
import FoundationEssentials
import Postgres

extension JobRun.Status: ColumnWord {}

/// The runs of the jobs' present histories.
public struct JobRuns: Sendable {
  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  // A row for a job without runs, too: no row at all means that there is no such job, or that it has another history.
  static let page = Statement(
    """
    SELECT j.history_id, r.run_id, r.status, r.triggered_by, r.queued_at, r.started_at, r.ended_at, r.message_count
    FROM directory.jobs j
    LEFT JOIN LATERAL (
        SELECT *
        FROM store.job_runs
        WHERE history_id = j.history_id
            AND (queued_at, run_id)
                < (coalesce($3, 'infinity'), coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        ORDER BY queued_at DESC, run_id DESC
        LIMIT $5
    ) r ON true
    WHERE j.job_id = $1 AND ($2 IS NULL OR j.history_id = $2)
    ORDER BY r.queued_at DESC, r.run_id DESC
    """, .uuid, .uuid, .timestamptz, .uuid, .int8)

  // A row for a run without messages, too: no row of a run means that it has been removed. Whole messages are read up to a
  // number of bytes; what they take beside their texts is about 100 bytes each.
  static let messages = Statement(
    """
    SELECT place, row_number, logged_at, severity, asset_id, message, rows
    FROM (
        SELECT
            r.place, m.row_number, m.logged_at, m.severity, m.asset_id, m.message, count(*) OVER () AS rows,
            sum(coalesce(octet_length(m.message), 0) + 100) OVER before AS bytes_before
        FROM directory.jobs j
        CROSS JOIN unnest($3) WITH ORDINALITY AS r (run_id, place)
        CROSS JOIN LATERAL (
            SELECT s.run_id
            FROM store.job_runs s
            WHERE s.history_id = j.history_id AND s.run_id = r.run_id
            LIMIT 1
        ) s
        LEFT JOIN LATERAL (
            SELECT *
            FROM store.job_run_messages e
            WHERE e.history_id = j.history_id
                AND e.run_id = s.run_id
                AND e.row_number > CASE r.place WHEN 1 THEN $4 ELSE -1 END
            ORDER BY e.row_number
            LIMIT $5
        ) m ON true
        WHERE j.job_id = $1 AND j.history_id = $2
        WINDOW before AS (ORDER BY r.place, m.row_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) p
    WHERE coalesce(bytes_before, 0) < $6
    ORDER BY place, row_number
    """, .uuid, .uuid, .uuidArray, .int8, .int8, .int8)

  /// Runs of one history of a job.
  public struct Page: Sendable, Equatable {
    public var historyID: UUID
    /// Newest first.
    public var runs: [JobRun]
  }

  /// A page of the runs of a job, newest first.
  ///
  /// - Parameters:
  ///   - history: The history that earlier pages were of; nil for the first page.
  ///   - last: The run before the page; nil for the first page.
  ///   - limit: How many runs at most.
  /// - Returns: nil if there is no such job, or its history is another one by now.
  public func page(
    job: UUID, history: UUID? = nil, after last: JobRun.Position? = nil, limit: Int
  ) async throws(RepositoryError) -> Page? {
    let query = Self.page(
      .uuid(job), .optional(history), .optional(last?.queuedAt), .optional(last?.id), .int(Int64(limit)))
    let rows = try await pool.rows(query) { row in
      let run = try (row(1) as UUID?).map { id in
        try JobRun(
          id: id, jobID: job, status: row(2), triggeredBy: row(3), queuedAt: row(4), startedAt: row(5),
          endedAt: row(6), messageCount: row.count(7))
      }
      return (history: try row(0) as UUID, run: run)
    }
    return rows.first.map { Page(historyID: $0.history, runs: rows.compactMap(\.run)) }
  }

  /// Messages of some runs, in the order of the runs, each run's in the order in which they were logged.
  public struct Messages: Sendable, Equatable {
    /// The messages of each run that was reached, from the first one on.
    public var runs: [[JobRun.Message]]
    /// The number of the last run's last message, if there may be more of that run.
    public var last: Int?
  }

  /// The most messages of a run that are read at once, and about the most bytes.
  static let (messagesRead, bytesRead) = (1000, 65_536)

  /// The next messages of some runs.
  ///
  /// - Parameters:
  ///   - runs: At least one.
  ///   - last: The number of the first run's message after which to begin; nil for its beginning.
  /// - Returns: nil if the job has another history by now, or one of the runs has been removed.
  public func messages(
    of runs: [UUID], job: UUID, history: UUID, after last: Int? = nil
  ) async throws(RepositoryError) -> Messages? {
    let query = Self.messages(
      .uuid(job), .uuid(history), .uuids(runs), .int(Int64(last ?? -1)), .int(Int64(Self.messagesRead)),
      .int(Int64(Self.bytesRead)))
    let rows = try await pool.run(query)
    guard let first = rows.first else { return nil }
    return try decoding {
      var found = Messages(runs: [])
      for row in rows {
        let place: Int = try row(0, in: 1...runs.count)
        // All rows of a run follow each other.
        if place > found.runs.count {
          guard place == found.runs.count + 1 else { return nil }
          found.runs.append([])
          found.last = nil
        }
        guard let number = try row.optionalCount(1) else { continue }
        found.last = number
        found.runs[place - 1].append(
          try JobRun.Message(time: row(2), severity: row(3), assetID: row(4), text: row(5)))
        if found.runs[place - 1].count == Self.messagesRead { return found }
      }
      guard try first.count(6) == rows.count else { return found }
      found.last = nil
      return found.runs.count == runs.count ? found : nil
    }
  }
}
