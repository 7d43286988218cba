import Domain
import FoundationEssentials
import JSON
import Observability
import Repository

/// Where jobs are read; `Jobs`, but in tests.
protocol JobReading: Sendable {
  /// A job, together with its reader's authorisation.
  func job(
    id: UUID, accessHash: [UInt8], requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> (reader: Authorizations.Answer?, job: Job?)
  func job(named name: String) async throws(RepositoryError) -> Job?
  func search(_ search: JobSearch, _ page: SearchPage) async throws(RepositoryError) -> SearchResult<Job>
  func jobs(_ ids: [UUID]) async throws(RepositoryError) -> [Job]
}

extension Jobs: JobReading {}

/// Where jobs are deleted together with the caller's authorisation; `Deletion`, but in tests.
protocol JobDeleting: Sendable {
  func delete(
    jobs: [UUID], versions: [Int]?, remove: Bool, requestID: UUID, rowBound: Int, accessHash: [UInt8],
    requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> [JobDeletion]

  /// Puts a refusal on record.
  func countRefusal(_ deletion: JobDeletion, requestID: UUID) async throws(RepositoryError)
}

extension Deletion: JobDeleting {}

/// Create Job, Update Job, Delete Job and the searches for jobs.
public struct JobGate: Sendable {
  /// A job that was created.
  public struct Created: Sendable, Equatable {
    public let job: Job
    /// The run that started at once.
    public let runID: UUID?
  }

  private let authorizer: Authorizer
  private let jobs: any JobReading
  private let definitions: JobDefinitions
  private let deletion: any JobDeleting
  /// Maximum number of rows that a deletion erases in its own transaction.
  private let deletionRowBound: Int
  private let shares: SearchShares
  private let observe: Observer
  /// Called when a deletion has left rows to the eraser.
  private let rowsLeft: @Sendable () -> Void

  public init(
    repository: Repository, deletionRowBound: Int, shares: SearchShares, observer: Observer,
    rowsLeft: @escaping @Sendable () -> Void
  ) {
    self.init(
      authorizer: Authorizer(repository: repository), jobs: repository.jobs,
      definitions: repository.jobDefinitions, deletion: repository.deletion,
      deletionRowBound: deletionRowBound, shares: shares, observer: observer, rowsLeft: rowsLeft)
  }

  init(
    authorizer: Authorizer, jobs: any JobReading, definitions: JobDefinitions, deletion: any JobDeleting,
    deletionRowBound: Int, shares: SearchShares, observer: Observer,
    rowsLeft: @escaping @Sendable () -> Void
  ) {
    self.authorizer = authorizer
    self.jobs = jobs
    self.definitions = definitions
    self.deletion = deletion
    self.deletionRowBound = deletionRowBound
    self.shares = shares
    observe = observer
    self.rowsLeft = rowsLeft
  }

  // MARK: - Delete Job

  /// Delete Job, for one job or several: all of them or none.
  ///
  /// - Parameters:
  ///   - jobs: No job twice.
  ///   - precondition: For one job only.
  ///   - remove: Whether the jobs are removed from the directory.
  public func delete(
    _ jobs: [UUID], if precondition: JobPrecondition = .none, remove: Bool, _ context: inout RequestContext
  ) async throws(Refusal) -> [JobDeletion] {
    let hash = try Authorizer.accessHash(of: context)
    let (requestID, rowBound) = (context.requestID, deletionRowBound)
    let deletions = try await refusing { () async throws(RepositoryError) in
      try await deletion.delete(
        jobs: jobs, versions: precondition.versions, remove: remove, requestID: requestID, rowBound: rowBound,
        accessHash: hash, requirement: Operation.deleteJob.requirement)
    }
    context.userName = deletions.first?.userName
    // After the transaction: one that deletes is no slower for it. Without the event the refusal stands.
    if let refused = deletions.first(where: \.outcome.isForbidden) {
      try? await deletion.countRefusal(refused, requestID: requestID)
    }
    for deletion in deletions { try Self.refuse(deletion, precondition) }
    report(deletions)
    return deletions
  }

  /// Refuses what was not done.
  private static func refuse(
    _ deletion: JobDeletion, _ precondition: JobPrecondition
  ) throws(Refusal) {
    let id = deletion.jobID.guidString
    switch deletion.outcome {
    case .done: return
    case .unknownCaller: throw .unauthenticated(presented: true)
    case .notPermitted: throw Operation.deleteJob.refusal(missing: deletion.missing ?? "")
    case .locked: throw .unavailable("the job is locked")
    case .notFound: throw .notFound("The job \(id) does not exist.")
    case .systemJob: throw .forbidden("The job \(id) is a system job. A system job cannot be deleted.")
    case .notCreator:
      throw .forbidden("The job \(id) was created by another user. Only its creator can delete it.")
    case .changed: throw precondition.refusal(job: id)
    }
  }

  private func report(_ deletions: [JobDeletion]) {
    observe(.jobsDeleted(count: deletions.count, runs: deletions.reduce(0) { $0 + $1.runs }))
    let rowsErased = deletions.reduce(0) { $0 + $1.rowsErased }
    if rowsErased > 0 { observe(.rowsErased(rowsErased)) }
    if deletions.contains(where: \.rowsLeft) { rowsLeft() }
  }

  // MARK: - Searches

