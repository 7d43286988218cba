/// Writes one JSON object as one line of bytes, field by field, without anything between.
///
/// Written by hand because every request passes through here. Strings are cut so that a line never exceeds
/// ``mostBytes``: a client decides how long a name is, and a pipe takes no more than that in one piece.
struct JSONLine {
  /// The most characters (Unicode scalars) of a string that are written; `…` stands for the rest.
  static let mostCharacters = 200
  /// The most bytes of a line, its newline included: PIPE_BUF on Linux, so that lines of several writers
  /// never interleave (POSIX, write()).
  static let mostBytes = 4096
  /// Kept free for what cannot be cut: names, numbers, time and punctuation.
  private static let reservedBytes = 512

  private var bytes: [UInt8] = []

  /// Begins a line with its time, in milliseconds since 1970-01-01T00:00:00Z.
  init(milliseconds: Int64) {
    bytes.reserveCapacity(512)
    append(#"{"time":""#)
    append(timestamp: milliseconds)
    append(#"""#)
  }

  /// Ends the line and gives it away.
  consuming func finished() -> [UInt8] {
    append("}\n")
    return bytes
  }

  /// Adds a text; nil adds nothing.
  mutating func add(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    begin(name)
    append(quoted: value)
  }

  /// Adds an integer.
  mutating func add(_ name: StaticString, _ value: Int) {
    begin(name)
    if value < 0 { append("-") }
    append(digits: UInt64(value.magnitude), width: 1)
  }

  /// Adds a number with six decimals; `null` for one that JSON does not know.
  mutating func add(_ name: StaticString, _ value: Double) {
    begin(name)
    guard value.isFinite else { return append("null") }
    guard value.magnitude < 1e12 else { return bytes.append(contentsOf: value.description.utf8) }
    let millionths = UInt64((value.magnitude * 1e6).rounded())
    if value < 0 { append("-") }
    append(digits: millionths / 1_000_000, width: 1)
    append(".")
    append(digits: millionths % 1_000_000, width: 6)
  }

  private mutating func begin(_ name: StaticString) {
    append(#",""#)
    append(name)
    append(#"":"#)
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Decimal digits with leading zeros up to `width`, 1...20, filled in from the last.
  private mutating func append(digits value: UInt64, width: Int) {
    var count = 1
    var power: UInt64 = 10
    while count < 20, count < width || value >= power {
      count += 1
      power &*= 10
    }
    var rest = value
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
    for index in stride(from: start + count - 1, through: start, by: -1) {
      bytes[index] += UInt8(rest % 10)
      rest /= 10
    }
  }
}

// MARK: - Strings

extension JSONLine {
  /// Escapes what RFC 8259, section 7 asks for, and the other control characters too (U+007F...U+009F), for a
  /// terminal would obey them.
  private mutating func append(quoted text: String) {
    append(#"""#)
    var text = text
    text.withUTF8 { source in
      let end = Self.mostBytes - Self.reservedBytes
      var plain = 0
      var index = 0
      var characters = 0
      while index < source.count {
        if characters == Self.mostCharacters || bytes.count + (index - plain) >= end {
          bytes.append(contentsOf: source[plain..<index])
          append("…")
          plain = source.count
          break
        }
        let byte = source[index]
        let length = Self.length(ofScalarStartingWith: byte)
        if let code = Self.code(ofSpecial: source, at: index) {
          bytes.append(contentsOf: source[plain..<index])
          append(escaped: code)
          plain = index + length
        }
        index += length
        characters += 1
      }
      bytes.append(contentsOf: source[plain..<source.count])
    }
    append(#"""#)
  }

  /// Bytes of a UTF-8 sequence by its first one.
  @inline(__always)
  private static func length(ofScalarStartingWith byte: UInt8) -> Int {
    byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }

  /// The code point at `index` if it has to be escaped; all such are below U+00A0.
  @inline(__always)
  private static func code(ofSpecial source: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt8? {
    let byte = source[index]
    if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F { return byte }
    if byte == 0xC2, source[index + 1] < 0xA0 { return source[index + 1] }
    return nil
  }

  private mutating func append(escaped code: UInt8) {
    switch code {
    case UInt8(ascii: "\""): append(#"\""#)
    case UInt8(ascii: "\\"): append(#"\\"#)
    case UInt8(ascii: "\n"): append(#"\n"#)
    case UInt8(ascii: "\r"): append(#"\r"#)
    case UInt8(ascii: "\t"): append(#"\t"#)
    default:
      append(#"\u00"#)
      append(hexadecimal: code >> 4)
      append(hexadecimal: code & 0xF)
    }
  }

  private mutating func append(hexadecimal digit: UInt8) {
    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
  }
}

// MARK: - Time

extension JSONLine {
  /// ISO 8601 in UTC with milliseconds, years 0000...9999. The calendar is reckoned from 1 March of year 0, so
  /// that the leap day is a year's last and a quadricentennial "era" of 146,097 days is always the same.
  private mutating func append(timestamp milliseconds: Int64) {
    // 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z
    let time = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    let daysFromEraStart = (time + 62_162_035_200_000 + 146_097 * 86_400_000) / 86_400_000
    let millisecond = (time + 62_167_219_200_000) % 86_400_000

    let era = daysFromEraStart / 146_097
    let dayOfEra = daysFromEraStart % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + (era - 1) * 400 + (month <= 2 ? 1 : 0)

    append(digits: UInt64(year), width: 4)
    append("-")
    append(digits: UInt64(month), width: 2)
    append("-")
    append(digits: UInt64(day), width: 2)
    append("T")
    append(digits: UInt64(millisecond / 3_600_000), width: 2)
    append(":")
    append(digits: UInt64(millisecond / 60_000 % 60), width: 2)
    append(":")
    append(digits: UInt64(millisecond / 1000 % 60), width: 2)
    append(".")
    append(digits: UInt64(millisecond % 1000), width: 3)
    append("Z")
  }
}
