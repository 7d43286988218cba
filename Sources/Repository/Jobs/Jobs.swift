import Domain
import FoundationEssentials
import Postgres

/// The jobs of the directory.
public struct Jobs: Sendable {
  /// A job that is read, and the hash of the token with which it is asked for.
  private struct Lookup: Sendable {
    let job: UUID
    let accessHash: [UInt8]
  }

  let pool: Pool
  private let lookups: Coalescer<Lookup, (caller: Sessions.PrincipalRecord?, job: Job?)>

  public init(pool: Pool) {
    self.pool = pool
    lookups = Coalescer(loop: pool.loop) { lookups throws(RepositoryError) in
      let hashes = lookups.map(\.accessHash)
      let answers = try await pool.run([
        Sessions.principalQuery(hashes), Self.byID(.uuids(lookups.map(\.job))),
      ])
      let callers = Sessions.principals(of: hashes, in: answers[0])
      var found: [UUID: Job] = [:]
      for row in answers[1] { found[row(0)] = Self.job(row) }
      return zip(lookups, callers).map { ($1, found[$0.job]) }
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

  /// A job, and who asks for it, in one round trip. Whether they may see it is for the caller of this to say.
  ///
  /// - Returns: No caller, if the token is unknown, expired or revoked, or its user is disabled.
  public func job(
    id: UUID, accessHash: [UInt8]
  ) async throws(RepositoryError) -> (caller: Sessions.PrincipalRecord?, job: Job?) {
    try await lookups(Lookup(job: id, accessHash: accessHash))
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
