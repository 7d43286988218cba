import FoundationEssentials

/// A moment in milliseconds, and the one way in which answers, commands and logs write it: ISO 8601 in UTC,
/// `2026-01-05T04:10:27.512Z`.
public struct Timestamp: Sendable, Equatable {
  /// Milliseconds since 1970-01-01T00:00:00Z, within the years 0000…9999.
  public let milliseconds: Int64

  private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z; clamped to the years 0000…9999.
  public init(milliseconds: Int64) {
    self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
  }

  /// The millisecond that contains a moment; clamped to the years 0000…9999.
  ///
  /// A `Double` holds few milliseconds exactly, so the moment is first rounded to a microsecond, PostgreSQL's unit. Before
  /// 1865 and after 2106 a `Double` may be coarser than that: there, what is within its precision of the next millisecond
  /// counts as that one.
  public init(_ date: Date) {
    let seconds = date.timeIntervalSince1970
    let largest = max(seconds.magnitude, date.timeIntervalSinceReferenceDate.magnitude)
    let slack = largest < 4_294_967_296 ? 0 : largest.ulp * 2_000_000
    let milliseconds = (((seconds * 1_000_000).rounded() + slack) / 1000).rounded(.down)
    let (first, last) = (Double(Self.range.lowerBound), Double(Self.range.upperBound))
    self.init(milliseconds: Int64(min(max(milliseconds, first), last)))
  }

  /// Appends the 24 characters of the text.
  public func append(to bytes: inout [UInt8]) {
    let (dayNumber, millisecond) = Int(milliseconds).dividedRoundingDown(by: 86_400_000)
    let day = CivilDate(dayNumber: dayNumber)
    func append(_ number: Int, _ width: Int, _ end: Unicode.Scalar) {
      var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
      while divisor > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
        divisor /= 10
      }
      bytes.append(UInt8(ascii: end))
    }
    append(day.year, 4, "-")
    append(day.month, 2, "-")
    append(day.day, 2, "T")
    append(millisecond / 3_600_000, 2, ":")
    append(millisecond / 60_000 % 60, 2, ":")
    append(millisecond / 1000 % 60, 2, ".")
    append(millisecond % 1000, 3, "Z")
  }
}

extension Timestamp: CustomStringConvertible {
  public var description: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
