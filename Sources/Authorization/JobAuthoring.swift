import Domain
import FoundationEssentials
import JSON
import Repository

/// Create Job and Update Job: each method checks the policy of its operation, then calls the repository.
public struct JobAuthoring: Sendable {
  /// A job that was created.
  public struct Created: Sendable, Equatable {
    public let jobID: UUID
    /// The run that started at once.
    public let runID: UUID?
    public let version: Int
  }

  /// How large a definition may be; for whoever reads one.
  public let limits: JobDetails.Limits
  private let repository: Repository

  public init(repository: Repository, limits: JobDetails.Limits) {
    self.repository = repository
    self.limits = limits
  }

  /// Create Job.
  public func create(
    _ definition: JobDefinition, for principal: Principal, requestID: UUID, now: Date = Date()
  ) async throws(Refusal) -> Created {
    try Policy.permit(.createJob, for: principal)
    let schedule = definition.details.schedule
    let id = UUID()
    let run = schedule?.runNow == true ? UUID.timeOrdered(at: now) : nil
    let creation = try await refusing { () async throws(RepositoryError) in
      try await repository.jobDefinitions.create(
        definition, id: id, nextRunAt: schedule?.firstRun(setAt: now), run: run,
        by: Self.author(principal, requestID))
    }
    switch creation {
    case .done: return Created(jobID: id, runID: run, version: 1)
    case .unreachable(let items): throw Self.refusal(of: items, in: definition.details)
    case .nameTaken: throw Self.nameTaken(definition.name)
    }
  }

  /// Update Job.
  ///
  /// - Parameter versions: Those of which the job must have one; nil for any.
  /// - Returns: The job as it is then.
  public func update(
    _ update: JobUpdate, versions: [Int]?, for principal: Principal, requestID: UUID, now: Date = Date()
  ) async throws(Refusal) -> Job {
    try Policy.permit(.updateJob, for: principal)
    let schedule = update.details.schedule
    let run = schedule?.runNow == true ? UUID.timeOrdered(at: now) : nil
    let outcome = try await refusing { () async throws(RepositoryError) in
      try await repository.jobDefinitions.update(
        update, versions: versions, nextRunAt: schedule?.firstRun(setAt: now), run: run,
        by: Self.author(principal, requestID))
    }
    let id = update.jobID.guidString
    switch outcome {
    case .done(let job): return job
    case .notFound: throw .notFound("The job \(id) does not exist.")
    case .systemJob: throw .forbidden("The job \(id) is a system job. A system job cannot be updated.")
    case .notCreator:
      throw .forbidden("The job \(id) was created by another user. Only its creator can update it.")
    case .changed: throw .changed(id)
    case .unreachable(let items): throw Self.refusal(of: items, in: update.details)
    case .nameTaken: throw Self.nameTaken(update.details.name ?? "")
    }
  }

  private static func author(_ principal: Principal, _ requestID: UUID) -> JobDefinitions.Author {
    JobDefinitions.Author(
      userID: principal.userID, userName: principal.userName, requestID: requestID,
      folders: Array(principal.folders))
  }

  private static func nameTaken(_ name: String) -> Refusal {
    .conflict("A job with the name \"\(name)\" exists already. The case of letters does not matter.")
  }

  /// What does not exist is said at every place that names it; only if all exists, what is not open, be it named in
  /// the body or in the job already.
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
    let named = closed.prefix(mostNamed).joined(separator: ", ")
    let more = closed.count > mostNamed ? " and \(closed.count - mostNamed) more" : ""
    return .forbidden("You have no access to the folder of \(named)\(more).")
  }

  /// Those items in words, first those of the body in its order.
  private static func inWords(
    _ kind: String, _ references: [JobDetails.Item]?, _ items: Set<UUID>
  ) -> [String] {
    let inBody = (references ?? []).map(\.id).filter(items.contains)
    let others = items.subtracting(inBody).map(\.guidString).sorted()
    return (inBody.map(\.guidString) + others).map { "the \(kind) \($0)" }
  }

  /// How many GUIDs a refusal names.
  private static let mostNamed = 20
}
