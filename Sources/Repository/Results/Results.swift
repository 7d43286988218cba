import Domain
import FoundationEssentials
import Postgres

extension EvaluationResults.Outcome: ColumnWord {}

/// The results of evaluations, by asset and standard.
public struct Results: Sendable {
  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  // The index of results begins with asset, standard, history and run. So the histories that have such results are
  // found one by one, an index probe each: a purged one costs a probe until it is erased, however many results it has.
  // The runs of the others are tried newest first. The scalar subqueries are probes, too; with joins the planner might
  // read all results instead.
  private static let latestRun = """
    WITH RECURSIVE histories AS (
        (
            SELECT history_id
            FROM store.evaluation_results
            WHERE asset_id = $1 AND standard_id = $2
            ORDER BY history_id
            LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT e.history_id
            FROM store.evaluation_results e
            WHERE e.asset_id = $1 AND e.standard_id = $2 AND e.history_id > h.history_id
            ORDER BY e.history_id
            LIMIT 1
        )
        FROM histories h
        WHERE h.history_id IS NOT NULL
    ), run AS (
        SELECT j.job_id, j.history_id, r.run_id
        FROM histories h
        CROSS JOIN LATERAL (
            SELECT job_id, history_id FROM directory.jobs WHERE history_id = h.history_id LIMIT 1
        ) j
        CROSS JOIN LATERAL (
            SELECT r.run_id, r.queued_at
            FROM store.job_runs r
            WHERE r.history_id = j.history_id
                AND r.status = 'Completed'
                AND (
                    SELECT true
                    FROM store.evaluation_results e
                    WHERE e.asset_id = $1
                        AND e.standard_id = $2
                        AND e.history_id = r.history_id
                        AND e.run_id = r.run_id
                        AND ($3 IS NULL OR e.standard_version = $3)
                    LIMIT 1
                )
            ORDER BY r.queued_at DESC, r.run_id DESC
            LIMIT 1
        ) r
        ORDER BY r.queued_at DESC, r.run_id DESC
        LIMIT 1
    )
    """

  private static let namedRun = """
    WITH run AS (
        SELECT j.job_id, j.history_id, r.run_id
        FROM store.job_runs r
        JOIN directory.jobs j ON j.history_id = r.history_id
        WHERE r.run_id = $6
    )
    """

  // The run is in the answer even if it has no such check; is_known says whether it has any result. Checks and evidence are
  // read up to a number of bytes; of the others only which they are.
  private static let checks = """

    SELECT
        r.job_id, r.run_id, e.check_id, e.outcome, e.evidence, e.evaluated_at, e.standard_version, (
            SELECT true
            FROM store.evaluation_results k
            WHERE k.asset_id = $1
                AND k.standard_id = $2
                AND k.history_id = r.history_id
                AND k.run_id = r.run_id
                AND ($3 IS NULL OR k.standard_version = $3)
            LIMIT 1
        ) AS is_known,
        r.history_id, e.row_number, e.bytes
    FROM run r
    LEFT JOIN LATERAL (
        SELECT
            b.row_number, b.standard_version, b.evaluated_at, b.outcome, b.bytes,
            CASE WHEN b.bytes_before < \(bytesRead) THEN b.check_id END AS check_id,
            CASE WHEN b.bytes_before < \(bytesRead) THEN b.evidence END AS evidence
        FROM (
            SELECT *, coalesce(sum(c.bytes) OVER before, 0) AS bytes_before
            FROM (
                SELECT *, octet_length(e.evidence) + 100 AS bytes
                FROM store.evaluation_results e
                WHERE e.asset_id = $1
                    AND e.standard_id = $2
                    AND e.history_id = r.history_id
                    AND e.run_id = r.run_id
                    AND ($3 IS NULL OR e.standard_version = $3)
                    AND ($4 IS NULL OR e.check_id = ANY ($4))
                LIMIT $5
            ) c
            WINDOW before AS (ORDER BY c.row_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ) b
    ) e ON true
    ORDER BY e.row_number
    """

