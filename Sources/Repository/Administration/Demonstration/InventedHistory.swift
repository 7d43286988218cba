import FoundationEssentials
import Postgres

/// Runs to invent, for demonstrations and tests of scale; the same ones every time.
public struct InventedRuns: Sendable, Equatable {
  public var jobID: UUID
  /// For progress messages.
  public var jobName: String
  public var count: Int
  /// When the first run was queued.
  public var from: Date
  public var everyMinutes: Int
  public var triggeredBy: String
  public var messagesPerRun: Int
  public var collectedDataPerRun: Int
  public var resultsPerRun: Int
  /// The assets of the rows, in turn.
  public var assets: [UUID]
  public var standards: [UUID]

  public init(
    jobID: UUID, jobName: String, count: Int, from: Date, everyMinutes: Int, triggeredBy: String,
    messagesPerRun: Int, collectedDataPerRun: Int, resultsPerRun: Int, assets: [UUID], standards: [UUID]
  ) {
    self.jobID = jobID
    self.jobName = jobName
    self.count = count
    self.from = from
    self.everyMinutes = everyMinutes
    self.triggeredBy = triggeredBy
    self.messagesPerRun = messagesPerRun
    self.collectedDataPerRun = collectedDataPerRun
    self.resultsPerRun = resultsPerRun
    self.assets = assets
    self.standards = standards
  }

  /// The run and its rows.
  public var rowsPerRun: Int { 1 + messagesPerRun + collectedDataPerRun + resultsPerRun }

  /// The numbers of the runs, in portions of about 20,000 rows.
  var portions: [Range<Int>] {
    let size = max(1, min(5000, 20_000 / rowsPerRun))
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }
}

/// Invents runs, messages, data and results inside the database, one portion of runs per statement.
///
/// All values derive from the numbers of run and row, so they are the same every time. One run in twenty fails; four
/// in five checks pass.
enum InventedHistory {
  // $1 job, $2 first time, $3 minutes, $4 and $5 first and last number, $6 who triggered, $7 messages a run
  private static let insertRuns = Statement(
    """
    WITH planned AS (
        SELECT n, j.history_id, q.queued_at, \(derivedID) AS run_id
        FROM directory.jobs j
        CROSS JOIN generate_series($4, $5) AS n
        CROSS JOIN LATERAL (SELECT $2 + n * $3 * interval '1 minute' AS queued_at) AS q
        WHERE j.job_id = $1
    ), added AS (
        INSERT INTO store.job_runs (
            history_id, run_id, status, triggered_by, queued_at, started_at, ended_at, message_count
        )
        SELECT history_id, run_id, CASE WHEN n % 20 = 19 THEN 'Failed' ELSE 'Completed' END, $6, queued_at,
               queued_at + interval '2 seconds', queued_at + (40 + n % 15) * interval '1 second', $7
        FROM planned
        ON CONFLICT (history_id, run_id) DO NOTHING
        RETURNING history_id, run_id
    )
    SELECT n, history_id, run_id
    FROM planned
    JOIN added USING (history_id, run_id)
    ORDER BY n
    """, .uuid, .timestamptz, .int8, .int8, .int8, .text, .int8)

  private static let derivedID = DerivedRunID.sql(
    time: "q.queued_at", seed: "concat_ws('/', j.job_id, 'generated', extract(epoch FROM $2), $3, n)")

  // Below: $1 history, $2 runs, $3 their numbers, $4 first time, $5 minutes, $6 rows a run, $7 assets.
  // k counts a run's rows from 0; row k is written in the k-th part of the run's 38 seconds.
  private static let rows = """
    FROM unnest($2, $3) AS r (run_id, n)
    CROSS JOIN generate_series(0, $6 - 1) AS k
    CROSS JOIN LATERAL (
        SELECT $4 + r.n * $5 * interval '1 minute' + (2 + 38 * k / $6) * interval '1 second' AS time,
               $7[1 + k % greatest(cardinality($7), 1)] AS asset_id
    ) AS c
    """

  private static let insertMessages = Statement(
    """
    INSERT INTO store.job_run_messages (history_id, run_id, row_number, logged_at, severity, asset_id, message)
    SELECT $1, r.run_id, k, c.time,
           CASE WHEN (r.n * 7 + k) % 23 = 0 THEN 'Warning' ELSE 'Information' END,
           c.asset_id,
           CASE WHEN (r.n * 7 + k) % 23 = 0 THEN 'The asset answered late.' ELSE 'Data was collected.' END
    \(rows)
    """, .uuid, .uuidArray, .int8Array, .timestamptz, .int8, .int8, .uuidArray)

