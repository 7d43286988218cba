import Domain
import FoundationEssentials
import Glibc
import JSON

/// Reads the lines of a report, a flat JSON object each, at a few hundred nanoseconds a line.
///
/// Names are matched without regard to case, unknown ones are rejected, and `null` counts as no value. Texts must be UTF-8
/// without NUL. Problems are noted with a JSON Pointer whose first part is the line's number.
final class ReportLineReader {
  struct Limits: Sendable, Equatable {
    /// The maximum length of a line in bytes.
    var rowBytes: Int
    /// The maximum length of a message in characters (Unicode scalars).
    var messageCharacters: Int
  }

  private enum Field: Int, CaseIterable {
    case time, assetID, standardID, standardVersion, checkID, outcome, evidence, severity, message, data

    var name: StaticString {
      switch self {
      case .time: "Time"
      case .assetID: "AssetID"
      case .standardID: "StandardID"
      case .standardVersion: "StandardVersion"
      case .checkID: "CheckID"
      case .outcome: "Outcome"
      case .evidence: "Evidence"
      case .severity: "Severity"
      case .message: "Message"
      case .data: "Data"
      }
    }

    /// Whether a name is this one, in any case.
    func isNamed(_ name: UnsafeRawBufferPointer) -> Bool {
      let own = self.name
      guard name.count == own.utf8CodeUnitCount else { return false }
      for index in 0..<name.count where name[index] | 0x20 != own.utf8Start[index] | 0x20 { return false }
      return true
    }
  }

  private let limits: Limits
  private let fields: [Field]
  private let required: [Field]
  private var scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
  /// The last line that was read, if it was valid.
  private(set) var row = ReportedRow()

  /// The maximum length of a check identifier and of a standard's version, in characters.
  static let maximumNameCharacters = 256

  init(_ kind: ReportKind, limits: Limits) {
    self.limits = limits
    switch kind {
    case .messages:
      fields = [.time, .severity, .assetID, .message]
      required = [.severity, .message]
    case .collectedData:
      fields = [.assetID, .time, .data]
      required = [.assetID, .data]
    case .results:
      fields = [.assetID, .standardID, .standardVersion, .checkID, .outcome, .evidence, .time]
      required = [.assetID, .standardID, .checkID, .outcome]
    }
  }

  deinit { scratch.deallocate() }

  /// Reads one line into ``row``.
  ///
  /// - Parameters:
  ///   - line: Without its line end; it must outlive the use of ``row``.
  ///   - number: From 1.
  /// - Returns: Whether the line is valid; otherwise its problems are noted.
  func read(_ line: UnsafeRawBufferPointer, number: Int, _ problems: JSONProblems) -> Bool {
    row = ReportedRow()
    let place = Place(number: number, problems: problems)
    guard line.count <= limits.rowBytes else {
      place.note(rule: "is longer than the \(limits.rowBytes) bytes allowed here")
      return false
    }
    if scratch.count < line.count {
      scratch.deallocate()
      scratch = .allocate(byteCount: line.count * 2, alignment: 8)
    }
    var json = JSONReader(line, scratch: scratch)
    do throws(MalformedJSON) {
      try readObject(&json, place)
    } catch {
      place.note(
        rule: "is not a JSON object that can be stored: \(error.reason), after \(error.offset) bytes")
      return false
    }
    return !place.hasProblems
  }

  /// Notes what is wrong with one line.
  private final class Place {
    private let number: Int
    private let problems: JSONProblems
    private(set) var hasProblems = false

    init(number: Int, problems: JSONProblems) {
      self.number = number
      self.problems = problems
    }

    func note(rule: String) {
      hasProblems = true
      problems.note(.root / number, rule: rule)
    }

    func note(_ name: String, _ fault: JSONProblem.Fault) {
      hasProblems = true
      problems.note(.root / number / name, fault)
    }
  }

  private func readObject(_ json: inout JSONReader, _ place: Place) throws(MalformedJSON) {
    // A bit for each field that has been seen, and for each that has a value.
    var seen = 0
    var given = 0
    var isFirst = true
    json.skipWhitespace()
    try json.beginObject()
    while try json.hasAnother(before: UInt8(ascii: "}"), &isFirst) {
      let name = try json.name()
      if let field = fields.first(where: { $0.isNamed(name) }) {
        if seen & 1 << field.rawValue != 0 {
          place.note("\(field.name)", .rule("is repeated"))
        }
        seen |= 1 << field.rawValue
        if try readValue(of: field, &json, place) { given |= 1 << field.rawValue }
      } else {
        let text = String(String(decoding: name, as: UTF8.self).unicodeScalars.prefix(100))
        place.note(text, .unknownKey(name: text, known: fields.map { "\($0.name)" }))
        try json.skipValue()
      }
    }
    json.skipWhitespace()
    guard json.isAtEnd else { throw json.malformed("something follows the object") }
    for field in required where given & 1 << field.rawValue == 0 {
      place.note("\(field.name)", .rule("is required"))
    }
  }

  /// - Returns: Whether there is a value, valid or not; `null` is none.
  private func readValue(
    of field: Field, _ json: inout JSONReader, _ place: Place
  ) throws(MalformedJSON) -> Bool {
    if json.next == UInt8(ascii: "n") {
      try json.null()
      return false
    }
    if field == .data {
      let start = json.position
      try json.skipValue()
      row.data = json.range(from: start)
      return true
    }
    guard json.next == UInt8(ascii: "\"") else {
      try json.skipValue()
      place.note("\(field.name)", .rule("must be a text"))
      return true
    }
    let text = try json.text()
    if let rule = set(field, text) { place.note("\(field.name)", .rule(rule)) }
    return true
  }

  /// - Returns: The rule that the text breaks; nil if it is valid.
  private func set(_ field: Field, _ text: UnsafeRawBufferPointer) -> String? {
    switch field {
    case .time:
      row.time = reportedTime(text)
      return row.time == nil ? "must be an ISO 8601 time such as 2026-01-05T04:10:00Z" : nil
    case .assetID:
      row.assetID = reportedGUID(text)
      return row.assetID == nil ? "must be a GUID" : nil
    case .standardID:
      row.standardID = reportedGUID(text)
      return row.standardID == nil ? "must be a GUID" : nil
    case .standardVersion:
      row.standardVersion = text
      return Self.name(text)
    case .checkID:
      row.checkID = text
      return Self.name(text)
    case .outcome:
      row.outcome = text
      return Self.choice(text, ["Pass", "Fail", "Unknown", "NotApplicable", "Error"])
    case .severity:
      row.severity = text
      return Self.choice(text, ["Information", "Warning", "Error"])
    case .evidence:
      row.evidence = text
      return nil
    case .message:
      row.message = text
      return text.count > limits.messageCharacters && Self.characters(text) > limits.messageCharacters
        ? "must have at most \(limits.messageCharacters) characters" : nil
    case .data:
      return nil
    }
  }

  private static func name(_ text: UnsafeRawBufferPointer) -> String? {
    guard !text.isEmpty, text.count <= maximumNameCharacters || characters(text) <= maximumNameCharacters
    else { return "must have 1...\(maximumNameCharacters) characters" }
    return nil
  }

  private static func characters(_ text: UnsafeRawBufferPointer) -> Int {
    text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
  }

  private static func choice(_ text: UnsafeRawBufferPointer, _ words: [StaticString]) -> String? {
    for word in words where word.utf8CodeUnitCount == text.count {
      if memcmp(word.utf8Start, text.baseAddress!, text.count) == 0 { return nil }
    }
    return "must be one of \(words.map { "\($0)" }.joined(separator: ", "))"
  }
}
