import Domain
import FoundationEssentials
import Repository

/// Runs: read, started and aborted by users; claimed, kept and ended by collectors.
///
/// A claimed run belongs to the holder of its lease. A lease that has expired counts until another collector has
/// claimed the run, so that a collector that was late for a moment can go on.
public struct RunGate: Sendable {
  public struct Limits: Sendable {
    /// Maximum number of claims of a run.
    public var attempts: Int
    /// Maximum number of claims of one user that wait at a time.
    public var waitingClaims: Int

    public init(attempts: Int, waitingClaims: Int = .max) {
      self.attempts = attempts
      self.waitingClaims = waitingClaims
    }
  }

  private let authorizer: Authorizer
  private let repository: Repository
  private let limits: Limits
  private let waiting = KeyedSlots<UUID>()

  public init(repository: Repository, limits: Limits) {
    self.init(authorizer: Authorizer(repository: repository), repository: repository, limits: limits)
  }

  init(authorizer: Authorizer, repository: Repository, limits: Limits) {
    self.authorizer = authorizer
    self.repository = repository
    self.limits = limits
  }

  // MARK: - Users

  /// Get Latest Job Runs, newest first.
  ///
  /// - Parameters:
  ///   - count: How many; 0 for all.
  ///   - last: The run after which to begin; nil for the newest.
  public func latest(
    of job: UUID, count: Int, after last: JobRun.Position? = nil, _ context: inout RequestContext
  ) async throws(Refusal) -> RunListing {
    try await authorizer.permit(.getLatestJobRuns, &context)
    let listing = try await RunListing(
      job, count: count == 0 ? .max : count, after: last, repository.jobRuns)
    guard let listing else { throw .notFound("The job \(job.guidString) does not exist.") }
    return listing
  }

  /// Job Operation: starts a run of a job now.
  ///
  /// - Returns: The run's ID; it is queued.
  public func execute(job: UUID, _ context: inout RequestContext) async throws(Refusal) -> UUID {
    let caller = try await authorizer.permit(.jobOperation, &context)
    let (run, requestID) = (UUID.timeOrdered(), context.requestID)
    let start = try await refusing { () async throws(RepositoryError) in
      try await repository.runControl.start(
        job: job, run: run, user: caller.userID, userName: caller.userName, requestID: requestID)
    }
    let id = job.guidString
    switch start {
    case .started: return run
    case .notFound: throw .notFound("The job \(id) does not exist.")
    case .systemJob: throw .forbidden("The job \(id) is a system job. A system job cannot be executed.")
    case .active(let active):
      throw .conflict("The job \(id) has the run \(active.guidString), which is not over.")
    }
  }

  /// Job Operation: ends a run that is not over.
  public func abort(run: UUID, _ context: inout RequestContext) async throws(Refusal) {
    let caller = try await authorizer.permit(.jobOperation, &context)
    let requestID = context.requestID
    let abort = try await refusing { () async throws(RepositoryError) in
      try await repository.runControl.abort(
        run: run, user: caller.userID, userName: caller.userName, requestID: requestID)
    }
    let id = run.guidString
    switch abort {
    case .aborted: return
    case .notFound: throw .notFound("The job run \(id) does not exist.")
    case .over(let status): throw .conflict("The job run \(id) is over: it is \(status.rawValue).")
    }
  }

  // MARK: - Collectors

  /// Claim Job Runs, in the order in which they were queued.
  ///
  /// - Parameters:
  ///   - count: Maximum number of runs, 1 to 100.
  ///   - leaseSeconds: Duration of each lease without a heartbeat.
  ///   - wait: How long to wait for the first run. The caller is authorised before the wait, now and then during it, and
  ///     before a run is handed over, so that a wait ends with its caller's right.
  /// - Returns: None, if there was nothing in time.
  public func claim(
    count: Int, leaseSeconds: Int, wait: Duration, _ context: inout RequestContext
  ) async throws(Refusal) -> [ClaimedRun] {
    let caller = try await authorizer.permit(.claimJobRuns, &context)
    let request = ClaimRequest(
      count: count, collector: caller.userName, leaseSeconds: leaseSeconds, maximumAttempts: limits.attempts)
    guard wait > .zero else { return try await claim(request, wait: wait).get() }
    guard waiting.take(caller.userID, limit: limits.waitingClaims) else {
      throw .unavailable("\(limits.waitingClaims) claims of this user wait already")
    }
    defer { waiting.giveBack(caller.userID) }
    let runs = try await watching(context) { await claim(request, wait: wait) }
    guard !runs.isEmpty else { return runs }
    do throws(Refusal) {
      try await authorizer.permit(.claimJobRuns, &context)
    } catch {
      await giveBack(runs)
      throw error
    }
    return runs
  }

