import Domain
import FoundationEssentials
import Postgres

/// A past run and its rows.
public struct ImportedRun: Sendable {
  public struct Message: Sendable, Encodable {
    public var time: Date
    public var severity: String
    public var assetID: UUID?
    public var message: String

    public init(time: Date, severity: String, assetID: UUID?, message: String) {
      self.time = time
      self.severity = severity
      self.assetID = assetID
      self.message = message
    }
  }

  public struct Datum: Sendable, Encodable {
    public var time: Date
    public var assetID: UUID
    /// JSON text.
    public var data: String

    public init(time: Date, assetID: UUID, data: String) {
      self.time = time
      self.assetID = assetID
      self.data = data
    }
  }

  public struct Result: Sendable, Encodable {
    public var time: Date
    public var assetID: UUID
    public var standardID: UUID
    public var checkID: String
    public var outcome: String
    public var evidence: String

    public init(
      time: Date, assetID: UUID, standardID: UUID, checkID: String, outcome: String, evidence: String
    ) {
      self.time = time
      self.assetID = assetID
      self.standardID = standardID
      self.checkID = checkID
      self.outcome = outcome
      self.evidence = evidence
    }
  }

  /// nil derives it from job, time and ``sequence``, so that it is the same at every import.
  public var id: UUID?
  public var jobID: UUID
  /// Numbers the runs without an ID that share job and time, from 0.
  public var sequence: Int
  public var status: JobRun.Status
  public var triggeredBy: String
  public var queuedAt: Date
  public var startedAt: Date?
  public var endedAt: Date?
  public var messages: [Message]
  public var collectedData: [Datum]
  public var results: [Result]

  public init(
    id: UUID?, jobID: UUID, sequence: Int, status: JobRun.Status, triggeredBy: String, queuedAt: Date,
    startedAt: Date?, endedAt: Date?, messages: [Message], collectedData: [Datum], results: [Result]
  ) {
    self.id = id
    self.jobID = jobID
    self.sequence = sequence
    self.status = status
    self.triggeredBy = triggeredBy
    self.queuedAt = queuedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.messages = messages
    self.collectedData = collectedData
    self.results = results
  }
}

/// Past runs and their rows in an import.
enum ImportedRuns {
  /// A run that was inserted; `place` is its index in the rows.
  struct Added {
    var place: Int
    var historyID: UUID
    var runID: UUID
  }

  private struct RunRow: Encodable {
    var place: Int
    var id: UUID?
    var jobID: UUID
    var sequence: Int
    var status: String
    var triggeredBy: String
    var queuedAt: Date
    var startedAt: Date?
    var endedAt: Date?
    var messageCount: Int
  }

  /// A message, datum or result with its key.
  private struct Keyed<Content: Encodable & Sendable>: Encodable, Sendable {
    var historyID: UUID
    var runID: UUID
    var rowNumber: Int
    var content: Content
  }

  private static let insertRuns = Statement(
    """
    WITH planned AS (
        SELECT s.*, j.history_id, coalesce(s.id, \(derivedID)) AS run_id
        FROM jsonb_to_recordset($1) AS s (
            place bigint, id uuid, job_id uuid, sequence bigint, status text, triggered_by text,
            queued_at timestamptz, started_at timestamptz, ended_at timestamptz, message_count bigint
        )
        JOIN directory.jobs j USING (job_id)
    ), added AS (
        INSERT INTO store.job_runs (
            history_id, run_id, status, triggered_by, queued_at, started_at, ended_at, message_count
        )
        SELECT history_id, run_id, status, triggered_by, queued_at, started_at, ended_at, message_count
        FROM planned
        ON CONFLICT (history_id, run_id) DO NOTHING
        RETURNING history_id, run_id
    )
    SELECT place, history_id, run_id
    FROM planned
    JOIN added USING (history_id, run_id)
    ORDER BY place
    """, .jsonb)

