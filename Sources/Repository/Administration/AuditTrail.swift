import FoundationEssentials
import Postgres

/// The audit trail, read from its newest event back.
extension DirectoryAdministration {
  /// Something that somebody has done. Names are those of that time: events outlive users and jobs.
  public struct AuditEvent: Sendable, Equatable {
    public var id: Int
    public var occurredAt: Date
    /// nil for what no user of the directory did: commands, the schedule, retention.
    public var userID: UUID?
    public var userName: String
    /// `Delete Job`, `Add User`.
    public var operation: String
    public var jobID: UUID?
    public var jobName: String?
    /// The request behind it, as it is in the server's log.
    public var requestID: UUID?
    /// A JSON object.
    public var details: String?
  }

  /// Which events are asked for: those that fit everything that is not nil.
  public struct AuditQuestion: Sendable, Equatable {
    public enum Job: Sendable, Equatable {
      case id(UUID)
      /// What it was called at that time; case does not count.
      case name(String)
    }

    /// Case does not count.
    public var userName: String?
    public var job: Job?
    /// Case does not count.
    public var operation: String?
    /// The first moment that counts.
    public var since: Date?
    /// The first moment that counts no more.
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

  /// A page of events, newest first; of two at the same moment, the one that was written later.
  ///
  /// - Parameters:
  ///   - last: The last event of the page before; nil for the first page.
  ///   - limit: The most events; fewer mean that there are no more.
  public func auditEvents(
    _ question: AuditQuestion, after last: AuditEvent?, limit: Int
  ) async throws(RepositoryError) -> [AuditEvent] {
    var values = BoundValues()
    var conditions: [String] = []
    if let name = question.userName { conditions.append("lower(user_name) = lower(\(values.bind(.text(name))))") }
    switch question.job {
    case .id(let id): conditions.append("job_id = \(values.bind(.uuid(id)))")
    case .name(let name): conditions.append("lower(job_name) = lower(\(values.bind(.text(name))))")
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
    // Planned for each page with its values, so that the planner takes the index that fits them.
    let query = values.query(
      """
      SELECT event_id, occurred_at, user_id, user_name, operation, job_id, job_name, request_id, details::text
      FROM audit.events
      \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
      ORDER BY occurred_at DESC, event_id DESC
      LIMIT \(values.bind(.int(Int64(limit))))
      """)
    return try await pool.rows(query) {
      try AuditEvent(
        id: $0(0), occurredAt: $0(1), userID: $0(2), userName: $0(3), operation: $0(4), jobID: $0(5),
        jobName: $0(6), requestID: $0(7), details: $0(8))
    }
  }
}
