import Authorization
import Domain
import FoundationEssentials
import HTTPServer
import JSON

/// Search Audit Trail.
struct AuditHandlers: Sendable {
  private static let names = ["user", "job", "operation", "since", "until", "pagesize", "cursor"]

  let gate: AuditGate

  @Sendable func search(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let query = request.parameters
    try query.refuseOthers(than: Self.names, of: .searchAuditTrail)
    let operation = try query.filter("operation")
    if let operation, AuditOperation(word: operation) == nil {
      let known = AuditOperation.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem(400, "operation is invalid: expected one of \(known).")
    }
    let question = AuditQuestion(
      userName: try query.filter("user"), job: try query.filter("job").map { AuditQuestion.Job($0) },
      operation: operation, since: try query.time("since"), until: try query.time("until"))
    if let since = question.since, let until = question.until, since >= until {
      throw Problem(400, "since must be before until.")
    }
    let size = try query.integer("pagesize", SearchPage.sizes) ?? 100
    var last: AuditEvent.Position?
    if let cursor = try query.text("cursor") {
      last = AuditEvent.Position(cursor: String(cursor.trimmed))
      guard last != nil else {
        throw Problem(400, "cursor is invalid: expected the NextCursor of an answer about the audit trail.")
      }
    }
    let page = try await gate.events(question, after: last, size: size, &context)
    var writer = JSONWriter(capacity: 300 * (page.events.count + 1))
    writer.object { writer in
      writer.name("Events")
      writer.array(page.events) { writer, event in writer.object { event.write(to: &$0) } }
      if let next = page.next { writer.add("NextCursor", next.cursor) }
    }
    return .json(200, writer)
  }
}

extension Parameters {
  /// A text without the white space around it; nil if nothing is left.
  fileprivate func filter(_ name: String) throws(Problem) -> String? {
    guard let text = try text(name)?.trimmed, !text.isEmpty else { return nil }
    return String(text)
  }

  /// A date or a time.
  fileprivate func time(_ name: String) throws(Problem) -> Date? {
    guard let text = try filter(name) else { return nil }
    guard let date = OffsetDate(text) else {
      throw Problem(400, "\(name) is invalid: expected ISO 8601, such as 2026-01-05T04:10:00Z.")
    }
    return date.date
  }
}
