/// A value as the configuration file gives it, before anything is known about its key.
enum JSONValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  /// No setting takes an array, so its elements are not kept.
  case array
  case object([String: JSONValue])

  /// The number that a text spells, or else the text itself, for a message that quotes it.
  init(numberText text: String) {
    self = Double(text).map { .number($0) } ?? .string(text)
  }

  /// A string that is neither empty nor cut short by a NUL.
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
      // Nested errors must come through, or a bad value deep inside would look like a bad file.
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
