import FoundationEssentials

/// A moment with the UTC offset it was written with, as clients send it: `2019-01-05T04:10:27.5120788-08:00`.
///
/// A `Date` keeps only the moment. A schedule needs the offset, too, for it defines at which midnight a day begins.
public struct OffsetDate: Sendable, Hashable {
  /// Whole seconds since 1970-01-01T00:00:00Z, rounded down; from year 1 to year 9999 of UTC.
  public let epochSeconds: Int
  /// The fraction of a second in units of 100 ns, 0…9,999,999.
  public let ticks: Int
  /// Seconds east of UTC, −50,400…50,400 (14 hours), in whole minutes.
  public let offset: Int

  /// Reads the ISO 8601 forms that clients send.
  ///
  /// - The date is `yyyy-mm-dd`, years 0001…9999. Without a time it means midnight.
  /// - The time follows `T` (or `t`, or a space): `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f`. A fraction has one to nine digits;
  ///   those after the seventh are ignored. There is no leap second and no hour 24.
  /// - The offset is `Z`, `±hh:mm`, `±hhmm` or `±hh`, up to 14 hours; without one the time is UTC. A space in place of
  ///   `+` is a `+` that somebody decoded as in a URL.
  ///
  /// - Returns: nil for any other text, for a day that the month does not have, and for a moment outside the years
  ///   0001…9999 of UTC.
  public init?(_ text: some StringProtocol) {
    var digits = DigitReader(text)
    guard let day = digits.day() else { return nil }
    var secondOfDay = 0
    var ticks = 0
    var offset = 0
    if !digits.isAtEnd {
      guard digits.take("T") || digits.take("t") || digits.take(" "), let time = digits.time(),
        let zone = digits.offset(), digits.isAtEnd
      else { return nil }
      (secondOfDay, ticks, offset) = (time.second, time.ticks, zone)
    }
    self.init(
      epochSeconds: day.dayNumber * Self.secondsPerDay + secondOfDay - offset, ticks: ticks, offset: offset)
    guard Self.representable.contains(epochSeconds) else { return nil }
  }

  /// The moment of a `Date`, in UTC; rounded to 100 ns and clamped to the years 0001…9999.
  public init(_ date: Date) {
    // Relative to Date's own reference, so that no precision is lost.
    let interval = date.timeIntervalSinceReferenceDate
    let whole = interval.rounded(.down)
    let seconds = Self.representable
    if whole >= Double(seconds.lowerBound - Self.referenceSeconds) {
      guard whole <= Double(seconds.upperBound - Self.referenceSeconds) else {
        self.init(epochSeconds: seconds.upperBound, ticks: 9_999_999, offset: 0)
        return
      }
      let ticks = Int(((interval - whole) * 10_000_000).rounded())
      let carry = ticks / 10_000_000
      self.init(
        epochSeconds: min(Int(whole) + Self.referenceSeconds + carry, seconds.upperBound),
        ticks: ticks % 10_000_000, offset: 0)
    } else {
      self.init(epochSeconds: seconds.lowerBound, ticks: 0, offset: 0)
    }
  }

  private init(epochSeconds: Int, ticks: Int, offset: Int) {
    self.epochSeconds = epochSeconds
    self.ticks = ticks
    self.offset = offset
  }

  /// The moment without its offset, as precisely as a `Date` can hold it (about 0.1 µs in our time).
  public var date: Date {
    Date(
      timeIntervalSinceReferenceDate: Double(epochSeconds - Self.referenceSeconds) + Double(ticks)
        / 10_000_000)
  }

  /// The moment without its fraction of a second.
  var wholeSecond: Date {
    Date(timeIntervalSinceReferenceDate: Double(epochSeconds - Self.referenceSeconds))
  }

  static let secondsPerDay = 86_400
  /// 0001-01-01T00:00:00Z … 9999-12-31T23:59:59Z, the range of .NET's `DateTimeOffset`.
  static let representable = -62_135_596_800...253_402_300_799
  /// From 1970 to 2001, where Foundation's reference date is.
  static let referenceSeconds = 978_307_200
}

extension OffsetDate: CustomStringConvertible {
  /// `2019-01-05T04:10:27.5120788-08:00`: the local time and its offset, the fraction without trailing zeros,
  /// `Z` for UTC. Reads back as an equal value.
  public var description: String {
    let (dayNumber, second) = (epochSeconds + offset).dividedRoundingDown(by: Self.secondsPerDay)
    let day = CivilDate(dayNumber: dayNumber)
    var text = "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))"
    text += "T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    if ticks > 0 {
      var fraction = padded(ticks, 7)
      while fraction.last == "0" { fraction.removeLast() }
      text += "." + fraction
    }
    guard offset != 0 else { return text + "Z" }
    let minutes = abs(offset) / 60
    return text + "\(offset < 0 ? "-" : "+")\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

/// Reads the parts of a date from left to right.
private struct DigitReader {
  private var rest: ArraySlice<UInt8>

  init(_ text: some StringProtocol) { rest = ArraySlice(text.utf8) }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  /// The leading digits, at most `limit` of them.
  private mutating func digits(atMost limit: Int) -> [Int] {
    let taken = rest.prefix(limit).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest.dropFirst(taken.count)
    return taken.map { Int($0 - UInt8(ascii: "0")) }
  }

  /// A number of exactly `count` digits within `range`.
  private mutating func number(_ count: Int, in range: ClosedRange<Int>) -> Int? {
    let digits = digits(atMost: count)
    let value = digits.reduce(0) { $0 * 10 + $1 }
    return digits.count == count && range.contains(value) ? value : nil
  }

  mutating func day() -> CivilDate? {
    guard let year = number(4, in: 1...9999), take("-"), let month = number(2, in: 1...12), take("-"),
      let day = number(2, in: 1...CivilDate.length(ofMonth: month, year: year))
    else { return nil }
    return CivilDate(year: year, month: month, day: day)
  }

  mutating func time() -> (second: Int, ticks: Int)? {
    guard let hour = number(2, in: 0...23), take(":"), let minute = number(2, in: 0...59) else { return nil }
    var second = 0
    var ticks = 0
    if take(":") {
      guard let value = number(2, in: 0...59) else { return nil }
      second = value
      if take(".") {
        let fraction = digits(atMost: 9)
        guard !fraction.isEmpty else { return nil }
        ticks = (fraction + Array(repeating: 0, count: 7)).prefix(7).reduce(0) { $0 * 10 + $1 }
      }
    }
    return (hour * 3600 + minute * 60 + second, ticks)
  }

  /// Seconds east of UTC.
  mutating func offset() -> Int? {
    if isAtEnd || take("Z") || take("z") { return 0 }
    let isWest = take("-")
    guard isWest || take("+") || take(" "), let hours = number(2, in: 0...14) else { return nil }
    var minutes = 0
    if take(":") || !isAtEnd {
      guard let value = number(2, in: 0...59) else { return nil }
      minutes = value
    }
    let seconds = hours * 3600 + minutes * 60
    guard seconds <= 14 * 3600 else { return nil }
    return isWest ? -seconds : seconds
  }
}
