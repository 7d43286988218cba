import Domain
import Repository

/// Which tasks and folders an operation needs, all of them.
///
/// Access to a folder means a grant on the folder itself or on one above it. The documents name the two roots,
/// which have nothing above them: where an operation sees all there is, a grant on a sub-folder gives no access
/// to its root. Where it sees items of folders one by one, a grant anywhere in the tree lets the caller in, and
/// each item must then lie in a folder that is granted.
public struct Policy: Sendable, Equatable {
  /// How much of a tree must be granted.
  public enum Reach: Sendable, Equatable {
    /// The root, and so everything.
    case wholeTree
    /// Any folder; the operation looks at each item's own.
    case anywhere
  }

  public let tasks: [Permission]
  public let folders: [FolderRoot]
  public let reach: Reach

  init(tasks: [Permission], folders: [FolderRoot], reach: Reach = .wholeTree) {
    self.tasks = tasks
    self.folders = folders
    self.reach = reach
  }

  /// The policies of all operations; to be read beside the documents' table "Who may call what".
  public static let table: [Operation: Policy] = [
    .createJob: Policy(
      tasks: [
        .viewStandards, .viewAssets, .manageJobs, .collectData, .evaluateStandards, .viewEvaluationResults,
      ],
      folders: [.assetSystem, .standards], reach: .anywhere),
    .updateJob: Policy(
      tasks: [
        .viewStandards, .viewAssets, .manageJobs, .collectData, .evaluateStandards, .viewEvaluationResults,
      ],
      folders: [.assetSystem, .standards], reach: .anywhere),
    .jobOperation: Policy(
      tasks: [
        .viewStandards, .viewAssets, .viewAllJobs, .viewEvaluationResults, .manageJobs, .collectData,
        .evaluateStandards,
      ],
      folders: [.assetSystem, .standards]),
    .searchJobs: Policy(
      tasks: [.viewAllJobs, .viewStandards, .viewAssets],
      folders: [.assetSystem, .standards]),
    .searchJobByID: Policy(
      tasks: [.viewAllJobs, .viewStandards, .viewAssets],
      folders: [.assetSystem, .standards]),
    .searchJobByName: Policy(
      tasks: [.viewAllJobs, .viewStandards, .viewAssets],
      folders: [.assetSystem, .standards]),
    .getLatestJobRuns: Policy(
      tasks: [.viewAllJobs, .viewStandards, .viewAssets],
      folders: [.assetSystem, .standards]),
    .deleteJob: Policy(
      tasks: [.viewStandards, .manageJobs, .collectData, .evaluateStandards, .viewEvaluationResults],
      folders: [.assetSystem, .standards]),
    .searchStandards: Policy(
      tasks: [.viewStandards],
      folders: [.assetSystem, .standards], reach: .anywhere),
    .searchAssets: Policy(
      tasks: [.viewAssets],
      folders: [.assetSystem, .standards], reach: .anywhere),
    .getEvaluationResults: Policy(
      tasks: [.viewEvaluationResults, .viewStandards, .viewAssets],
      folders: [.assetSystem, .standards], reach: .anywhere),
    // Collectors get whatever the jobs' creators named, from all folders.
    .claimJobRuns: Policy(tasks: [.reportJobRuns], folders: [.assetSystem, .standards]),
    .reportJobRun: Policy(tasks: [.reportJobRuns], folders: [.assetSystem, .standards]),
  ]

  /// What a principal lacks for an operation; nil if nothing.
  static func lack(of principal: Principal, for operation: Operation) -> Lack? {
    guard let policy = table[operation] else { return .everything }
    if let task = policy.tasks.first(where: { !principal.tasks.contains($0) }) { return .task(task) }
    let reached = policy.reach == .wholeTree ? principal.folders : principal.trees
    if let folder = policy.folders.first(where: { !reached.contains($0.id) }) { return .folder(folder) }
    return nil
  }

  /// The policy of an operation, for the repository to carry out in the operation's own transaction.
  static func requirement(of operation: Operation) -> Deletion.Requirement {
    guard let policy = table[operation], !policy.tasks.isEmpty, policy.reach == .wholeTree else {
      preconditionFailure("\(operation.rawValue) has no policy that a transaction could carry out")
    }
    return Deletion.Requirement(
      tasks: Set(policy.tasks.map(\.rawValue)), folders: Set(policy.folders.map(\.id)))
  }

  /// Lets a principal do something, or says what is lacking.
  static func permit(_ operation: Operation, for principal: Principal) throws(Refusal) {
    switch lack(of: principal, for: operation) {
    case nil: return
    case .task(let task): throw .forbidden("\(operation.rawValue) needs the task \"\(task.rawValue)\".")
    case .folder(let folder):
      throw .forbidden("\(operation.rawValue) needs access to the folder \"\(folder.rawValue)\".")
    case .everything: throw .forbidden("\(operation.rawValue) is permitted to nobody.")
    }
  }

  enum Lack: Equatable {
    case task(Permission)
    case folder(FolderRoot)
    /// There is no policy for the operation, so nobody may do it.
    case everything
  }
}
