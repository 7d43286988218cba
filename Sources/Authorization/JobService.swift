import Domain
import FoundationEssentials
import Observability
import Repository

/// What clients do with jobs: each method has the policy of its operation checked, by itself or within the transaction.
public struct JobService: Sendable {
  public struct Settings: Sendable {
    /// The most rows that a deletion erases in its own transaction.
    public var deletionRowBound: Int
    /// The most runs that are answered at once.
    public var maximumRuns: Int
    /// The most messages that are answered at once, over all those runs.
    public var maximumMessages: Int

    public init(deletionRowBound: Int, maximumRuns: Int, maximumMessages: Int) {
      self.deletionRowBound = deletionRowBound
      self.maximumRuns = maximumRuns
      self.maximumMessages = maximumMessages
    }
  }

  private let repository: Repository
  private let deletion: Deletion
  private let settings: Settings
  private let observe: Observer
  /// Called when a deletion has left rows to the eraser.
  private let rowsLeft: @Sendable () -> Void

  public init(
    repository: Repository, settings: Settings, observer: Observer, rowsLeft: @escaping @Sendable () -> Void
  ) {
    self.repository = repository
    deletion = repository.deletion(requiring: Policy.requirement(of: .deleteJob))
    self.settings = settings
    observe = observer
    self.rowsLeft = rowsLeft
  }

  /// Who a bearer token stands for, as of now: nothing is remembered from one request to the next, so a
  /// revoked right counts at once.
  public func authenticate(bearer: String?) async throws(Refusal) -> Principal {
    let hash = try Self.hash(bearer)
    return Principal(
      try Self.known(
        try await refusing { () async throws(RepositoryError) in
          try await repository.sessions.principal(accessHash: hash)
        }))
  }

  /// Refuses a token that stands for nobody.
  private static func known(_ record: Sessions.PrincipalRecord?) throws(Refusal) -> Sessions.PrincipalRecord {
    guard let record else { throw .unauthenticated(presented: true) }
    return record
  }

  private static func hash(_ bearer: String?) throws(Refusal) -> [UInt8] {
    guard let bearer else { throw .unauthenticated(presented: false) }
    return Token(text: bearer).hash
  }

  /// Delete Job, for one job or several: all of them or none.
  ///
  /// - Parameters:
  ///   - jobs: No job twice.
  ///   - versions: Those of which the job must have one; nil for any. For one job only.
  ///   - remove: Whether the jobs leave the directory.
  public func deleteJobs(
    _ jobs: [UUID], versions: [Int]? = nil, remove: Bool, bearer: String?, requestID: UUID
  ) async -> Attributed<[JobDeletion]> {
    await Attributed.noting { user throws(Refusal) in
      let hash = try Self.hash(bearer)
      let deletions = try await refusing { () async throws(RepositoryError) in
        try await deletion.delete(
          jobs: jobs, versions: versions, remove: remove, requestID: requestID,
          rowBound: settings.deletionRowBound, accessHash: hash)
      }
      user = deletions.first?.userName
      for deletion in deletions { try await refuse(deletion, bearer: bearer) }
      report(deletions)
      return deletions
    }
  }

  /// Refuses what was not done.
  private func refuse(_ deletion: JobDeletion, bearer: String?) async throws(Refusal) {
    let id = deletion.jobID.guidString
    switch deletion.outcome {
    case .done: return
    case .unknownCaller: throw .unauthenticated(presented: true)
    case .notPermitted:
      try Policy.permit(.deleteJob, for: try await authenticate(bearer: bearer))
      throw .unavailable("the caller was permitted to delete jobs just after it was refused")
    case .locked: throw .unavailable("the job is locked")
    case .notFound: throw .notFound("The job \(id) does not exist.")
    case .systemJob: throw .forbidden("The job \(id) is a system job. A system job cannot be deleted.")
    case .notCreator:
      throw .forbidden("The job \(id) was created by another user. Only its creator can delete it.")
    case .changed: throw .changed(id)
    }
  }

  private func report(_ deletions: [JobDeletion]) {
    observe(.jobsDeleted(count: deletions.count, runs: deletions.reduce(0) { $0 + $1.runs }))
    let rowsErased = deletions.reduce(0) { $0 + $1.rowsErased }
    if rowsErased > 0 { observe(.rowsErased(rowsErased)) }
    if deletions.contains(where: \.rowsLeft) { rowsLeft() }
  }

  /// Search Job by ID.
  public func job(_ id: UUID, bearer: String?) async -> Attributed<Job> {
    await Attributed.noting { user throws(Refusal) in
      let hash = try Self.hash(bearer)
      let (record, job) = try await refusing { () async throws(RepositoryError) in
        try await repository.jobs.job(id: id, accessHash: hash)
      }
      let caller = try Self.known(record)
      user = caller.userName
      try Policy.permit(.searchJobByID, for: Principal(caller))
      guard let job else { throw .notFound("The job \(id.guidString) does not exist.") }
      return job
    }
  }

  /// Search Job by Name: the one job of exactly this name, or none.
  public func jobs(named name: String, for principal: Principal) async throws(Refusal) -> [Job] {
    try Policy.permit(.searchJobByName, for: principal)
    return try await refusing { () async throws(RepositoryError) in
      try await repository.jobs.job(named: name).map { [$0] } ?? []
    }
  }

  /// Get Latest Job Runs, newest first.
  ///
  /// - Parameter count: How many; 0 for all.
  public func latestRuns(
    of job: UUID, count: Int, withMessages: Bool, for principal: Principal
  ) async throws(Refusal) -> [JobRun] {
    try Policy.permit(.getLatestJobRuns, for: principal)
    let wanted = count == 0 ? nil : count
    if wanted ?? .max > settings.maximumRuns {
      let existing = try await refusing { () async throws(RepositoryError) in
        try await repository.jobRuns.count(job: job)
      }
      guard min(existing ?? 0, wanted ?? .max) <= settings.maximumRuns else {
        throw .invalid(
          "The job has \(existing ?? 0) runs; ask for at most \(settings.maximumRuns) of them with count.")
      }
    }
    let found = try await refusing { () async throws(RepositoryError) in
      try await repository.jobRuns.latest(job: job, limit: wanted)
    }
    guard var runs = found else { throw .notFound("The job \(job.guidString) does not exist.") }
    if withMessages {
      let messages = runs.reduce(0) { $0 + $1.messageCount }
      guard messages <= settings.maximumMessages else {
        throw .invalid(
          "These runs have \(messages) messages; at most \(settings.maximumMessages) are answered at once: ask for fewer runs with count."
        )
      }
      try await refusing { () async throws(RepositoryError) in
        try await repository.jobRuns.addMessages(to: &runs)
      }
    }
    return runs
  }
}
