import FoundationEssentials

/// A JSON value as a strict parser sees it, for tests that look at a line's fields.
enum LogField: Decodable, Hashable {
  case text(String)
  case number(Double)
  case null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// The fields of one line.
  static func fields(_ line: some Collection<UInt8>) throws -> [String: LogField] {
    try JSONDecoder().decode([String: LogField].self, from: Data(line))
  }
}
