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
    var search = AuditSearch()
    if let name = question.userName { search.require("lower(user_name) = lower(%)", .text(name)) }
    switch question.job {
    case .id(let id): search.require("job_id = %", .uuid(id))
    case .name(let name): search.require("lower(job_name) = lower(%)", .text(name))
    case nil: break
    }
    if let operation = question.operation { search.require("lower(operation) = lower(%)", .text(operation)) }
    if let since = question.since { search.require("occurred_at >= %", .time(since)) }
    if let until = question.until { search.require("occurred_at < %", .time(until)) }
    if let last {
      search.require("(occurred_at, event_id) < (%, %)", .time(last.occurredAt), .int(Int64(last.id)))
    }
    return try await pool.rows(search.query(limit: limit)) {
      try AuditEvent(
        id: $0(0), occurredAt: $0(1), userID: $0(2), userName: $0(3), operation: $0(4), jobID: $0(5),
        jobName: $0(6), requestID: $0(7), details: $0(8))
    }
  }
}

/// Puts a search together from constant texts; what was given to it is a parameter, never text.
private struct AuditSearch {
  private var conditions: [String] = []
  private var types: [ParameterType] = []
  private var values: [Value] = []

  /// - Parameter condition: SQL with a `%` for each value.
  mutating func require(_ condition: String, _ values: Value...) {
    var text = ""
    var rest = values[...]
    for character in condition {
      guard character == "%", let value = rest.popFirst() else {
        text.append(character)
        continue
      }
      text += add(value)
    }
    conditions.append(text)
  }

  private mutating func add(_ value: Value) -> String {
    values.append(value)
    let type: ParameterType =
      switch value {
      case .uuid: .uuid
      case .time: .timestamptz
      case .int: .int8
      default: .text
      }
    types.append(type)
    return "$\(values.count)"
  }

  /// Planned anew for each page, so that the planner knows what is asked for and takes the index that answers it.
  func query(limit: Int) -> Query {
    var search = self
    let limit = search.add(.int(Int64(limit)))
    let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    return Statement.unprepared(
      """
      SELECT event_id, occurred_at, user_id, user_name, operation, job_id, job_name, request_id, details::text
      FROM audit.events
      \(condition)
      ORDER BY occurred_at DESC, event_id DESC
      LIMIT \(limit)
      """, types: search.types
    )(search.values)
  }
}
