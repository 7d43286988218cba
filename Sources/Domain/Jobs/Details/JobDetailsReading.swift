import FoundationEssentials
import JSON

extension JobDetails {
  /// What details are read for; decides which fields are required and permitted.
  public enum Purpose: Sendable, Equatable {
    /// A new job: the three mandatory fields are required; `null` counts as no value.
    case creation
    /// Changes: any of the fields; `null` removes an optional one.
    case update
    /// The configuration in a directory file: name and description are fields of the job and not permitted here. The lists
    /// of a system job may be empty.
    case configuration(name: String?, description: String?, ofUser: Bool)
  }

  /// Reads details; the names of fields may come in any case, Booleans and whole numbers also as texts.
  ///
  /// Everything that is wrong is noted. A repeated asset or standard counts once; an asset repeated with another type is
  /// an error.
  ///
  /// - Returns: nil if the node is not an object; to be ignored if anything was noted.
  public static func read(
    _ node: JSONNode, at pointer: JSONPointer, _ problems: JSONProblems, for purpose: Purpose, limits: Limits
  ) -> JobDetails? {
    ObjectReader.read(node, at: pointer, problems, ignoringCase: true) { object in
      var reading = JobDetailsReading(object, purpose, limits)
      reading.readAll()
      return reading.details
    }
  }
}

/// Reads the fields in the order of the documentation.
private struct JobDetailsReading {
  private typealias Field = JobDetails.Field

  private let object: ObjectReader
  private let purpose: JobDetails.Purpose
  private let limits: JobDetails.Limits
  private var canonical: [String: JSONNode] = [:]
  private(set) var details = JobDetails()

  init(_ object: ObjectReader, _ purpose: JobDetails.Purpose, _ limits: JobDetails.Limits) {
    self.object = object
    self.purpose = purpose
    self.limits = limits
  }

  mutating func readAll() {
    for field in Field.allCases {
      if case .configuration = purpose, field == .name || field == .description { continue }
      // Reading it also makes the key a known one.
      guard object.node(field.rawValue) != nil else {
        noteAbsence(of: field)
        continue
      }
      canonical[field.rawValue] = value(of: field)
    }
    if case .configuration(let name, let description, _) = purpose {
      details.name = name
      details.description = description
      canonical[Field.name.rawValue] = name.map { .text($0) }
      canonical[Field.description.rawValue] = description.map { .text($0) }
    }
    // Every text in it has been checked.
    details.json = JSONNode.object(canonical).json ?? "{}"
  }

  private mutating func noteAbsence(of field: Field) {
    let isNull = object.isNull(field.rawValue)
    if field.isMandatory, purpose != .update || isNull {
      object.problems.note(object.pointer / field.rawValue, rule: "is required")
    } else if isNull {
      details.removed.append(field)
    }
  }

  /// A present field in canonical form; nil if it is invalid.
  private mutating func value(of field: Field) -> JSONNode? {
    let key = field.rawValue
    switch field {
    case .assets:
      return assets()
    case .name:
      details.name = object.text(key, NameRules.rule(brokenBy:))
      return details.name.map { .text($0) }
    case .standards:
      return standards()
    case .description:
      details.description = object.text(key) { Self.rule(brokenBy: $0, longest: 4096) }
      return details.description.map { .text($0) }
    case .isIncremental, .sendsSuccessNotification, .sendsFailureNotification:
      return object.boolean(key, orText: true).map { .boolean($0) }
    case .incrementalPeriod, .timeOutHours, .timeOutMinutes:
      return object.integer(key, 0...Int(Int32.max), orText: true).map { .integer($0) }
    case .successNotification, .failureNotification:
      return notification(key)
    case .schedule:
      let written = object.schedule(key)
      details.schedule = written?.schedule
      return written?.canonical
    case .retention:
      return retention(key)
    }
  }

  // MARK: - Assets and standards

