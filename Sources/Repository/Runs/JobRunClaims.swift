import Domain
import FoundationEssentials
import Postgres

/// Job runs from the queue to their end at a collector.
public struct JobRunClaims: Sendable {
  /// The result of a call that names a lease.
  public enum Outcome<Success: Sendable>: Sendable {
    case done(Success)
    case refused(LeaseFault)
  }

  private let pool: Pool
  private let dispatcher: ClaimDispatcher

  public init(pool: Pool) {
    self.pool = pool
    dispatcher = ClaimDispatcher(loop: pool.loop) { requests throws(RepositoryError) in
      try await Self.claim(requests, pool)
    }
  }

  /// Claims runs for a collector. Concurrent claims share a transaction; runs are given out in the order in which they
  /// were queued, to claims in the order of their arrival.
  ///
  /// - Parameter wait: How long to wait for the first run. A wait holds no connection to the database.
  /// - Returns: None, if no run was queued in time.
  public func claim(
    _ request: ClaimRequest, wait: Duration
  ) async throws(RepositoryError) -> [ClaimedRun] {
    try await dispatcher.claim(request, wait: wait)
  }

  /// Polls for the claims that wait. To be called after the commit of every transaction that queues a run.
  func wake() { Task(executorPreference: pool.loop) { [dispatcher] in await dispatcher.wake() } }

  /// Ends all waits, now and later.
  public func endWaits() async { await dispatcher.close() }

  private static let claim = Statement(
    """
    SELECT claimant, run_id, job_id, job_name, job_type, configuration, lease_id, lease_expires_at, attempt,
           queued_at, started_at, ends_at, messages_batch, data_batch, results_batch
    FROM store.claim_runs($1, $2, $3, $4)
    """, .int8Array, .textArray, .int8Array, .int8)

  /// The first runs of the queue are for the first request. Waits for no lock. After a reload the requests may differ in
  /// their maximum of attempts: that of the latest one counts.
  ///
  /// - Returns: The runs of each request, in the order of the requests.
  private static func claim(
    _ requests: [ClaimRequest], _ pool: Pool
  ) async throws(RepositoryError) -> [[ClaimedRun]] {
    let rows = try await pool.run(
      claim(
        .ints(requests.map { Int64($0.count) }), .texts(requests.map(\.collector)),
        .ints(requests.map { Int64($0.leaseSeconds) }), .int(Int64(requests.last?.maximumAttempts ?? 0))))
    var claimed = [[ClaimedRun]](repeating: [], count: requests.count)
    try decoding {
      for row in rows {
        let claimant = try row(0, in: 1...requests.count)
        claimed[claimant - 1].append(
          try ClaimedRun(
            id: row(1), jobID: row(2), jobName: row(3), jobType: row(4), configuration: row(5), lease: row(6),
            leaseExpiresAt: row(7), attempt: row.count(8), queuedAt: row(9), startedAt: row(10),
            endsAt: row(11),
            lastBatch: StoredBatches(
              messages: row.count(12), collectedData: row.count(13), results: row.count(14))))
      }
    }
    return claimed
  }

  private static let renew = Statement(
    "SELECT outcome, status, expires_at FROM store.renew_lease($1, $2, $3)", .uuid, .uuid, .int8)

  /// Extends a lease to `seconds` from now.
  ///
  /// - Returns: When it expires.
  public func renew(
    run: UUID, lease: UUID, seconds: Int
  ) async throws(RepositoryError) -> Outcome<Date> {
    try await pool.one(Self.renew(.uuid(run), .uuid(lease), .int(Int64(seconds)))) { row in
      if let expires: Date = try row(2) { return .done(expires) }
      return .refused(try Self.fault(row))
    }
  }

  private static let completeRun = Statement(
    """
    SELECT outcome, status, lease, kind, batch, rows_stored
    FROM store.complete_run($1, $2, $3, $4, $5, $6)
    """, .uuid, .uuid, .int8, .uuid, .text, .uuid)

  /// Completes a run for the collector that holds its lease, unless a batch of that collector is incomplete. An
  /// incomplete batch of a former collector is deleted. Idempotent: a run that was completed under this lease stays as it
  /// is.
  public func complete(
    run: UUID, lease: UUID, caller: UUID, callerName: String, requestID: UUID
  ) async throws(RepositoryError) -> Outcome<Void> {
    let query = Self.completeRun(
      .uuid(run), .uuid(lease), .int(Int64(ReportChunk.maximumRows)), .uuid(caller), .text(callerName),
      .uuid(requestID))
    while true {
      // The statement is a transaction of its own.
      let outcome = try await pool.one(query) { row -> Outcome<Void>? in
        switch try row(0, as: String.self) {
        case "undoing": nil
        case "unfinished":
          .refused(.unfinished(try row(3), batch: try row.count(4), rowsStored: try row.count(5)))
        default: try Self.ended(as: .completed, lease, row)
        }
      }
      if let outcome { return outcome }
    }
  }

  private static let failRun = Statement(
    "SELECT outcome, status, lease FROM store.end_run($1, $2, 'Failed', 'Error', $3, $4, $5, $6)",
    .uuid, .uuid, .text, .uuid, .text, .uuid)

  /// Ends a run as failed for the collector that holds its lease. Idempotent: a run that has failed under this lease
  /// stays as it is.
  ///
  /// - Parameter message: The run's last message, of severity `Error`.
  public func fail(
    run: UUID, lease: UUID, message: String, caller: UUID, callerName: String, requestID: UUID
  ) async throws(RepositoryError) -> Outcome<Void> {
    let query = Self.failRun(
      .uuid(run), .uuid(lease), .text(message), .uuid(caller), .text(callerName), .uuid(requestID))
    return try await pool.one(query) { try Self.ended(as: .failed, lease, $0) }
  }

  private static func ended(
    as status: JobRun.Status, _ lease: UUID, _ row: Rows.Row
  ) throws(PostgresError) -> Outcome<Void> {
    if try row(0, as: String.self) == "ended" { return .done(()) }
    let fault = try fault(row)
    let held: UUID? = try row(2)
    return fault == .over(status) && held == lease ? .done(()) : .refused(fault)
  }

  private static func fault(_ row: Rows.Row) throws(PostgresError) -> LeaseFault {
    switch try row(0, as: String.self) {
    case "not found": .notFound
    case "over": .over(try row(1))
    case "lease lost": .lost
    default: throw row.unexpected(0, expected: "an outcome of a call with a lease")
    }
  }
}
