import API
import Administration
import Domain
import FoundationEssentials
import JSON
import Repository

// The command that reads the audit trail.

extension Command {
  static let audit = Command(
    words: ["audit"], summary: "list the audit trail: who did what to which job and when, newest first",
    options: [
      Option(name: "--user", value: "NAME", meaning: "only events of this user, DOMAIN\\user in any case"),
      Option(
        name: "--job", value: "JOB", meaning: "only events of this job: GUID, or name at the time"),
      Option(
        name: "--operation", value: "OPERATION",
        meaning: "only events of this operation: 'Delete Job', in any case"),
      Option(
        name: "--since", value: "TIME", meaning: "only events from this time on: \(TimeArgument.meaning)"),
      Option(name: "--until", value: "TIME", meaning: "only events before this time; as --since"),
      Option(name: "--limit", value: "N", meaning: "the newest N events (default: 100); 0 is all"),
      Option(
        name: "--format", value: "FORMAT",
        meaning: "table (default; headings repeat every 1,000 lines) or json, the same as --json"),
      .json("one object per event"),
    ],
    notes: [
      "Events outlive their users and jobs, and keep the names of the time. Changes by commands of this program "
        + "have the name of the system user who gave them, scheduled ones Schedule, and removals by retention "
        + "Retention.",
      "The operations: \(AuditOperation.allCases.map(\.rawValue).joined(separator: ", ")).",
      "Logins of a user, failed logins of a name from a network and a user's refused deletions are one event for ten "
        + "minutes each, with their number as Count.",
      "Events are kept for the days of the setting audit.keepDays; the operation Remove Audit Events counts those "
        + "that were removed, and names the day before which they were.",
    ]
  ) { arguments, terminal throws(CommandFailure) in
    let order = try AuditOrder(arguments, now: Date())
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      var isEmpty = true
      try await reporting {
        try await session.audit.read(order.question, limit: order.limit) { events in
          isEmpty = false
          try terminal.write(order.text(events))
        }
      }
      if isEmpty, order.format == .table { try terminal.write(AuditTable.text([])) }
    }
  }
}

/// The parsed arguments of `audit`.
struct AuditOrder: Equatable {
  enum Format: String, CaseIterable {
    case table, json
  }

  let question: AuditQuestion
  /// nil for all.
  let limit: Int?
  let format: Format

  /// - Parameter now: Ages count back from here.
  init(_ arguments: Arguments, now: Date) throws(CommandFailure) {
    let named = try Self.read("--format", arguments, "must be table or json") { Format(rawValue: $0) }
    format = arguments.has(Command.Option.jsonName) ? .json : named ?? .table
    let limit = try Self.read("--limit", arguments, "must be an integer, 0 for all") { Int($0) } ?? 100
    guard limit >= 0 else { throw CommandFailure(.usage, "--limit must be an integer, 0 for all") }
    self.limit = limit == 0 ? nil : limit
    question = AuditQuestion(
      userName: arguments.value(of: "--user"),
      job: arguments.value(of: "--job").map { AuditQuestion.Job($0) },
      operation: arguments.value(of: "--operation"),
      since: try Self.time("--since", arguments, now), until: try Self.time("--until", arguments, now))
    if let since = question.since, let until = question.until, since >= until {
      throw CommandFailure(.usage, "--since must be before --until")
    }
  }

  private static func time(
    _ option: String, _ arguments: Arguments, _ now: Date
  ) throws(CommandFailure) -> Date? {
    try read(option, arguments, "must be a time: \(TimeArgument.meaning)") {
      TimeArgument.moment($0, now: now)
    }
  }

  private static func read<Value>(
    _ option: String, _ arguments: Arguments, _ rule: String, _ convert: (String) -> Value?
  ) throws(CommandFailure) -> Value? {
    guard let text = arguments.value(of: option) else { return nil }
    guard let value = convert(text) else { throw CommandFailure(.usage, "\(option) \(rule)") }
    return value
  }

  func text(_ events: [AuditEvent]) -> String {
    switch format {
    case .table: AuditTable.text(events)
    case .json: JSONLines.text(events) { event, json in event.write(to: &json) }
    }
  }
}

/// Events as a table.
enum AuditTable {
  static func text(_ events: [AuditEvent]) -> String {
    let headings = ["TIME", "USER", "OPERATION", "JOB", "JOB ID", "DETAILS"]
    var table = TextTable(headings.map { .init(heading: $0) })
    for event in events {
      table.add(
        Timestamp(event.occurredAt).description, event.userName, event.operation, event.jobName ?? "",
        event.jobID?.guidString ?? "", details(event.details))
    }
    return table.text
  }

  /// `Runs: 3, Reason: …`
  private static func details(_ json: String?) -> String {
    guard let json, let node = try? JSONNode(json: Array(json.utf8)), case .object(let members) = node else {
      return json ?? ""
    }
    return members.sorted { $0.key < $1.key }
      .map { name, value in
        if case .text(let text) = value { "\(name): \(text)" } else { "\(name): \(value.json ?? "")" }
      }
      .joined(separator: ", ")
  }
}
