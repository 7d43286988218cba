import Domain
import FoundationEssentials
import Repository

/// What collectors do with runs: claim them, keep them, end them. Each method checks the policy of its operation,
/// then calls the repository.
///
/// A run belongs to whoever holds its lease. A lease that has run out still counts until somebody else has claimed
/// the run, so that a collector that was late for a moment goes on.
public struct CollectionService: Sendable {
  private let repository: Repository
  /// How often a run may be claimed in all.
  private let maximumAttempts: Int

  public init(repository: Repository, maximumAttempts: Int) {
    self.repository = repository
    self.maximumAttempts = maximumAttempts
  }

  /// Claim Job Runs, in the order in which they were queued.
  ///
  /// - Parameters:
  ///   - count: How many at most, 1 to 100.
  ///   - leaseSeconds: How long each stays the caller's without a heartbeat.
  ///   - wait: How long to wait for the first one. The caller's rights are those at the beginning of the wait.
  /// - Returns: None, if there was nothing in time.
  public func claim(
    count: Int, leaseSeconds: Int, wait: Duration, for principal: Principal
  ) async throws(Refusal) -> [ClaimedRun] {
    try Policy.permit(.claimJobRuns, for: principal)
    let request = ClaimRequest(count: count, collector: principal.userName, leaseSeconds: leaseSeconds)
    return try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.claim(request, wait: wait, maximumAttempts: maximumAttempts)
    }
  }

  /// A sign of life: makes the lease hold for so long from now on.
  ///
  /// - Returns: When it expires.
  public func heartbeat(
    run: UUID, lease: UUID, leaseSeconds: Int, for principal: Principal
  ) async throws(Refusal) -> Date {
    try Policy.permit(.reportJobRun, for: principal)
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.renew(run: run, lease: lease, seconds: leaseSeconds)
    }
    return try Self.success(of: outcome, run: run)
  }

  /// The run has done what it was to do, and every batch of its reports is whole. Saying so once more with the same
  /// lease is no error.
  public func complete(
    run: UUID, lease: UUID, for principal: Principal, requestID: UUID
  ) async throws(Refusal) {
    try Policy.permit(.reportJobRun, for: principal)
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.complete(
        run: run, lease: lease, caller: principal.userID, callerName: principal.userName,
        requestID: requestID)
    }
    return try Self.success(of: outcome, run: run)
  }

  /// The run could not do what it was to do. Saying so once more with the same lease is no error.
  ///
  /// - Parameter message: Why; becomes the run's last message.
  public func fail(
    run: UUID, lease: UUID, message: String?, for principal: Principal, requestID: UUID
  ) async throws(Refusal) {
    try Policy.permit(.reportJobRun, for: principal)
    let message = message ?? "The collector \(principal.userName) has failed and did not say why."
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRunClaims.fail(
        run: run, lease: lease, message: message, caller: principal.userID, callerName: principal.userName,
        requestID: requestID)
    }
    return try Self.success(of: outcome, run: run)
  }

  private static func success<Success>(
    of outcome: JobRunClaims.Outcome<Success>, run: UUID
  ) throws(Refusal) -> Success {
    switch outcome {
    case .done(let success): return success
    case .refused(let fault): throw Refusal(fault, run: run)
    }
  }
}

extension Refusal {
  /// Why a collector cannot go on with a run: 404 when there is nothing left of it, 409 when it is not the
  /// collector's any more.
  init(_ fault: LeaseFault, run: UUID) {
    switch fault {
    case .notFound:
      self = .notFound(
        "The job run \(run.guidString) does not exist. It may have been purged, or its job deleted.")
    case .over(.aborted): self = .conflict("The run was aborted.")
    case .over(.completed): self = .conflict("The run was completed.")
    case .over: self = .conflict("The run has failed.")
    case .lost:
      self = .conflict(
        "The lease is not the run's: it has run out and the run was claimed again, or it is another's.")
    case .unfinished(let kind, let batch, let rowsStored):
      let name =
        switch kind {
        case .messages: "messages"
        case .collectedData: "collected data"
        case .results: "results"
        }
      self = .conflict(
        "The batch \(batch) of the \(name) is not whole: \(rowsStored) of its rows are stored. Send it again to its end, then complete the run."
      )
    }
  }
}
