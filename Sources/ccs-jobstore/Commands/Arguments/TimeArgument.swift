import Domain
import FoundationEssentials

/// A time on the command line: `2026-01-05T04:10:00Z`, `2026-01-05`, or an age, `2d`.
enum TimeArgument {
  static let meaning = "ISO 8601, UTC unless it has an offset, or an age: 90s, 30m, 12h, 2d, 1w"

  /// - Parameter now: Ages count back from here.
  /// - Returns: nil if the text is neither a time nor an age.
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
