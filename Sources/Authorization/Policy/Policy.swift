import Domain

/// Which tasks and folders an operation needs, all of them.
///
/// Access to a folder means a grant on the folder itself or on one above it. The documents name the two roots,
/// which have nothing above them: a grant on a sub-folder gives no access to its root.
public struct Policy: Sendable, Equatable {
  public let tasks: [Permission]
  public let folders: [FolderRoot]

  /// The policies of all operations; to be read beside the documents' table "Who may call what".
  public static let table: [Operation: Policy] = [
    .deleteJob: Policy(
      tasks: [.viewStandards, .manageJobs, .collectData, .evaluateStandards, .viewEvaluationResults],
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
  ]

  /// What a principal lacks for an operation; nil if nothing.
  static func lack(of principal: Principal, for operation: Operation) -> Lack? {
    guard let policy = table[operation] else { return .everything }
    if let task = policy.tasks.first(where: { !principal.tasks.contains($0) }) { return .task(task) }
    if let folder = policy.folders.first(where: { !principal.folders.contains($0.id) }) {
      return .folder(folder)
    }
    return nil
  }

  enum Lack: Equatable {
    case task(Permission)
    case folder(FolderRoot)
    /// There is no policy for the operation, so nobody may do it.
    case everything
  }
}
