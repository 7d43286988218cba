import FoundationEssentials

/// One event of the audit trail. Its names are those of its time: events outlive users and jobs.
public struct AuditEvent: Sendable, Equatable {
  public var id: Int
  public var occurredAt: Date
  /// nil if it was not a user of the directory: commands, the schedule, retention, somebody with an unknown name.
  public var userID: UUID?
  public var userName: String
  /// ``AuditOperation``, or what it was called when the event was written.
  public var operation: String
  public var jobID: UUID?
  public var jobName: String?
  /// The request's ID in the server's log.
  public var requestID: UUID?
  /// A JSON object.
  public var details: String?

  /// Creates an event; each parameter is the property of its name.
  public init(
    id: Int, occurredAt: Date, userID: UUID?, userName: String, operation: String, jobID: UUID?,
    jobName: String?, requestID: UUID?, details: String?
  ) {
    self.id = id
    self.occurredAt = occurredAt
    self.userID = userID
    self.userName = userName
    self.operation = operation
    self.jobID = jobID
    self.jobName = jobName
    self.requestID = requestID
    self.details = details
  }

  /// Where the event stands in the trail.
  public var position: Position { Position(occurredAt: occurredAt, id: id) }

  /// A place in the trail, newest first, and the text with which clients request what follows it.
  public struct Position: Sendable, Equatable {
    public var occurredAt: Date
    public var id: Int

    public init(occurredAt: Date, id: Int) {
      self.occurredAt = occurredAt
      self.id = id
    }

    /// - Parameter cursor: What ``cursor`` was; nil for any other text.
    public init?(cursor: String) {
      let parts = cursor.split(separator: "_", omittingEmptySubsequences: false)
      guard parts.count == 2, let microseconds = Int64(parts[0]), microseconds.magnitude < 1 << 60,
        let id = Int(parts[1])
      else { return nil }
      self.init(occurredAt: Date(timeIntervalSince1970: Double(microseconds) / 1_000_000), id: id)
    }

    /// The time in microseconds since 1970, and the number of the event.
    public var cursor: String {
      "\(Int64((occurredAt.timeIntervalSince1970 * 1_000_000).rounded()))_\(id)"
    }
  }
}

/// A filter for events; nil members match all.
public struct AuditQuestion: Sendable, Equatable {
  public enum Job: Sendable, Equatable {
    case id(UUID)
    /// Its name at the time of the event, in any case.
    case name(String)

    /// - Parameter text: A GUID, or a name.
    public init(_ text: String) { self = UUID(guid: text).map { .id($0) } ?? .name(text) }
  }

  /// In any case.
  public var userName: String?
  public var job: Job?
  /// In any case.
  public var operation: String?
  /// Inclusive.
  public var since: Date?
  /// Exclusive.
  public var until: Date?

  public init(
    userName: String? = nil, job: Job? = nil, operation: String? = nil, since: Date? = nil,
    until: Date? = nil
  ) {
    self.userName = userName
    self.job = job
    self.operation = operation
    self.since = since
    self.until = until
  }
}
