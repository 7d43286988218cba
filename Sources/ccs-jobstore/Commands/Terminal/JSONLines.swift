import FoundationEssentials

/// Values as JSON, one a line, for other programs.
enum JSONLines {
  static func text(_ values: [some Encodable]) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
    do {
      return try values.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
    } catch {
      throw CommandFailure(.failed, "the answer cannot be written as JSON: \(error)")
    }
  }
}
