import Domain
import FoundationEssentials
import Postgres

/// Delete Job: the purge of a history in one transaction and, unless told otherwise, the job's removal.
public struct Deletion: Sendable {
  /// One job that is to be deleted, and for whom.
  private struct Order: Sendable {
    let job: UUID
    /// nil for any.
    let versions: [Int]?
    let caller: UUID
    let callerName: String
    let remove: Bool
    let requestID: UUID
    let rowBound: Int
  }

  private let pool: Pool
  private let single: Coalescer<Order, JobDeletion>
  /// For jobs that somebody holds: two are waited for at a time, so that connections are left for everybody else.
  private let patient: Coalescer<Order, JobDeletion>

  public init(pool: Pool) {
    self.pool = pool
    single = Coalescer(loop: pool.loop) { orders throws(RepositoryError) in
      try await Self.carryOut(orders, together: false, pool)
    }
    patient = Coalescer(loop: pool.loop, largestBatch: 1) { orders throws(RepositoryError) in
      try await Self.carryOut(orders, together: true, pool)
    }
  }

  private static let delete = Statement(
    """
    SELECT outcome, job_name, runs, rows_left, rows_erased
    FROM directory.delete_jobs($1, $2, $3, $4, $5, $6, $7, $8)
    """, .uuidArray, .uuidArray, .textArray, .boolArray, .uuidArray, .int8, .bool, .textArray)

  /// Deletes jobs, all of them or none.
  ///
  /// - Parameters:
  ///   - jobs: No job twice.
  ///   - versions: Those of which each job must have one; nil for any.
  ///   - remove: Whether the jobs leave the directory; else they stay, with an empty history.
  ///   - rowBound: The most rows that the transaction erases; the eraser takes care of the rest.
  /// - Returns: The outcome of each job, in order. Unless every one is `.done`, nothing has changed.
  ///
  /// Deletions of single jobs share transactions with their neighbours; several jobs have one to themselves.
  public func delete(
    jobs: [UUID], versions: [Int]? = nil, caller: UUID, callerName: String, remove: Bool, requestID: UUID,
    rowBound: Int
  ) async throws(RepositoryError) -> [JobDeletion] {
    let orders = jobs.map {
      Order(
        job: $0, versions: versions, caller: caller, callerName: callerName, remove: remove,
        requestID: requestID, rowBound: rowBound)
    }
    if orders.count == 1 {
      let deletion = try await single(orders[0], locking: orders[0].job)
      guard deletion.outcome == .locked else { return [deletion] }
      return [try await patient(orders[0])]
    }
    return try await Self.carryOut(orders, together: true, pool)
  }

  /// Lists of different lengths are no array of arrays, so each list is a text of its own.
  private static func wantedVersions(_ orders: [Order]) -> Value {
    guard orders.contains(where: { $0.versions != nil }) else { return .null }
    return .texts(
      orders.map { $0.versions.map { "{" + $0.map(String.init).joined(separator: ",") + "}" } ?? "" })
  }

  private static func carryOut(
    _ orders: [Order], together: Bool, _ pool: Pool
  ) async throws(RepositoryError) -> [JobDeletion] {
    let query = delete(
      .uuids(orders.map(\.job)), .uuids(orders.map(\.caller)), .texts(orders.map(\.callerName)),
      .bools(orders.map(\.remove)), .uuids(orders.map(\.requestID)),
      .int(Int64(orders.map(\.rowBound).max() ?? 0)), .bool(together), wantedVersions(orders))
    let rows = try await pool.run(query)
    guard rows.count == orders.count else { throw .failed("delete_jobs answered \(rows.count) rows") }
    return try zip(orders, rows).map { order, row throws(RepositoryError) in
      let word: String = row(0)
      guard let outcome = JobDeletion.Outcome(rawValue: word) else {
        throw .failed("unknown outcome \(word)")
      }
      return JobDeletion(
        jobID: order.job, outcome: outcome, jobName: row(1), runs: row(2) as Int? ?? 0, rowsLeft: row(3),
        rowsErased: row(4))
    }
  }
}
