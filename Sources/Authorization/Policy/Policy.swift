import Domain
import FoundationEssentials
import Repository

/// Which tasks and folders an operation needs, all of them.
///
/// Access to a folder means a grant on the folder itself or on one above it. The documents name the two roots,
/// which have nothing above them: for an operation that sees everything, a grant on a sub-folder gives no access
/// to its root. For one that sees items of single folders, a grant anywhere in the tree lets the caller in, and
/// each item must then lie in a folder that is granted.
public struct Policy: Sendable, Equatable {
  /// How much of a tree must be granted.
  public enum Reach: Sendable, Equatable {
    /// The root, and so everything.
    case wholeTree
    /// Any folder; the operation checks the folder of each item.
    case anywhere
  }

  /// Whether the caller needs an access token at all.
  public let needsToken: Bool
  public let tasks: [Permission]
  public let folders: [FolderRoot]
  public let reach: Reach

  private init(needsToken: Bool, tasks: [Permission], folders: [FolderRoot], reach: Reach) {
    self.needsToken = needsToken
    self.tasks = tasks
    self.folders = folders
    self.reach = reach
  }

  /// For every client, with or without a token.
  static let anybody = Policy(needsToken: false, tasks: [], folders: [], reach: .anywhere)

  /// Every documented operation needs both roots.
  static func holders(of tasks: [Permission], _ reach: Reach = .wholeTree) -> Policy {
    Policy(needsToken: true, tasks: tasks, folders: [.assetSystem, .standards], reach: reach)
  }
}

extension Operation {
  /// The table of policies; to be read beside the documents' table "Who may call what".
  public var policy: Policy {
    switch self {
    case .createJob, .updateJob:
      .holders(
        of: [
          .viewStandards, .viewAssets, .manageJobs, .collectData, .evaluateStandards, .viewEvaluationResults,
        ], .anywhere)
    case .deleteJob:
      .holders(of: [.viewStandards, .manageJobs, .collectData, .evaluateStandards, .viewEvaluationResults])
    case .jobOperation:
      .holders(of: [
        .viewStandards, .viewAssets, .viewAllJobs, .viewEvaluationResults, .manageJobs, .collectData,
        .evaluateStandards,
      ])
    case .searchJobs, .searchJobByID, .searchJobByName, .getLatestJobRuns:
      .holders(of: [.viewAllJobs, .viewStandards, .viewAssets])
    case .searchStandards:
      .holders(of: [.viewStandards], .anywhere)
    case .searchAssets:
      .holders(of: [.viewAssets], .anywhere)
    case .getEvaluationResults:
      .holders(of: [.viewEvaluationResults, .viewStandards, .viewAssets], .anywhere)
    // Collectors work on whatever the jobs' creators named, from all folders.
    case .claimJobRuns, .heartbeatJobRun, .completeJobRun, .failJobRun, .reportMessages, .reportCollectedData,
      .reportResults:
      .holders(of: [.reportJobRuns])
    case .searchAuditTrail:
      .holders(of: [.viewAuditTrail])
    case .getToken, .revokeToken, .getAPIDescription, .getLiveness, .getReadiness, .getMetrics:
      .anybody
    }
  }

  /// The policy as `auth.authorize` takes it. Made once for each operation: concurrent requests share a statement if
  /// theirs are equal, and arrays that share their storage are compared in O(1).
  var requirement: Authorizations.Requirement {
    guard let requirement = Self.requirements[self] else { preconditionFailure("\(self) has no policy") }
    return requirement
  }

  private static let requirements = Dictionary(
    uniqueKeysWithValues: allCases.map { operation in
      let policy = operation.policy
      return (
        operation,
        Authorizations.Requirement(
          tasks: policy.tasks.map(\.rawValue), folders: policy.folders.map(\.id),
          wholeTree: policy.reach == .wholeTree)
      )
    })

  /// Why it is refused to a caller who lacks something.
  ///
  /// - Parameter missing: As `auth.authorize` names it: a task, or the identifier of a folder.
  func refusal(missing: String) -> Refusal {
    if let task = Permission(rawValue: missing) {
      return .forbidden("\(grantTitle) needs the task \"\(task.rawValue)\".")
    }
    guard let folder = FolderRoot.allCases.first(where: { $0.id == UUID(uuidString: missing) }) else {
      return .failed("auth.authorize answered the unknown word \"\(missing)\" for \(title)")
    }
    return .forbidden("\(grantTitle) needs access to the folder \"\(folder.rawValue)\".")
  }
}
