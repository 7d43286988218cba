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
    return try await pool.run(search.query(limit: limit)).map {
      AuditEvent(
        id: $0(0), occurredAt: $0(1), userID: $0(2), userName: $0(3), operation: $0(4), jobID: $0(5),
        jobName: $0(6), requestID: $0(7), details: $0(8))
    }
  }
}

/// Builds a search from constant texts; values are always parameters.
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

  /// Unprepared: the planner chooses the index by the actual values.
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
    ).with(search.values)
  }
}