  private func claim(_ request: ClaimRequest, wait: Duration) async -> Result<[ClaimedRun], Refusal> {
    do throws(RepositoryError) {
      return .success(try await repository.jobRunClaims.claim(request, wait: wait))
    } catch {
      return .failure(Refusal(error))
    }
  }

  /// Cancels a claim that waits when its caller has lost the right.
  private func watching(
    _ context: RequestContext, _ claim: @escaping @Sendable () async -> Result<[ClaimedRun], Refusal>
  ) async throws(Refusal) -> [ClaimedRun] {
    let outcome = await withTaskGroup(of: Result<[ClaimedRun], Refusal>?.self) { group in
      group.addTask { await claim() }
      group.addTask { [authorizer] in
        var context = context
        while true {
          guard (try? await Task.sleep(for: Self.longestTrust)) != nil else { return nil }
          do throws(Refusal) {
            try await authorizer.permit(.claimJobRuns, &context)
          } catch {
            return .failure(error)
          }
        }
      }
      var outcome: Result<[ClaimedRun], Refusal>?
      for await result in group {
        guard let result else { continue }
        if outcome == nil {
          outcome = result
          group.cancelAll()
        } else if case .success(let runs) = result {
          // Claimed in the moment in which the right was found to be gone.
          await giveBack(runs)
        }
      }
      return outcome ?? .failure(.timedOut)
    }
    return try outcome.get()
  }

  /// How long a caller that waits is trusted to have the right still.
  private static let longestTrust = Duration.seconds(15)

  /// Ends leases, so that other collectors get the runs. One that is not ended now ends by itself.
  private func giveBack(_ runs: [ClaimedRun]) async {
    for run in runs {
      _ = try? await repository.jobRunClaims.renew(run: run.id, lease: run.lease, seconds: 0)
    }
  }

  /// Report Job Run, heartbeat: extends the lease to `leaseSeconds` from now.
  ///
  /// - Returns: When it expires.
  public func heartbeat(
    run: UUID, lease: UUID, leaseSeconds: Int, _ context: inout RequestContext
  ) async throws(Refusal) -> Date {
    try await authorizer.permit(.heartbeatJobRun, &context)
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.renew(run: run, lease: lease, seconds: leaseSeconds)
    }
    return try Self.success(of: outcome, run: run)
  }

  /// Report Job Run: the run is done, and every batch of its reports is whole. Repeating it with the same lease is no
  /// error.
  public func complete(
    run: UUID, lease: UUID, _ context: inout RequestContext
  ) async throws(Refusal) {
    let caller = try await authorizer.permit(.completeJobRun, &context)
    let requestID = context.requestID
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.complete(
        run: run, lease: lease, caller: caller.userID, callerName: caller.userName, requestID: requestID)
    }
    return try Self.success(of: outcome, run: run)
  }

  /// Report Job Run: the run has failed. Repeating it with the same lease is no error.
  ///
  /// - Parameter message: Why; becomes the run's last message.
  public func fail(
    run: UUID, lease: UUID, message: String?, _ context: inout RequestContext
  ) async throws(Refusal) {
    let caller = try await authorizer.permit(.failJobRun, &context)
    let requestID = context.requestID
    let message = message ?? "The collector \(caller.userName) has failed and did not say why."
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.fail(
        run: run, lease: lease, message: message, caller: caller.userID, callerName: caller.userName,
        requestID: requestID)
    }
    return try Self.success(of: outcome, run: run)
  }

  private static func success<Success>(
    of outcome: JobRunClaims.Outcome<Success>, run: UUID
  ) throws(Refusal) -> Success {
    switch outcome {
    case .done(let success): return success
    case .refused(let fault): throw Refusal(fault, run: run.guidString)
    }
  }
}