  private mutating func assets() -> JSONNode? {
    var types: [UUID: (type: String?, pointer: JSONPointer)] = [:]
    var items: [JobDetails.Item] = []
    var nodes: [JSONNode] = []
    let found = list(Field.assets.rawValue, limit: limits.assets) { object, node, pointer in
      _ = ObjectReader.read(node, at: pointer, object.problems, ignoringCase: true) { asset in
        let id = asset.guid("Id", required: true)
        let type = asset.text("Type", required: true, NameRules.rule(brokenBy:))
        guard let id else { return true }
        if let first = types[id] {
          if let type, let firstType = first.type, type != firstType {
            asset.problems.note(
              pointer / "Type", rule: "differs from the Type of the same asset at \(first.pointer)")
          }
          return true
        }
        types[id] = (type, pointer)
        items.append(JobDetails.Item(id: id, pointer: pointer / "Id"))
        nodes.append(.object(["Id": .text(id.guidString), "Type": .text(type ?? "")]))
        return true
      }
    }
    guard found else { return nil }
    details.assets = items
    return .array(nodes)
  }

  private mutating func standards() -> JSONNode? {
    var seen: Set<UUID> = []
    var items: [JobDetails.Item] = []
    let found = list(Field.standards.rawValue, limit: limits.standards) { object, node, pointer in
      guard let id = ObjectReader.guid(node) else {
        object.problems.note(pointer, rule: "must be a GUID")
        return
      }
      if seen.insert(id).inserted { items.append(JobDetails.Item(id: id, pointer: pointer)) }
    }
    guard found else { return nil }
    details.standards = items
    return .array(items.map { .text($0.id.guidString) })
  }

  /// - Returns: Whether there is a list of a permitted length.
  private func list(
    _ key: String, limit: Int, _ element: (ObjectReader, JSONNode, JSONPointer) -> Void
  ) -> Bool {
    guard case .array(let nodes) = object.node(key) else {
      object.problems.note(object.pointer / key, rule: "must be a list")
      return false
    }
    var least = 1
    if case .configuration(_, _, ofUser: false) = purpose { least = 0 }
    guard nodes.count >= least, nodes.count <= limit else {
      object.problems.note(object.pointer / key, rule: "must have \(least)...\(limit) elements")
      return false
    }
    for (index, node) in nodes.enumerated() { element(object, node, object.pointer / key / index) }
    return true
  }

  // MARK: - Notifications and retention

  /// The fields of a notification, and the maximum length of each in characters.
  private static let notificationFields = [
    ("FromEmailAddress", 1024), ("ToEmailAddress", 1024), ("Subject", 1024), ("Body", 32_768),
  ]

  private func notification(_ key: String) -> JSONNode? {
    guard let node = object.node(key) else { return nil }
    return ObjectReader.read(node, at: object.pointer / key, object.problems, ignoringCase: true) {
      notification in
      var fields: [String: JSONNode] = [:]
      for (name, longest) in Self.notificationFields {
        let text = notification.text(name) { text in
          // It becomes a header field of a mail and must not be able to start another one.
          if name != "Body", NameRules.hasControlCharacters(text) { return "must have no control characters" }
          return Self.rule(brokenBy: text, longest: longest)
        }
        fields[name] = text.map { .text($0) }
      }
      return .object(fields)
    }
  }

  private mutating func retention(_ key: String) -> JSONNode? {
    guard let node = object.node(key) else { return nil }
    let read = ObjectReader.read(node, at: object.pointer / key, object.problems, ignoringCase: true) {
      JobDetails.Retention(
        runs: $0.integer("KeepRuns", JobDetails.Retention.runRange, orText: true),
        days: $0.integer("KeepDays", JobDetails.Retention.dayRange, orText: true))
    }
    guard let read else { return nil }
    details.retention = read
    var fields: [String: JSONNode] = [:]
    fields["KeepRuns"] = read.runs.map { .integer($0) }
    fields["KeepDays"] = read.days.map { .integer($0) }
    return .object(fields)
  }

  /// - Parameter longest: In characters, as PostgreSQL counts them.
  private static func rule(brokenBy text: String, longest: Int) -> String? {
    text.unicodeScalars.count <= longest ? nil : "must have at most \(longest) characters"
  }
}
