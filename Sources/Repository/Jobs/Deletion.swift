import Domain
import FoundationEssentials
import Postgres

extension JobDeletion.Outcome: ColumnWord {}

/// Delete Job: purges a history and, unless told otherwise, removes the job, in one transaction. The same transaction
/// authorises the caller, so that rights revoked before it count.
public struct Deletion: Sendable {
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
  private let requirement: Authorizations.Requirement
  private let single: Coalescer<Order, JobDeletion>
  /// For jobs that are locked: at most two of them are waited for, so that connections are left for other requests.
  private let patient: Coalescer<Order, JobDeletion>

  init(pool: Pool, requirement: Authorizations.Requirement) {
    self.pool = pool
    self.requirement = requirement
    single = Coalescer(loop: pool.loop) { orders throws(RepositoryError) in
      try await Self.carryOut(orders, requirement, together: false, pool)
    }
    patient = Coalescer(loop: pool.loop, maxBatchSize: 1, overlapDelay: .zero) {
      orders throws(RepositoryError) in
      try await Self.carryOut(orders, requirement, together: true, pool)
    }
  }

  private static let delete = Statement(
    """
    SELECT outcome, user_name, missing, job_name, runs, rows_left, rows_erased
    FROM directory.delete_jobs($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    """, .uuidArray, .byteaArray, .textArray, .uuidArray, .bool, .boolArray, .uuidArray, .int8, .bool,
    .textArray)

  /// Deletes jobs. A single job shares its transaction with those of concurrent requests; several have a transaction of
  /// their own, which deletes all of them or none.
  ///
  /// - Parameters:
  ///   - jobs: No job twice.
  ///   - versions: Each job must have one of these; nil for any.
  ///   - remove: Whether the jobs are removed from the directory; else they stay, with an empty history.
  ///   - rowBound: Maximum number of rows that the transaction erases; the rest is left to the eraser.
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
      return try await Self.carryOut(orders, requirement, together: true, pool).map {
        deletion throws(RepositoryError) in
        try deletion.get()
      }
    }
    let deletion = try await single(orders[0], locking: orders[0].job)
    return [deletion.outcome == .locked ? try await patient(orders[0]) : deletion]
  }

  private static func carryOut(
    _ orders: [Order], _ requirement: Authorizations.Requirement, together: Bool, _ pool: Pool
  ) async throws(RepositoryError) -> [Result<JobDeletion, RepositoryError>] {
    let rows = try await pool.run(
      delete(
        .uuids(orders.map(\.job)), .bytesArray(orders.map(\.accessHash)), .texts(requirement.tasks),
        .uuids(requirement.folders), .bool(requirement.wholeTree), .bools(orders.map(\.remove)),
        .uuids(orders.map(\.requestID)), .int(Int64(orders.map(\.rowBound).max() ?? 0)), .bool(together),
        wantedVersions(orders)))
    guard rows.count == orders.count else {
      throw .unexpectedAnswer("delete_jobs returned \(rows.count) rows for \(orders.count) jobs")
    }
    return zip(orders, rows).map { order, row in
      Result { () throws(RepositoryError) in
        try decoding {
          try JobDeletion(
            jobID: order.job, outcome: row(0), userName: row(1), missing: row(2), jobName: row(3),
            runs: row.optionalCount(4) ?? 0, rowsLeft: row(5), rowsErased: row.count(6))
        }
      }
    }
  }

  /// An SQL array of arrays must be rectangular, so each list is a text of its own.
  private static func wantedVersions(_ orders: [Order]) -> Value {
    guard orders.contains(where: { $0.versions != nil }) else { return .null }
    return .texts(
      orders.map { $0.versions.map { "{" + $0.map(String.init).joined(separator: ",") + "}" } ?? "" })
  }
}
