import JSON

/// A value of the configuration file, before its key is looked up.
enum JSONValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  /// Without its elements: no setting takes an array.
  case array
  case object([String: JSONValue])

  /// The text as a number, or else the text itself, for a message that quotes it.
  init(numberText text: String) {
    self = Double(text).map { .number($0) } ?? .string(text)
  }

  /// A string that is not empty and has no NUL.
  var nonEmptyText: String? {
    guard case .string(let text) = self, !text.isEmpty, !text.contains("\0") else { return nil }
    return text
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as a message quotes it.
  var description: String {
    switch self {
    case .null: "null"
    case .boolean(let boolean): "\(boolean)"
    case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
    case .string(let text): text.debugDescription
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  /// A number or text that cannot be represented: too large, or with half a surrogate pair.
  struct Unreadable: Error {}

  init(_ node: JSONNode) throws {
    switch node {
    case .null: self = .null
    case .boolean(let boolean): self = .boolean(boolean)
    case .integer(let integer): self = .number(Double(integer))
    case .number(let number): self = .number(number)
    case .text(let text): self = .string(text)
    case .array: self = .array
    case .object(let members): self = .object(try members.mapValues { try JSONValue($0) })
    case .unreadable: throw Unreadable()
    }
  }
}