  private static let latest = Statement(latestRun + checks, .uuid, .uuid, .text, .textArray, .int8)
  private static let ofRun = Statement(namedRun + checks, .uuid, .uuid, .text, .textArray, .int8, .uuid)

  static func query(_ request: ResultsRequest, limit: Int) -> Query {
    let values: [Value] = [
      .uuid(request.asset), .uuid(request.standard), .optional(request.standardVersion),
      request.checks.map { .texts($0) } ?? .null, .int(Int64(limit + 1)),
    ]
    return request.run.map { ofRun(values + [.uuid($0)]) } ?? latest(values)
  }

  /// About the most bytes of evidence that are read at once.
  public static let bytesRead = 65_536

  /// The results of a run, the first of them read.
  public struct Found: Sendable, Equatable {
    /// With as many checks as are read at once.
    public var results: EvaluationResults
    public var historyID: UUID
    /// The others: their numbers within the run, and about how many bytes each has.
    public var unread: [(row: Int, bytes: Int)]

    public static func == (left: Self, right: Self) -> Bool {
      left.results == right.results && left.historyID == right.historyID
        && left.unread.elementsEqual(right.unread, by: ==)
    }
  }

  public enum Answer: Sendable, Equatable {
    case results(Found)
    /// There is no such run, or its history was purged.
    case noRun
    /// There is nothing that fits.
    case noResults
    /// More checks than the limit.
    case tooMany
  }

  /// The results of one run; only those that a job still points to.
  ///
  /// - Parameter limit: The most checks.
  public func find(_ request: ResultsRequest, limit: Int) async throws(RepositoryError) -> Answer {
    let rows = try await pool.run(Self.query(request, limit: limit))
    guard let first = rows.first else { return request.run == nil ? .noResults : .noRun }
    return try decoding {
      guard try first(7) == true as Bool? else { return .noResults }
      var checks: [EvaluationResults.Check] = []
      var unread: [(row: Int, bytes: Int)] = []
      var version: (Date, String?)?
      for row in rows {
        guard let number = try row.optionalCount(9) else { continue }
        let time: Date = try row(5)
        if version.map({ $0.0 <= time }) ?? true { version = (time, try row(6)) }
        if let id: String = try row(2) {
          checks.append(try EvaluationResults.Check(id: id, outcome: row(3), evidence: row(4), time: time))
        } else {
          unread.append((number, try row(10, in: 0...)))
        }
      }
      guard checks.count + unread.count <= limit else { return .tooMany }
      return .results(
        try Found(
          results: EvaluationResults(
            runID: first(1), jobID: first(0), assetID: request.asset, standardID: request.standard,
            standardVersion: version?.1 ?? request.standardVersion, checks: checks),
          historyID: first(8), unread: unread))
    }
  }

  static let numbered = Statement(
    """
    SELECT e.check_id, e.outcome, e.evidence, e.evaluated_at
    FROM directory.jobs j
    CROSS JOIN unnest($3) WITH ORDINALITY AS n (row_number, place)
    CROSS JOIN LATERAL (
        SELECT *
        FROM store.evaluation_results e
        WHERE e.history_id = j.history_id AND e.run_id = $2 AND e.row_number = n.row_number
        LIMIT 1
    ) e
    WHERE j.history_id = $1
    ORDER BY n.place
    """, .uuid, .uuid, .int8Array)

  /// Results by their numbers within a run.
  ///
  /// - Returns: nil if not all are there any more.
  public func checks(
    _ numbers: [Int], run: UUID, history: UUID
  ) async throws(RepositoryError) -> [EvaluationResults.Check]? {
    let query = Self.numbered(.uuid(history), .uuid(run), .ints(numbers.map(Int64.init)))
    let checks = try await pool.rows(query) {
      try EvaluationResults.Check(id: $0(0), outcome: $0(1), evidence: $0(2), time: $0(3))
    }
    return checks.count == numbers.count ? checks : nil
  }
}
