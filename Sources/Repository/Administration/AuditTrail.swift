import FoundationEssentials
import Postgres

/// The audit trail, newest event first.
extension DirectoryAdministration {
  /// One event. Its names are those of its time: events outlive users and jobs.
  public struct AuditEvent: Sendable, Equatable {
    public var id: Int
    public var occurredAt: Date
    /// nil if it was not a user of the directory: commands, the schedule, retention.
    public var userID: UUID?
    public var userName: String
    /// `Delete Job`, `Add User`.
    public var operation: String
    public var jobID: UUID?
    public var jobName: String?
    /// The request's ID in the server's log.
    public var requestID: UUID?
    /// A JSON object.
    public var details: String?
  }

  /// A filter for events; nil members match all.
  public struct AuditQuestion: Sendable, Equatable {
    public enum Job: Sendable, Equatable {
      case id(UUID)
      /// Its name at the time of the event, in any case.
      case name(String)
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

  /// A page of events, newest first; events of the same time in reverse order of writing.
  ///
  /// - Parameters:
  ///   - last: The last event of the previous page; nil for the first page.
  ///   - limit: The most events; a shorter page is the last one.
  public func auditEvents(
    _ question: AuditQuestion, after last: AuditEvent?, limit: Int
  ) async throws(RepositoryError) -> [AuditEvent] {
    var values = BoundValues()
    var conditions: [String] = []
    if let name = question.userName {
      conditions.append("directory.folded(user_name) = directory.folded(\(values.bind(.text(name))))")
    }
    switch question.job {
    case .id(let id): conditions.append("job_id = \(values.bind(.uuid(id)))")
    case .name(let name):
      conditions.append("directory.folded(job_name) = directory.folded(\(values.bind(.text(name))))")
    case nil: break
    }
    if let operation = question.operation {
      conditions.append("lower(operation) = lower(\(values.bind(.text(operation))))")
    }
    if let since = question.since { conditions.append("occurred_at >= \(values.bind(.time(since)))") }
    if let until = question.until { conditions.append("occurred_at < \(values.bind(.time(until)))") }
    if let last {
      let position = [values.bind(.time(last.occurredAt)), values.bind(.int(Int64(last.id)))]
      conditions.append("(occurred_at, event_id) < (\(position.joined(separator: ", ")))")
    }
    // Before the call of query(_:), which takes the values as they are when it begins.
    let size = values.bind(.int(Int64(limit)))
    // Planned for each page with its values, so that the planner takes the index that fits them.
    let query = values.query(
      """
      SELECT event_id, occurred_at, user_id, user_name, operation, job_id, job_name, request_id, details::text
      FROM audit.events
      \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
      ORDER BY occurred_at DESC, event_id DESC
      LIMIT \(size)
      """)
    return try await pool.rows(query) {
      try AuditEvent(
        id: $0(0), occurredAt: $0(1), userID: $0(2), userName: $0(3), operation: $0(4), jobID: $0(5),
        jobName: $0(6), requestID: $0(7), details: $0(8))
    }
  }
}
