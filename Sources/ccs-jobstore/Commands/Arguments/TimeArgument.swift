import Domain
import FoundationEssentials

/// A moment on the command line: `2026-01-05T04:10:00Z`, `2026-01-05`, or how long ago, `2d`.
enum TimeArgument {
  static let meaning = "ISO 8601, UTC without an offset, or how long ago: 90s, 30m, 12h, 2d, 1w"

  /// - Parameter now: What durations are counted back from.
  /// - Returns: nil if the text is neither a time nor a duration.
  static func moment(_ text: String, now: Date) -> Date? {
    if let date = OffsetDate(text) { return date.date }
    guard let unit = text.last.flatMap({ seconds[$0] }) else { return nil }
    let digits = text.dropLast()
    guard (1...6).contains(digits.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let count = Int(digits)
    else { return nil }
    return now.addingTimeInterval(-Double(count) * unit)
  }

  private static let seconds: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
}
