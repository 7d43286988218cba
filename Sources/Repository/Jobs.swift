import Domain
import FoundationEssentials
import Postgres

/// The jobs of the directory.
public struct Jobs: Sendable {
  let pool: Pool
  private let byIDs: Coalescer<UUID, Job?>

  public init(pool: Pool) {
    self.pool = pool
    byIDs = Coalescer(loop: pool.loop, mostBatches: 1) { ids throws(RepositoryError) in
      var found: [UUID: Job] = [:]
      for row in try await pool.run(Self.byID(.uuids(ids))) { found[row(0)] = Self.job(row) }
      return ids.map { found[$0] }
    }
  }

  static let columns = selection(configuration: "j.configuration::text")

  /// - Parameter further: More columns, after those that a job is made of.
  static func selection(configuration: String, _ further: String...) -> String {
    """
    SELECT j.job_id, j.job_name, j.job_description, j.job_type, j.is_system, u.user_name, j.created_at,
           j.modified_at, j.last_run_status, j.last_run_at, j.next_run_at, \(configuration),
           \((["j.version"] + further).joined(separator: ", "))
    FROM directory.jobs j
    LEFT JOIN directory.users u ON u.user_id = j.created_by

    """
  }

  static let byID = Statement(columns + "WHERE j.job_id = ANY ($1)", .uuidArray)
  private static let byName = Statement(columns + "WHERE lower(j.job_name) = lower($1)", .text)

  public func job(id: UUID) async throws(RepositoryError) -> Job? {
    try await byIDs(id)
  }

  /// The job of exactly this name; case does not count.
  public func job(named name: String) async throws(RepositoryError) -> Job? {
    try await pool.run(Self.byName(.text(name))).first.map(Self.job)
  }

  static func job(_ row: Rows.Row) -> Job {
    let status: String? = row(8)
    return Job(
      id: row(0), name: row(1), description: row(2), type: row(3), category: row(4) ? .system : .userDefined,
      createdBy: row(5), createdAt: row(6), modifiedAt: row(7),
      lastRunStatus: status.flatMap(JobRun.Status.init), lastRunAt: row(9), nextRunAt: row(10),
      configuration: row(11), version: row(12))
  }
}
