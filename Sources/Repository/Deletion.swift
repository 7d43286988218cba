import Domain
import FoundationEssentials
import Postgres

/// Delete Job: the purge of a history in one transaction and, unless told otherwise, the job's removal.
public struct Deletion: Sendable {
  /// One job that is to be deleted.
  private struct Order: Sendable {
    let job: UUID
    /// nil for any.
    let versions: [Int]?
    let remove: Bool
    let requestID: UUID
    let rowBound: Int
  }

  /// One job that somebody asks to be deleted of whom only the token is known.
  private struct Wish: Sendable {
    let order: Order
    let accessHash: [UInt8]
    let isPermitted: @Sendable (Sessions.PrincipalRecord) -> Bool
  }

  /// What became of a deletion for the holder of a token.
  public struct Attempt: Sendable {
    /// nil if the token is unknown, expired or revoked, or its user is disabled.
    public let caller: Sessions.PrincipalRecord?
    /// nil if the caller may not.
    public let deletion: JobDeletion?
  }

  private let pool: Pool
  private let single: Coalescer<Wish, Attempt>
  /// For jobs that somebody holds: two are waited for at a time, so that connections are left for everybody else.
  private let patient: Coalescer<(Order, Sessions.PrincipalRecord), JobDeletion>

  public init(pool: Pool) {
    self.pool = pool
    single = Coalescer(loop: pool.loop) { wishes throws(RepositoryError) in
      try await Self.fulfil(wishes, pool)
    }
    patient = Coalescer(loop: pool.loop, largestBatch: 1, patience: .zero) { orders throws(RepositoryError) in
      try await Self.carryOut(orders.map(\.0), for: orders.map(\.1), pool)
    }
  }

  private static let delete = Statement(
    """
    SELECT outcome, job_name, runs, rows_left, rows_erased
    FROM directory.delete_jobs($1, $2, $3, $4, $5, $6, $7, $8)
    """, .uuidArray, .uuidArray, .textArray, .boolArray, .uuidArray, .int8, .bool, .textArray)

  /// Deletes one job for the holder of a token. Those who ask at the same moment share a transaction.
  ///
  /// - Parameters:
  ///   - versions: Those of which the job must have one; nil for any.
  ///   - remove: Whether the job leaves the directory; else it stays, with an empty history.
  ///   - rowBound: The most rows that the transaction erases; the eraser takes care of the rest.
  ///   - isPermitted: Whether the caller may delete jobs at all. Asked before anything is changed; must not block.
  public func delete(
    job: UUID, versions: [Int]?, remove: Bool, requestID: UUID, rowBound: Int, accessHash: [UInt8],
    isPermitted: @escaping @Sendable (Sessions.PrincipalRecord) -> Bool
  ) async throws(RepositoryError) -> Attempt {
    let order = Order(
      job: job, versions: versions, remove: remove, requestID: requestID, rowBound: rowBound)
    let attempt = try await single(
      Wish(order: order, accessHash: accessHash, isPermitted: isPermitted), locking: job)
    guard let caller = attempt.caller, attempt.deletion?.outcome == .locked else { return attempt }
    return Attempt(caller: caller, deletion: try await patient((order, caller)))
  }

  /// Deletes jobs in a transaction of their own, all of them or none.
  ///
  /// - Parameter jobs: No job twice. The other parameters are as above.
  /// - Returns: The outcome of each job, in order. Unless every one is `.done`, nothing has changed.
  public func delete(
    jobs: [UUID], remove: Bool, requestID: UUID, rowBound: Int, for caller: Sessions.PrincipalRecord
  ) async throws(RepositoryError) -> [JobDeletion] {
    let orders = jobs.map {
      Order(job: $0, versions: nil, remove: remove, requestID: requestID, rowBound: rowBound)
    }
    return try await Self.carryOut(orders, for: orders.map { _ in caller }, pool)
  }

  /// Who the callers are is asked on the same connection, just before: one line to stand in, and nothing about a caller
  /// is older than the batch.
  private static func fulfil(_ wishes: [Wish], _ pool: Pool) async throws(RepositoryError) -> [Attempt] {
    let hashes = wishes.map(\.accessHash)
    let (callers, permitted, rows) = try await pool.lending { connection throws(PostgresError) in
      let callers = Sessions.principals(
        of: hashes, in: try await connection.execute([Sessions.principalQuery(hashes)])[0])
      let permitted = wishes.indices.filter { callers[$0].map(wishes[$0].isPermitted) ?? false }
      guard !permitted.isEmpty else { return (callers, permitted, Rows?.none) }
      let query = query(
        permitted.map { wishes[$0].order }, for: permitted.compactMap { callers[$0] }, together: false)
      return (callers, permitted, try await connection.execute([query])[0])
    }
    var attempts = callers.map { Attempt(caller: $0, deletion: nil) }
    if let rows {
      let deletions = try deletions(permitted.map { wishes[$0].order }, rows)
      for (index, deletion) in zip(permitted, deletions) {
        attempts[index] = Attempt(caller: callers[index], deletion: deletion)
      }
    }
    return attempts
  }

  private static func carryOut(
    _ orders: [Order], for callers: [Sessions.PrincipalRecord], _ pool: Pool
  ) async throws(RepositoryError) -> [JobDeletion] {
    try deletions(orders, try await pool.run(query(orders, for: callers, together: true)))
  }

  /// Lists of different lengths are no array of arrays, so each list is a text of its own.
  private static func wantedVersions(_ orders: [Order]) -> Value {
    guard orders.contains(where: { $0.versions != nil }) else { return .null }
    return .texts(
      orders.map { $0.versions.map { "{" + $0.map(String.init).joined(separator: ",") + "}" } ?? "" })
  }

  private static func query(
    _ orders: [Order], for callers: [Sessions.PrincipalRecord], together: Bool
  ) -> Query {
    delete(
      .uuids(orders.map(\.job)), .uuids(callers.map(\.userID)), .texts(callers.map(\.userName)),
      .bools(orders.map(\.remove)), .uuids(orders.map(\.requestID)),
      .int(Int64(orders.map(\.rowBound).max() ?? 0)), .bool(together), wantedVersions(orders))
  }

  private static func deletions(_ orders: [Order], _ rows: Rows) throws(RepositoryError) -> [JobDeletion] {
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