  /// Search Job by ID.
  public func job(_ id: UUID, _ context: inout RequestContext) async throws(Refusal) -> Job {
    let hash = try Authorizer.accessHash(of: context)
    let (reader, job) = try await refusing { () async throws(RepositoryError) in
      try await jobs.job(
        id: id, accessHash: hash, requirement: Operation.searchJobByID.requirement)
    }
    try Authorizer.admit(reader, to: .searchJobByID, &context)
    guard let job else { throw .notFound("The job \(id.guidString) does not exist.") }
    return job
  }

  /// Search Job by Name: the one job of exactly this name, or none.
  public func jobs(
    named name: String, _ context: inout RequestContext
  ) async throws(Refusal) -> [Job] {
    try await authorizer.permit(.searchJobByName, &context)
    return try await refusing { () async throws(RepositoryError) in
      try await jobs.job(named: name).map { [$0] } ?? []
    }
  }

  /// Search Jobs. A caller who may search sees all jobs.
  public func jobs(
    _ search: JobSearch, _ page: SearchPage, _ context: inout RequestContext
  ) async throws(Refusal) -> SearchResult<Job> {
    let caller = try await authorizer.permit(.searchJobs, &context)
    return try await shares.search(for: caller.userID) { () async throws(RepositoryError) in
      try await jobs.search(search, page)
    }
  }

  /// Jobs that a search has found and not read as a whole, for whom it has found them. Those that have been deleted since
  /// are left out.
  public func jobs(found ids: [UUID]) async throws(Refusal) -> [Job] {
    try await refusing { () async throws(RepositoryError) in try await jobs.jobs(ids) }
  }

  // MARK: - Create Job and Update Job

  /// Create Job.
  public func create(
    _ definition: JobDefinition, now: Date = Date(), _ context: inout RequestContext
  ) async throws(Refusal) -> Created {
    let author = try await author(.createJob, &context)
    let schedule = definition.details.schedule
    let id = UUID()
    let run = schedule?.runNow == true ? UUID.timeOrdered(at: now) : nil
    let creation = try await refusing { () async throws(RepositoryError) in
      try await definitions.create(
        definition, id: id, nextRunAt: schedule?.firstRun(setAt: now), run: run, by: author)
    }
    switch creation {
    case .done(let job): return Created(job: job, runID: run)
    case .unreachable(let items): throw Self.refusal(of: items, in: definition.details)
    case .nameTaken: throw Self.nameTaken(definition.name)
    }
  }

  /// Update Job.
  ///
  /// - Returns: The job as it is then.
  public func update(
    _ update: JobUpdate, if precondition: JobPrecondition, now: Date = Date(),
    _ context: inout RequestContext
  ) async throws(Refusal) -> Job {
    let author = try await author(.updateJob, &context)
    let schedule = update.details.schedule
    let run = schedule?.runNow == true ? UUID.timeOrdered(at: now) : nil
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await definitions.update(
        update, versions: precondition.versions, nextRunAt: schedule?.firstRun(setAt: now), run: run,
        by: author)
    }
    let id = update.jobID.guidString
    switch outcome {
    case .done(let job): return job
    case .notFound: throw .notFound("The job \(id) does not exist.")
    case .systemJob: throw .forbidden("The job \(id) is a system job. A system job cannot be updated.")
    case .notCreator:
      throw .forbidden("The job \(id) was created by another user. Only its creator can update it.")
    case .changed: throw precondition.refusal(job: id)
    case .unreachable(let items): throw Self.refusal(of: items, in: update.details)
    case .nameTaken: throw Self.nameTaken(update.details.name ?? "")
    }
  }

  private func author(
    _ operation: Operation, _ context: inout RequestContext
  ) async throws(Refusal) -> JobDefinitions.Author {
    let caller = try await authorizer.permit(operation, &context)
    return JobDefinitions.Author(
      userID: caller.userID, userName: caller.userName, requestID: context.requestID)
  }

  private static func nameTaken(_ name: String) -> Refusal {
    .conflict("A job with the name \"\(name)\" exists already. The case of letters does not matter.")
  }

  /// Items that do not exist are reported at every place that names them. Only if all exist, those that are not open to
  /// the caller are, whether the body names them or the job already does.
  static func refusal(of items: UnreachableItems, in details: JobDetails) -> Refusal {
    let problems = JSONProblems()
    for (kind, references, missing) in [
      ("asset", details.assets, items.missingAssets), ("standard", details.standards, items.missingStandards),
    ] {
      for item in references ?? [] where missing.contains(item.id) {
        problems.note(item.pointer, rule: "names the \(kind) \(item.id.guidString), which does not exist")
      }
    }
    guard problems.all.isEmpty else { return .invalidFields(problems.all) }
    let closed =
      inWords("asset", details.assets, items.closedAssets)
      + inWords("standard", details.standards, items.closedStandards)
    let named = closed.prefix(maximumNamed).joined(separator: ", ")
    let more = closed.count > maximumNamed ? " and \(closed.count - maximumNamed) more" : ""
    return .forbidden("You have no access to the folder of \(named)\(more).")
  }

  /// The items in words, those of the body first, in its order.
  private static func inWords(
    _ kind: String, _ references: [JobDetails.Item]?, _ items: Set<UUID>
  ) -> [String] {
    let inBody = (references ?? []).map(\.id).filter(items.contains)
    let others = items.subtracting(inBody).map(\.guidString).sorted()
    return (inBody.map(\.guidString) + others).map { "the \(kind) \($0)" }
  }

  /// Maximum number of GUIDs that a refusal names.
  private static let maximumNamed = 20
}
