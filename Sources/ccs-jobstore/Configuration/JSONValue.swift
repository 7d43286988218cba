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

extension JSONValue: Decodable {
  init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: Name.self) {
      // Not `try?`: an error in a nested value must not look like a wrong type here.
      self = .object(
        try object.allKeys.reduce(into: [:]) { members, name in
          members[name.stringValue] = try object.decode(JSONValue.self, forKey: name)
        })
    } else if (try? decoder.unkeyedContainer()) != nil {
      self = .array
    } else {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let boolean = try? container.decode(Bool.self) {
        self = .boolean(boolean)
      } else if let text = try? container.decode(String.self) {
        self = .string(text)
      } else {
        self = .number(try container.decode(Double.self))
      }
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
