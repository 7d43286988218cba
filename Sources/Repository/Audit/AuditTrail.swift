import Domain
import FoundationEssentials
import Postgres

/// Reads the audit trail, newest event first.
public struct AuditTrail: Sendable {
  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  /// A page of events, newest first; events of the same time in reverse order of writing.
  ///
  /// - Parameters:
  ///   - last: Where the previous page ended; nil for the first page.
  ///   - limit: The most events; a shorter page is the last one.
  public func events(
    _ question: AuditQuestion, after last: AuditEvent.Position?, limit: Int
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

  private static let hasOperation = Statement(
    "SELECT EXISTS (SELECT 1 FROM audit.events WHERE lower(operation) = lower($1))", .text)

  /// Whether there are events of an operation, in any case.
  public func has(operation: String) async throws(RepositoryError) -> Bool {
    try await pool.one(Self.hasOperation(.text(operation))) { try $0(0) }
  }

  private static let hasUser = Statement(
    "SELECT EXISTS (SELECT 1 FROM audit.events WHERE directory.folded(user_name) = directory.folded($1))",
    .text)

  /// Whether there are events of a user name, in any case.
  public func has(userName: String) async throws(RepositoryError) -> Bool {
    try await pool.one(Self.hasUser(.text(userName))) { try $0(0) }
  }

  private static let count = Statement(
    "SELECT audit.count_event($1, $2, $3, $4, $5, $6, $7, $8)", .text, .text, .text, .uuid, .text, .uuid,
    .jsonb,
    .int8)

  /// Login: those of one user within ten minutes are one event.
  static func login(_ userName: String, from address: String) -> Query {
    counting(.login, userName, kind: nil, details: ["Address": address])
  }

  /// Failed Login: those of one user, or of all unknown names, from one network within ten minutes are one event.
  static func failedLogin(_ userName: String, network: String, from address: String) -> Query {
    counting(.failedLogin, userName, kind: network, details: ["Address": address], limit: 500)
  }

  /// Refused Deletion: those of one user for one reason within ten minutes are one event.
  static func refusedDeletion(of job: JobDeletion, by userName: String, requestID: UUID) -> Query {
    let reason = job.outcome.rawValue
    return counting(
      .refusedDeletion, userName, kind: reason, job: job, requestID: requestID, details: ["Reason": reason])
  }

  private static func counting(
    _ operation: AuditOperation, _ userName: String, kind: String?, job: JobDeletion? = nil,
    requestID: UUID? = nil, details: [String: String], limit: Int? = nil
  ) -> Query {
    let json = (try? JSONEncoder().encode(details)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    return count(
      .text(operation.rawValue), .text(userName), .optional(kind), .optional(job?.jobID),
      .optional(job?.jobName), .optional(requestID), .json(json), .optional(limit))
  }
}
