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

  public init(
    id: UUID, jobID: UUID, status: Status, triggeredBy: String, queuedAt: Date, startedAt: Date?,
    endedAt: Date?, messageCount: Int
  ) {
    self.id = id
    self.jobID = jobID
    self.status = status
    self.triggeredBy = triggeredBy
    self.queuedAt = queuedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.messageCount = messageCount
  }

  /// Where the run stands among those of its job.
  public var position: Position { Position(queuedAt: queuedAt, id: id) }

  /// A place among the runs of a job, newest first, and the text with which clients ask for what follows it.
  public struct Position: Sendable, Equatable {
    public var queuedAt: Date
    public var id: UUID

    public init(queuedAt: Date, id: UUID) {
      self.queuedAt = queuedAt
      self.id = id
    }

    /// - Parameter cursor: What ``cursor`` was; nil for any other text.
    public init?(cursor: String) {
      let parts = cursor.split(separator: "_", omittingEmptySubsequences: false)
      guard parts.count == 2, let microseconds = Int64(parts[0]), microseconds.magnitude < 1 << 60,
        let id = UUID(guid: String(parts[1]))
      else { return nil }
      self.init(queuedAt: Date(timeIntervalSince1970: Double(microseconds) / 1_000_000), id: id)
    }

    /// The time in microseconds since 1970, and the GUID. A made-up one shows nothing that its maker may not see anyway.
    public var cursor: String {
      "\(Int64((queuedAt.timeIntervalSince1970 * 1_000_000).rounded()))_\(id.guidString)"
    }
  }
}
