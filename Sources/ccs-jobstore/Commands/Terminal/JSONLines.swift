import Domain
import FoundationEssentials

/// Values as JSON, one a line, for other programs.
enum JSONLines {
  static func text(_ values: [some Encodable]) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
      try container.encode(OffsetDate(Date(timeIntervalSince1970: milliseconds / 1000)).description)
    }
    do {
      return try values.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
    } catch {
      throw CommandFailure(.failed, "the answer cannot be written as JSON: \(error)")
    }
  }
}
