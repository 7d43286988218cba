import Domain
import FoundationEssentials
import Repository

/// Job Operation: starts and ends runs by hand.
public struct JobOperating: Sendable {
  private let repository: Repository

  public init(repository: Repository) { self.repository = repository }

  /// Starts a run of a job now.
  ///
  /// - Returns: The run's ID; it is in the queue.
  public func execute(
    job: UUID, for principal: Principal, requestID: UUID
  ) async throws(Refusal) -> UUID {
    try Policy.permit(.jobOperation, for: principal)
    let run = UUID.timeOrdered()
    let start = try await refusing { () async throws(RepositoryError) in
      try await repository.runControl.start(
        job: job, run: run, user: principal.userID, userName: principal.userName, requestID: requestID)
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

  /// Ends a run that is not over.
  public func abort(run: UUID, for principal: Principal, requestID: UUID) async throws(Refusal) {
    try Policy.permit(.jobOperation, for: principal)
    let abort = try await refusing { () async throws(RepositoryError) in
      try await repository.runControl.abort(
        run: run, user: principal.userID, userName: principal.userName, requestID: requestID)
    }
    let id = run.guidString
    switch abort {
    case .aborted: return
    case .notFound: throw .notFound("The job run \(id) does not exist.")
    case .over(let status): throw .conflict("The job run \(id) is over: it is \(status.rawValue).")
    }
  }
}
