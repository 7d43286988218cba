import Domain
import FoundationEssentials
import Postgres

/// Delete Job: the purge of a history in one transaction and, unless told otherwise, the job's removal.
public struct Deletion: Sendable {
  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let delete = Statement(
    """
    SELECT outcome, job_name, runs, rows_left
    FROM directory.delete_jobs($1, $2, $3, $4, $5, $6, $7)
    """, .uuidArray, .uuidArray, .textArray, .boolArray, .uuidArray, .int8, .bool)

  /// Deletes jobs, all of them or none.
  ///
  /// - Parameters:
  ///   - jobs: No job twice.
  ///   - remove: Whether the jobs leave the directory; else they stay, with an empty history.
  ///   - rowBound: The most rows that the transaction erases; the eraser takes care of the rest.
  /// - Returns: The outcome of each job, in order. Unless every one is `.done`, nothing has changed.
  public func delete(
    jobs: [UUID], caller: UUID, callerName: String, remove: Bool, requestID: UUID, rowBound: Int
  ) async throws(RepositoryError) -> [JobDeletion] {
    let query = Self.delete(
      .uuids(jobs), .uuids(jobs.map { _ in caller }), .texts(jobs.map { _ in callerName }),
      .bools(jobs.map { _ in remove }), .uuids(jobs.map { _ in requestID }), .int(Int64(rowBound)),
      .bool(true))
    let rows = try await pool.run(query)
    guard rows.count == jobs.count else { throw .failed("delete_jobs answered \(rows.count) rows") }
    return try zip(jobs, rows).map { job, row throws(RepositoryError) in
      let word: String = row(0)
      guard let outcome = JobDeletion.Outcome(rawValue: word) else {
        throw .failed("unknown outcome \(word)")
      }
      return JobDeletion(
        jobID: job, outcome: outcome, jobName: row(1), runs: row(2) as Int? ?? 0, rowsLeft: row(3))
    }
  }
}
