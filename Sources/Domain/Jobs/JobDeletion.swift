import FoundationEssentials

/// What became of one job that was to be deleted.
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
    /// Somebody else is changing it at this moment.
    case locked
    /// Its version is none of those that the caller knows.
    case changed
  }

  public var jobID: UUID
  public var outcome: Outcome
  /// The caller's name; nil if the token stands for nobody.
  public var userName: String?
  /// What the caller lacks, if not permitted: the name of a task or the identifier of a folder.
  public var missing: String?
  /// nil if there is no such job, or nobody looked.
  public var jobName: String?
  /// The runs in the history that was purged.
  public var runs: Int
  /// Whether rows of the history are left for the eraser. Nobody can reach them any more.
  public var rowsLeft: Bool
  /// The rows erased by the transaction; where several jobs shared it, the first that is done has them all.
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
