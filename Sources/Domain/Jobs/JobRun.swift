import FoundationEssentials

/// One execution of a job.
public struct JobRun: Sendable, Equatable {
  public enum Status: String, Sendable, CaseIterable, Codable {
    case queued = "Queued"
    case running = "Running"
    case completed = "Completed"
    case failed = "Failed"
    case aborted = "Aborted"
  }

  /// A message of a run.
  public struct Message: Sendable, Equatable {
    public var time: Date
    public var severity: String
    public var assetID: UUID?
    public var text: String

    public init(time: Date, severity: String, assetID: UUID?, text: String) {
      self.time = time
      self.severity = severity
      self.assetID = assetID
      self.text = text
    }
  }

  public var id: UUID
  public var jobID: UUID
  public var status: Status
  /// A user's name, or `Schedule`.
  public var triggeredBy: String
  public var queuedAt: Date
  public var startedAt: Date?
  public var endedAt: Date?
  public var messageCount: Int
  /// In the order in which they were reported; nil if not requested.
  public var messages: [Message]?

  public init(
    id: UUID, jobID: UUID, status: Status, triggeredBy: String, queuedAt: Date, startedAt: Date?,
    endedAt: Date?, messageCount: Int, messages: [Message]? = nil
  ) {
    self.id = id
    self.jobID = jobID
    self.status = status
    self.triggeredBy = triggeredBy
    self.queuedAt = queuedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.messageCount = messageCount
    self.messages = messages
  }
}
