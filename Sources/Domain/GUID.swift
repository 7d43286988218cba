import FoundationEssentials

extension UUID {
  /// Reads what .NET's `Guid.Parse` accepts for its formats `D` (hyphens), `N` (no hyphens) and `B` (braces),
  /// in any case, with white space around it.
  ///
  /// - Returns: nil if the text is no GUID.
  public init?(guid text: some StringProtocol) {
    var digits: [UInt8] = []
    digits.reserveCapacity(32)
    var bytes = Substring(text).utf8[...]
    while let first = bytes.first, first == 0x20 || (0x09...0x0D).contains(first) { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
    let braced = bytes.first == UInt8(ascii: "{")
    if braced {
      guard bytes.last == UInt8(ascii: "}"), bytes.count == 38 else { return nil }
      bytes = bytes.dropFirst().dropLast()
    }
    guard bytes.count == 36 || (bytes.count == 32 && !braced) else { return nil }
    let hyphenated = bytes.count == 36
    for (position, byte) in bytes.enumerated() {
      if hyphenated, [8, 13, 18, 23].contains(position) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digits.append(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    guard digits.count == 32 else { return nil }
    var value: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    withUnsafeMutableBytes(of: &value) { raw in
      for index in 0..<16 { raw[index] = digits[2 * index] << 4 | digits[2 * index + 1] }
    }
    self.init(uuid: value)
  }

  /// The hyphenated form in lower case, as every answer gives it.
  public var guidString: String {
    withUnsafeBytes(of: uuid) { raw in
      String(unsafeUninitializedCapacity: 36) { buffer in
        var position = 0
        for (index, byte) in raw.enumerated() {
          if index == 4 || index == 6 || index == 8 || index == 10 {
            buffer[position] = UInt8(ascii: "-")
            position += 1
          }
          for digit in [byte >> 4, byte & 15] {
            buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            position += 1
          }
        }
        return 36
      }
    }
  }

  /// A new identifier that sorts by its time of making (RFC 9562, section 5.7), so that neighbours in time are
  /// neighbours in an index.
  ///
  /// - Parameter time: When it is made; the past for imported things.
  public static func timeOrdered(at time: Date = Date()) -> UUID {
    var value = UUID().uuid
    let milliseconds = UInt64(max(0, min(time.timeIntervalSince1970 * 1000, 281_474_976_710_655)))
    withUnsafeMutableBytes(of: &value) { raw in
      for index in 0..<6 { raw[index] = UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * index)) }
      raw[6] = 0x70 | (raw[6] & 0x0F)
      raw[8] = 0x80 | (raw[8] & 0x3F)
    }
    return UUID(uuid: value)
  }
}
