extension JSONReader {
  public mutating func null() throws(MalformedJSON) { try word("null") }

  /// Takes one of the words `true`, `false` and `null`.
  mutating func word(_ word: StaticString) throws(MalformedJSON) {
    let count = word.utf8CodeUnitCount
    guard bytes.count - index >= count else { throw malformed("a value is expected") }
    for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] {
      throw malformed("a value is expected")
    }
    index += count
  }

  /// A number that has been read.
  struct Number {
    let digits: UnsafeRawBufferPointer
    /// It has neither a fraction nor an exponent.
    let isWhole: Bool
    let isStorable: Bool
  }

  mutating func number() throws(MalformedJSON) -> Number {
    let start = index
    var isWhole = true
    _ = take(UInt8(ascii: "-"))
    let digits = index
    if !take(UInt8(ascii: "0")) { try skipDigits() }
    if take(UInt8(ascii: ".")) {
      isWhole = false
      try skipDigits()
    }
    var isStorable = index - digits <= Self.maximumDigits
    if next | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      index += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      let exponentStart = index
      try skipDigits()
      let exponent = range(from: exponentStart).drop { $0 == UInt8(ascii: "0") }
      let value = exponent.count > 5 ? .max : exponent.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      if value > Self.maximumExponent { isStorable = false }
    }
    return Number(digits: range(from: start), isWhole: isWhole, isStorable: isStorable)
  }

  private mutating func skipDigits() throws(MalformedJSON) {
    let start = index
    while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { index += 1 }
    guard index > start else { throw malformed("a digit is expected") }
  }
}
