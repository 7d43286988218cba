import FoundationEssentials

/// The result of deleting one job.
public struct JobDeletion: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    case done
    /// The caller's token is unknown, expired or revoked, or its user is disabled.
    case unknownCaller = "unknown caller"
    /// The caller lacks a task or a folder.
    case notPermitted = "not permitted"
    /// There is no such job.
    case notFound = "not found"
    /// The caller did not create it.
    case notCreator = "not creator"
    /// It belongs to the installation.
    case systemJob = "system job"
    /// Another transaction is changing it.
    case locked
    /// Its version is not one that the caller accepts.
    case changed

    /// Whether somebody has tried what he or she may not do.
    public var isForbidden: Bool {
      switch self {
      case .notPermitted, .notCreator, .systemJob: true
      case .done, .unknownCaller, .notFound, .locked, .changed: false
      }
    }
  }

  public var jobID: UUID
  public var outcome: Outcome
  /// The caller's name; nil if the token stands for nobody.
  public var userName: String?
  /// What the caller lacks, if not permitted: the name of a task or the identifier of a folder.
  public var missing: String?
  /// nil if there is no such job, or it was not looked up.
  public var jobName: String?
  /// The runs in the history that was purged.
  public var runs: Int
  /// Whether rows of the history are left to the eraser. They are no longer reachable.
  public var rowsLeft: Bool
  /// The rows erased by the transaction; if several jobs share it, the first deleted one has them all.
  public var rowsErased: Int

  public init(
    jobID: UUID, outcome: Outcome, userName: String?, missing: String? = nil, jobName: String?, runs: Int,
    rowsLeft: Bool, rowsErased: Int
  ) {
    self.jobID = jobID
    self.outcome = outcome
    self.userName = userName
    self.missing = missing
    self.jobName = jobName
    self.runs = runs
    self.rowsLeft = rowsLeft
    self.rowsErased = rowsErased
  }
}
