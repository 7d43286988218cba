import FoundationEssentials

extension UUID {
  /// Reads what .NET's `Guid.Parse` accepts for its formats `D` (hyphens), `N` (no hyphens) and `B` (braces),
  /// in any case, with white space around it.
  ///
  /// - Returns: nil if the text is no GUID.
  public init?(guid text: some StringProtocol) {
    var bytes = Substring(text).utf8[...]
    while let first = bytes.first, first == 0x20 || (0x09...0x0D).contains(first) { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
    let count = bytes.count
    let braced = bytes.first == UInt8(ascii: "{")
    if braced {
      guard bytes.last == UInt8(ascii: "}"), count == 38 else { return nil }
      bytes = bytes.dropFirst().dropLast()
    }
    let hyphenated = count != 32
    guard braced || count == 36 || !hyphenated else { return nil }
    var value: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    let isComplete = withUnsafeMutableBytes(of: &value) { raw in
      var digits = 0
      for (position, byte) in bytes.enumerated() {
        if hyphenated, position == 8 || position == 13 || position == 18 || position == 23 {
          guard byte == UInt8(ascii: "-") else { return false }
          continue
        }
        let digit: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
        default: return false
        }
        raw[digits / 2] = raw[digits / 2] << 4 | digit
        digits += 1
      }
      return true
    }
    guard isComplete else { return nil }
    self.init(uuid: value)
  }

  /// The hyphenated form in lower case, as in every response.
  public var guidString: String {
    withUnsafeBytes(of: uuid) { raw in
      String(unsafeUninitializedCapacity: 36) { buffer in
        var position = 0
        for (index, byte) in raw.enumerated() {
          if index == 4 || index == 6 || index == 8 || index == 10 {
            buffer[position] = UInt8(ascii: "-")
            position += 1
          }
          buffer[position] = Self.hexadecimal(byte >> 4)
          buffer[position + 1] = Self.hexadecimal(byte & 15)
          position += 2
        }
        return 36
      }
    }
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }

  /// A new identifier that sorts by its time (UUIDv7, RFC 9562, section 5.7), so that neighbours in time are neighbours in
  /// an index.
  ///
  /// - Parameter time: In the past for imported items.
  public static func timeOrdered(at time: Date = Date()) -> UUID {
    // Not from UUID(), which opens /dev/urandom each time.
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    var value = unsafeBitCast(random, to: uuid_t.self)
    let milliseconds = UInt64(max(0, min(time.timeIntervalSince1970 * 1000, 281_474_976_710_655)))
    withUnsafeMutableBytes(of: &value) { raw in
      for index in 0..<6 { raw[index] = UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * index)) }
      raw[6] = 0x70 | (raw[6] & 0x0F)
      raw[8] = 0x80 | (raw[8] & 0x3F)
    }
    return UUID(uuid: value)
  }
}
