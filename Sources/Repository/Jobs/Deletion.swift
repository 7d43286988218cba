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
    let requirement: Authorizations.Requirement
  }

  private let pool: Pool
  private let single: Coalescer<Order, JobDeletion>
  /// For jobs that are locked: at most two of them are waited for, so that connections are left for other requests.
  private let patient: Coalescer<Order, JobDeletion>

  init(pool: Pool) {
    self.pool = pool
    single = Coalescer(loop: pool.loop, changesData: true) { orders throws(RepositoryError) in
      try await Self.carryOut(orders, together: false, pool)
    }
    patient = Coalescer(loop: pool.loop, maxBatchSize: 1, overlapDelay: .zero, changesData: true) {
      orders throws(RepositoryError) in
      try await Self.carryOut(orders, together: true, pool)
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
  ///   - requirement: What the caller needs.
  /// - Returns: The outcome of each job, in order. Unless every one is `.done`, nothing has changed.
  public func delete(
    jobs: [UUID], versions: [Int]? = nil, remove: Bool, requestID: UUID, rowBound: Int, accessHash: [UInt8],
    requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> [JobDeletion] {
    let orders = jobs.map {
      Order(
        job: $0, versions: versions, remove: remove, requestID: requestID, rowBound: rowBound,
        accessHash: accessHash, requirement: requirement)
    }
    guard orders.count == 1 else {
      return try await Self.carryOut(orders, together: true, pool).map {
        deletion throws(RepositoryError) in
        try deletion.get()
      }
    }
    let deletion = try await single(orders[0], locking: orders[0].job)
    return [deletion.outcome == .locked ? try await patient(orders[0]) : deletion]
  }

  /// Puts a refusal on record.
  public func countRefusal(_ deletion: JobDeletion, requestID: UUID) async throws(RepositoryError) {
    guard let userName = deletion.userName else { return }
    try await pool.run(AuditTrail.refusedDeletion(of: deletion, by: userName, requestID: requestID))
  }

  /// Orders that require the same of their callers share a statement; all share the transaction.
  private static func carryOut(
    _ orders: [Order], together: Bool, _ pool: Pool
  ) async throws(RepositoryError) -> [Result<JobDeletion, RepositoryError>] {
    var groups: [[Int]] = []
    for index in orders.indices {
      let requirement = orders[index].requirement
      if let group = groups.firstIndex(where: { orders[$0[0]].requirement == requirement }) {
        groups[group].append(index)
      } else {
        groups.append([index])
      }
    }
    let answers = try await pool.run(groups.map { query($0.map { orders[$0] }, together: together) })
    var deletions: [Int: Result<JobDeletion, RepositoryError>] = [:]
    for (group, rows) in zip(groups, answers) {
      guard rows.count == group.count else {
        throw .unexpectedAnswer("delete_jobs returned \(rows.count) rows for \(group.count) jobs")
      }
      for (index, row) in zip(group, rows) {
        deletions[index] = Result { () throws(RepositoryError) in
          try decoding {
            try JobDeletion(
              jobID: orders[index].job, outcome: row(0), userName: row(1), missing: row(2), jobName: row(3),
              runs: row.optionalCount(4) ?? 0, rowsLeft: row(5), rowsErased: row.count(6))
          }
        }
      }
    }
    return orders.indices.compactMap { deletions[$0] }
  }

  /// - Parameter orders: All with the same requirement.
  private static func query(_ orders: [Order], together: Bool) -> Query {
    let requirement = orders[0].requirement
    return delete(
      .uuids(orders.map(\.job)), .bytesArray(orders.map(\.accessHash)), .texts(requirement.tasks),
      .uuids(requirement.folders), .bool(requirement.wholeTree), .bools(orders.map(\.remove)),
      .uuids(orders.map(\.requestID)), .int(Int64(orders.map(\.rowBound).max() ?? 0)), .bool(together),
      wantedVersions(orders))
  }

  /// An SQL array of arrays must be rectangular, so each list is a text of its own.
  private static func wantedVersions(_ orders: [Order]) -> Value {
    guard orders.contains(where: { $0.versions != nil }) else { return .null }
    return .texts(
      orders.map { $0.versions.map { "{" + $0.map(String.init).joined(separator: ",") + "}" } ?? "" })
  }
}