  private static let insertCollectedData = Statement(
    """
    INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, collected_at, data)
    SELECT $1, r.run_id, k, c.asset_id, c.time,
           jsonb_build_object('Setting', 'setting-' || k, 'Value', (r.n * 31 + k * 17) % 1000)
    \(rows)
    """, .uuid, .uuidArray, .int8Array, .timestamptz, .int8, .int8, .uuidArray)

  // Each check occurs once per asset and standard in a run: the assets change fastest.
  private static let insertResults = Statement(
    """
    INSERT INTO store.evaluation_results (
        history_id, run_id, row_number, asset_id, standard_id, check_id, outcome, evidence, evaluated_at
    )
    SELECT $1, r.run_id, k, c.asset_id, $8[1 + k / cardinality($7) % cardinality($8)],
           'check-' || lpad((1 + k / cardinality($7) / cardinality($8))::text, 4, '0'),
           CASE
               WHEN o.score < 80 THEN 'Pass'
               WHEN o.score < 94 THEN 'Fail'
               WHEN o.score < 97 THEN 'NotApplicable'
               WHEN o.score < 99 THEN 'Unknown'
               ELSE 'Error'
           END,
           'Setting ' || k || ' is ' || (r.n * 31 + k * 17) % 1000 || '.', c.time
    \(rows)
    CROSS JOIN LATERAL (SELECT (r.n * 13 + k * 29) % 100 AS score) AS o
    """, .uuid, .uuidArray, .int8Array, .timestamptz, .int8, .int8, .uuidArray, .uuidArray)

  /// Inserts the runs that do not exist, with their rows.
  ///
  /// - Returns: How many runs were inserted.
  static func apply(
    _ invented: InventedRuns, to summary: inout ImportSummary, on connection: Connection,
    progress: @Sendable (ImportProgress) -> Void
  ) async throws(PostgresError) -> Int {
    var added = 0
    for numbers in invented.portions {
      let runs = try await connection.rows(
        insertRuns(
          .uuid(invented.jobID), .time(invented.from), .int(Int64(invented.everyMinutes)),
          .int(Int64(numbers.lowerBound)), .int(Int64(numbers.upperBound - 1)), .text(invented.triggeredBy),
          .int(Int64(invented.messagesPerRun)))
      ) { try (number: $0(0, as: Int.self), history: $0(1, as: UUID.self), id: $0(2, as: UUID.self)) }
      if let history = runs.first?.history {
        try await insertRows(
          of: runs.map { (number: $0.number, id: $0.id) }, history: history, invented, on: connection)
      }
      added += runs.count
      progress(
        ImportProgress(
          jobName: invented.jobName, rowsDone: numbers.upperBound * invented.rowsPerRun,
          rowsInAll: invented.count * invented.rowsPerRun))
    }
    for (kind, perRun) in [
      (ImportSummary.Kind.runs, 1), (.messages, invented.messagesPerRun),
      (.collectedData, invented.collectedDataPerRun), (.results, invented.resultsPerRun),
    ] {
      summary[kind].added += added * perRun
      summary[kind].unchanged += (invented.count - added) * perRun
    }
    return added
  }

  private static func insertRows(
    of runs: [(number: Int, id: UUID)], history: UUID, _ invented: InventedRuns, on connection: Connection
  ) async throws(PostgresError) {
    func values(perRun: Int) -> [Value] {
      [
        .uuid(history), .uuids(runs.map(\.id)), .ints(runs.map { Int64($0.number) }), .time(invented.from),
        .int(Int64(invented.everyMinutes)), .int(Int64(perRun)), .uuids(invented.assets),
      ]
    }
    var queries: [Query] = []
    if invented.messagesPerRun > 0 {
      queries.append(insertMessages(values(perRun: invented.messagesPerRun)))
    }
    if invented.collectedDataPerRun > 0 {
      queries.append(insertCollectedData(values(perRun: invented.collectedDataPerRun)))
    }
    if invented.resultsPerRun > 0 {
      queries.append(
        insertResults(values(perRun: invented.resultsPerRun) + [.uuids(invented.standards)]))
    }
    if !queries.isEmpty { _ = try await connection.execute(queries) }
  }
}
