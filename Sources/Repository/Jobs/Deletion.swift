import Domain
import FoundationEssentials
import Postgres

/// Delete Job: the purge of a history in one transaction and, unless told otherwise, the job's removal. The same
/// transaction looks at who asks for it, so that no right is older than what is done by it.
public struct Deletion: Sendable {
  /// What a caller must have to delete jobs: all of it.
  public struct Requirement: Sendable {
    let tasks: [String]
    /// Granted by themselves: a grant on a folder above does not count.
    let folders: [UUID]

    public init(tasks: Set<String>, folders: Set<UUID>) {
      self.tasks = Array(tasks)
      self.folders = Array(folders)
    }
  }

  /// One job that is to be deleted, for the holder of a token.
  private struct Order: Sendable {
    let job: UUID
    /// nil for any.
    let versions: [Int]?
    let remove: Bool
    let requestID: UUID
    let rowBound: Int
    let accessHash: [UInt8]
  }

  private let pool: Pool
  private let requirement: Requirement
  private let single: Coalescer<Order, JobDeletion>
  /// For jobs that somebody holds: two are waited for at a time, so that connections are left for everybody else.
  private let patient: Coalescer<Order, JobDeletion>

  init(pool: Pool, requirement: Requirement) {
    self.pool = pool
    self.requirement = requirement
    single = Coalescer(loop: pool.loop) { orders throws(RepositoryError) in
      try await Self.carryOut(orders, requirement, together: false, pool)
    }
    patient = Coalescer(loop: pool.loop, largestBatch: 1, patience: .zero) { orders throws(RepositoryError) in
      try await Self.carryOut(orders, requirement, together: true, pool)
    }
  }

  private static let delete = Statement(
    """
    SELECT outcome, user_name, job_name, runs, rows_left, rows_erased
    FROM directory.delete_jobs($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """, .uuidArray, .byteaArray, .textArray, .uuidArray, .boolArray, .uuidArray, .int8, .bool, .textArray)

  /// Deletes jobs. One job shares its transaction with those of others who ask at the same moment; several have a
  /// transaction of their own, which deletes all of them or none.
  ///
  /// - Parameters:
  ///   - jobs: No job twice.
  ///   - versions: Those of which each job must have one; nil for any.
  ///   - remove: Whether the jobs leave the directory; else they stay, with an empty history.
  ///   - rowBound: The most rows that the transaction erases; the eraser takes care of the rest.
  ///   - accessHash: SHA-256 of the caller's token.
  /// - Returns: The outcome of each job, in order. Unless every one is `.done`, nothing has changed.
  public func delete(
    jobs: [UUID], versions: [Int]? = nil, remove: Bool, requestID: UUID, rowBound: Int, accessHash: [UInt8]
  ) async throws(RepositoryError) -> [JobDeletion] {
    let orders = jobs.map {
      Order(
        job: $0, versions: versions, remove: remove, requestID: requestID, rowBound: rowBound,
        accessHash: accessHash)
    }
    guard orders.count == 1 else {
      return try await Self.carryOut(orders, requirement, together: true, pool)
    }
    let deletion = try await single(orders[0], locking: orders[0].job)
    return [deletion.outcome == .locked ? try await patient(orders[0]) : deletion]
  }

  private static func carryOut(
    _ orders: [Order], _ requirement: Requirement, together: Bool, _ pool: Pool
  ) async throws(RepositoryError) -> [JobDeletion] {
    let rows = try await pool.run(
      delete(
        .uuids(orders.map(\.job)), .bytesArray(orders.map(\.accessHash)), .texts(requirement.tasks),
        .uuids(requirement.folders), .bools(orders.map(\.remove)), .uuids(orders.map(\.requestID)),
        .int(Int64(orders.map(\.rowBound).max() ?? 0)), .bool(together), wantedVersions(orders)))
    guard rows.count == orders.count else { throw .failed("delete_jobs answered \(rows.count) rows") }
    return try zip(orders, rows).map { order, row throws(RepositoryError) in
      let word: String = row(0)
      guard let outcome = JobDeletion.Outcome(rawValue: word) else {
        throw .failed("unknown outcome \(word)")
      }
      return JobDeletion(
        jobID: order.job, outcome: outcome, userName: row(1), jobName: row(2), runs: row(3) as Int? ?? 0,
        rowsLeft: row(4), rowsErased: row(5))
    }
  }

  /// Lists of different lengths are no array of arrays, so each list is a text of its own.
  private static func wantedVersions(_ orders: [Order]) -> Value {
    guard orders.contains(where: { $0.versions != nil }) else { return .null }
    return .texts(
      orders.map { $0.versions.map { "{" + $0.map(String.init).joined(separator: ",") + "}" } ?? "" })
  }
}
