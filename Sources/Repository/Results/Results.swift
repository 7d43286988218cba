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

  // The run is in the answer even if it has no such check; is_known says whether it has any result.
  private static let checks = """

    SELECT r.job_id, r.run_id, e.check_id, e.outcome, e.evidence, e.evaluated_at, e.standard_version, (
        SELECT true
        FROM store.evaluation_results k
        WHERE k.asset_id = $1
            AND k.standard_id = $2
            AND k.history_id = r.history_id
            AND k.run_id = r.run_id
            AND ($3 IS NULL OR k.standard_version = $3)
        LIMIT 1
    ) AS is_known
    FROM run r
    LEFT JOIN LATERAL (
        SELECT *
        FROM store.evaluation_results e
        WHERE e.asset_id = $1
            AND e.standard_id = $2
            AND e.history_id = r.history_id
            AND e.run_id = r.run_id
            AND ($3 IS NULL OR e.standard_version = $3)
            AND ($4 IS NULL OR e.check_id = ANY ($4))
        LIMIT $5
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

  public enum Answer: Sendable, Equatable {
    case results(EvaluationResults)
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
      var version: (Date, String?)?
      for row in rows {
        guard let id: String = try row(2) else { continue }
        let check = try EvaluationResults.Check(id: id, outcome: row(3), evidence: row(4), time: row(5))
        checks.append(check)
        if version.map({ $0.0 <= check.time }) ?? true { version = (check.time, try row(6)) }
      }
      guard checks.count <= limit else { return .tooMany }
      return .results(
        try EvaluationResults(
          runID: first(1), jobID: first(0), assetID: request.asset, standardID: request.standard,
          standardVersion: version?.1 ?? request.standardVersion, checks: checks))
    }
  }
}