  private static let derivedID = DerivedRunID.sql(
    time: "s.queued_at", seed: "concat_ws('/', s.job_id, extract(epoch FROM s.queued_at), s.sequence)")

  private static let insertMessages = Statement(
    """
    INSERT INTO store.job_run_messages (history_id, run_id, row_number, logged_at, severity, asset_id, message)
    SELECT s.history_id, s.run_id, s.row_number, c.time, c.severity, c.asset_id, c.message
    FROM jsonb_to_recordset($1) AS s (history_id uuid, run_id uuid, row_number bigint, content jsonb)
    CROSS JOIN jsonb_to_record(s.content) AS c (time timestamptz, severity text, asset_id uuid, message text)
    """, .jsonb)

  private static let insertCollectedData = Statement(
    """
    INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, collected_at, data)
    SELECT s.history_id, s.run_id, s.row_number, c.asset_id, c.time, c.data::jsonb
    FROM jsonb_to_recordset($1) AS s (history_id uuid, run_id uuid, row_number bigint, content jsonb)
    CROSS JOIN jsonb_to_record(s.content) AS c (time timestamptz, asset_id uuid, data text)
    """, .jsonb)

  private static let insertResults = Statement(
    """
    INSERT INTO store.evaluation_results (
        history_id, run_id, row_number, asset_id, standard_id, check_id, outcome, evidence, evaluated_at
    )
    SELECT s.history_id, s.run_id, s.row_number, c.asset_id, c.standard_id, c.check_id, c.outcome, c.evidence,
           c.time
    FROM jsonb_to_recordset($1) AS s (history_id uuid, run_id uuid, row_number bigint, content jsonb)
    CROSS JOIN jsonb_to_record(s.content) AS c (
        time timestamptz, asset_id uuid, standard_id uuid, check_id text, outcome text, evidence text
    )
    """, .jsonb)

  /// Inserts the runs that do not exist, with their rows; an existing run stays as it is.
  ///
  /// - Returns: The job of each inserted run.
  static func apply(
    _ runs: [ImportedRun], to summary: inout ImportSummary, on connection: Connection
  ) async throws(PostgresError) -> [UUID] {
    var added: [Added] = []
    for start in stride(from: 0, to: runs.count, by: RowBatch.size) {
      let rows = (start..<min(runs.count, start + RowBatch.size)).map { row(runs[$0], place: $0) }
      added += try await connection.rows(insertRuns(RowBatch.value(rows))) {
        try Added(place: $0(0, in: runs.indices), historyID: $0(1), runID: $0(2))
      }
    }
    summary[.runs].added += added.count
    summary[.runs].unchanged += runs.count - added.count

    func insert<Content>(
      _ kind: ImportSummary.Kind, _ statement: Statement, _ contents: (ImportedRun) -> [Content]
    ) async throws(PostgresError) where Content: Encodable & Sendable {
      let rows = added.flatMap { added in
        contents(runs[added.place]).enumerated().map { number, content in
          Keyed(historyID: added.historyID, runID: added.runID, rowNumber: number, content: content)
        }
      }
      _ = try await connection.run(statement, rows: rows)
      summary[kind].added += rows.count
      summary[kind].unchanged += runs.reduce(-rows.count) { $0 + contents($1).count }
    }
    try await insert(.messages, insertMessages) { $0.messages }
    try await insert(.collectedData, insertCollectedData) { $0.collectedData }
    try await insert(.results, insertResults) { $0.results }
    return added.map { runs[$0.place].jobID }
  }

  private static func row(_ run: ImportedRun, place: Int) -> RunRow {
    RunRow(
      place: place, id: run.id, jobID: run.jobID, sequence: run.sequence, status: run.status.rawValue,
      triggeredBy: run.triggeredBy, queuedAt: run.queuedAt, startedAt: run.startedAt, endedAt: run.endedAt,
      messageCount: run.messages.count)
  }
}
