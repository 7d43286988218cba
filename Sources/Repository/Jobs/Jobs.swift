import Domain
import FoundationEssentials
import Postgres

/// The jobs of the directory.
public struct Jobs: Sendable {
  /// A job that is read, and who reads it.
  private struct Lookup: Sendable {
    let job: UUID
    let reader: Authorizations.Lookup
  }

  let pool: Pool
  private let lookups: Coalescer<Lookup, (reader: Authorizations.Answer?, job: Job?)>

  public init(pool: Pool) {
    self.pool = pool
    lookups = Coalescer(loop: pool.loop) { lookups throws(RepositoryError) in
      let readers = Authorizations.Batch(lookups.map(\.reader))
      let answers = try await pool.run([Self.byID(.uuids(lookups.map(\.job)))] + readers.queries)
      let authorizations = try decoding { try readers.answers(in: answers[1...]) }
      // A row that cannot be decoded fails the requests for that job alone.
      var found: [UUID: Result<Job, RepositoryError>] = [:]
      for row in answers[0] {
        let id: UUID = try decoding { try row(0) }
        found[id] = Result { () throws(RepositoryError) in try decoding { try Self.job(row) } }
      }
      return zip(lookups, authorizations).map { lookup, reader in
        Result { () throws(RepositoryError) in (reader: reader, job: try found[lookup.job]?.get()) }
      }
    }
  }

  static let columns = selection(configuration: "j.configuration::text")

  // The creator's name is a probe; PostgreSQL was seen to read all of an index for a join with little knowledge of it.
  /// - Parameter further: More columns, after those that a job is made of.
  static func selection(
    description: String = "j.job_description", configuration: String, _ further: String...
  ) -> String {
    """
    SELECT j.job_id, j.job_name, \(description), j.job_type, j.is_system,
           (SELECT u.user_name FROM directory.users u WHERE u.user_id = j.created_by), j.created_at,
           j.modified_at, j.last_run_status, j.last_run_at, j.next_run_at, \(configuration),
           \((["j.version"] + further).joined(separator: ", "))
    FROM directory.jobs j

    """
  }

  static let byID = Statement(columns + "WHERE j.job_id = ANY ($1)", .uuidArray)
  private static let byName = Statement(
    columns + "WHERE directory.folded(j.job_name) = directory.folded($1)", .text)

  /// A job, and whether its reader may see it, in one round trip.
  ///
  /// - Parameter accessHash: SHA-256 of the reader's token.
  /// - Returns: No reader, if the token is unknown, expired or revoked, or its user is disabled. The job is there even
  ///   for a reader who lacks something: the caller must look at that first.
  public func job(
    id: UUID, accessHash: [UInt8], requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> (reader: Authorizations.Answer?, job: Job?) {
    try await lookups(Lookup(job: id, reader: .init(accessHash: accessHash, requirement: requirement)))
  }

  /// The job of exactly this name, ignoring case.
  public func job(named name: String) async throws(RepositoryError) -> Job? {
    try await pool.first(Self.byName(.text(name)), Self.job)
  }

  static func job(_ row: Rows.Row) throws(PostgresError) -> Job {
    try Job(
      id: row(0), name: row(1), description: row(2), type: row(3), category: row(4) ? .system : .userDefined,
      createdBy: row(5), createdAt: row(6), modifiedAt: row(7), lastRunStatus: row(8), lastRunAt: row(9),
      nextRunAt: row(10), configuration: row(11), version: row(12))
  }
}
