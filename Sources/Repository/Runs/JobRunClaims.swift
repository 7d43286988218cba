import Domain
import FoundationEssentials
import Postgres
import Synchronization

/// Runs on their way from the queue to a collector, and what becomes of them there.
public struct JobRunClaims: Sendable {
  /// How a call that names a lease went.
  public enum Outcome<Success: Sendable>: Sendable {
    case done(Success)
    case refused(LeaseFault)
  }

  private let pool: Pool
  private let desk: ClaimDesk
  /// How often a run may be claimed, as the last caller said.
  private let maximumAttempts: Limit

  public init(pool: Pool) {
    self.pool = pool
    let limit = Limit()
    maximumAttempts = limit
    desk = ClaimDesk(loop: pool.loop) { orders throws(RepositoryError) in
      try await Self.claim(orders, maximumAttempts: limit.value.load(ordering: .relaxed), pool)
    }
  }

  private final class Limit: Sendable {
    let value = Atomic(1)
  }

  /// Claims runs for a collector; with those of others that ask at the same moment, in one transaction. Runs are
  /// handed out in the order in which they were queued, to collectors in the order in which they came.
  ///
  /// - Parameters:
  ///   - wait: How long to wait for the first run, without a connection to the database.
  ///   - maximumAttempts: How often a run may be claimed in all.
  /// - Returns: None, if there was nothing in time.
  public func claim(
    _ order: ClaimOrder, wait: Duration, maximumAttempts limit: Int
  ) async throws(RepositoryError) -> [ClaimedRun] {
    maximumAttempts.value.store(limit, ordering: .relaxed)
    return try await desk.claim(order, wait: wait)
  }

  /// Tells those that wait that there may be a run for them: somebody has just queued one.
  public func wake() { Task(executorPreference: pool.loop) { [desk] in await desk.wake() } }

  /// Ends every wait at once, and lets nobody wait any more.
  public func endWaits() async { await desk.close() }

  private static let claim = Statement(
    """
    SELECT claimant, run_id, job_id, job_name, job_type, configuration, lease_id, lease_expires_at, attempt,
           queued_at, started_at, ends_at, messages_batch, data_batch, results_batch
    FROM store.claim_runs($1, $2, $3, $4)
    """, .int8Array, .textArray, .int8Array, .int8)

  /// The first runs of the queue are for the first order. Waits for no lock.
  ///
  /// - Returns: The runs of each order, in the orders' order.
  private static func claim(
    _ orders: [ClaimOrder], maximumAttempts: Int, _ pool: Pool
  ) async throws(RepositoryError) -> [[ClaimedRun]] {
    let rows = try await pool.run(
      claim(
        .ints(orders.map { Int64($0.count) }), .texts(orders.map(\.collector)),
        .ints(orders.map { Int64($0.leaseSeconds) }), .int(Int64(maximumAttempts))))
    var claimed = [[ClaimedRun]](repeating: [], count: orders.count)
    for row in rows {
      let claimant: Int = row(0)
      guard claimed.indices.contains(claimant - 1) else {
        throw .failed("claim_runs names the claimant \(claimant) of \(orders.count)")
      }
      claimed[claimant - 1].append(
        ClaimedRun(
          id: row(1), jobID: row(2), jobName: row(3), jobType: row(4), configuration: row(5), lease: row(6),
          leaseExpiresAt: row(7), attempt: row(8), queuedAt: row(9), startedAt: row(10), endsAt: row(11),
          lastBatch: StoredBatches(messages: row(12), collectedData: row(13), results: row(14))))
    }
    return claimed
  }

  private static let renew = Statement(
    "SELECT outcome, status, expires_at FROM store.renew_lease($1, $2, $3)", .uuid, .uuid, .int8)

  /// Makes a lease hold for so long from now on.
  ///
  /// - Returns: When it expires.
  public func renew(
    run: UUID, lease: UUID, seconds: Int
  ) async throws(RepositoryError) -> Outcome<Date> {
    let row = try await pool.run(Self.renew(.uuid(run), .uuid(lease), .int(Int64(seconds))))[0]
    if let expires: Date = row(2) { return .done(expires) }
    return .refused(try Self.fault(outcome: row(0), status: row(1)))
  }

  private static let completeRun = Statement(
    """
    SELECT outcome, status, lease, kind, batch, rows_stored
    FROM store.complete_run($1, $2, $3, $4, $5, $6)
    """, .uuid, .uuid, .int8, .uuid, .text, .uuid)

  /// Completes a run for the collector that holds its lease, unless a batch that it has begun is not whole. What a
  /// former collector has left of one is deleted. A run that was completed under this lease already stays as it is,
  /// so that the call may be repeated.
  public func complete(
    run: UUID, lease: UUID, caller: UUID, callerName: String, requestID: UUID
  ) async throws(RepositoryError) -> Outcome<Void> {
    let query = Self.completeRun(
      .uuid(run), .uuid(lease), .int(Int64(ReportChunk.maximumRows)), .uuid(caller), .text(callerName),
      .uuid(requestID))
    while true {
      // The statement is a transaction of its own.
      let row = try await pool.run(query)[0]
      let outcome: String = row(0)
      switch outcome {
      case "undoing": continue
      case "unfinished":
        guard let kind = ReportKind(rawValue: row(3)) else { throw .failed("unknown kind of report") }
        return .refused(.unfinished(kind, batch: row(4), rowsStored: row(5)))
      default: return try Self.ended(as: .completed, lease, row)
      }
    }
  }

  private static let failRun = Statement(
    "SELECT outcome, status, lease FROM store.end_run($1, $2, 'Failed', 'Error', $3, $4, $5, $6)",
    .uuid, .uuid, .text, .uuid, .text, .uuid)

  /// Ends a run as failed for the collector that holds its lease. One that has failed under this lease already stays
  /// as it is, so that the call may be repeated.
  ///
  /// - Parameter message: Becomes the run's last one, as an error.
  public func fail(
    run: UUID, lease: UUID, message: String, caller: UUID, callerName: String, requestID: UUID
  ) async throws(RepositoryError) -> Outcome<Void> {
    let row = try await pool.run(
      Self.failRun(
        .uuid(run), .uuid(lease), .text(message), .uuid(caller), .text(callerName), .uuid(requestID)))[0]
    return try Self.ended(as: .failed, lease, row)
  }

  private static func ended(
    as status: JobRun.Status, _ lease: UUID, _ row: Rows.Row
  ) throws(RepositoryError) -> Outcome<Void> {
    let outcome: String = row(0)
    if outcome == "ended" { return .done(()) }
    let fault = try fault(outcome: outcome, status: row(1))
    let held: UUID? = row(2)
    return fault == .over(status) && held == lease ? .done(()) : .refused(fault)
  }

  private static func fault(outcome: String, status: String?) throws(RepositoryError) -> LeaseFault {
    guard let fault = LeaseFault(outcome: outcome, status: status) else {
      throw .failed("unknown outcome \(outcome)")
    }
    return fault
  }
}
