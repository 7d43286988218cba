/// Takes one JSON text (RFC 8259) apart from left to right, without building anything: made for millions of small
/// objects. It is strict, and refuses besides what PostgreSQL's jsonb and text cannot keep: NUL characters, half
/// surrogate pairs, numbers of more than `maximumDigits` digits or an exponent beyond ±`maximumExponent`.
public struct JSONScanner {
  /// What is wrong, and after how many bytes.
  public struct Failure: Error, Equatable {
    public var rule: String
    public var position: Int
  }

  /// How deep arrays and objects may be nested.
  public static let maximumDepth = 100
  public static let maximumDigits = 1000
  public static let maximumExponent = 9999

  private let bytes: UnsafeRawBufferPointer
  /// As large as `bytes`: a text is never longer than its JSON form.
  private let scratch: UnsafeMutableRawBufferPointer
  private var scratchUsed = 0
  public private(set) var position = 0

  /// - Parameter scratch: Where texts with escapes are put together; at least as large as `bytes`.
  public init(_ bytes: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer) {
    precondition(scratch.count >= bytes.count)
    self.bytes = bytes
    self.scratch = scratch
  }

  public var isAtEnd: Bool { position == bytes.count }

  /// The next byte; 0 at the end, which no JSON text contains.
  public var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  public func failure(_ rule: String) -> Failure { Failure(rule: rule, position: position) }

  public func range(from start: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<position])
  }

  public mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  public mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte, position < bytes.count else { return false }
    position += 1
    return true
  }

  public mutating func expect(_ byte: UInt8) throws(Failure) {
    guard take(byte) else {
      throw failure(
        isAtEnd ? "it ends too early" : "\(Character(Unicode.Scalar(byte))) is expected")
    }
  }

  private mutating func expect(word: StaticString) throws(Failure) {
    let start = position
    guard bytes.count - position >= word.utf8CodeUnitCount else { throw failure("it is no value") }
    for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] {
      position = start
      throw failure("it is no value")
    }
    position += word.utf8CodeUnitCount
  }

  public mutating func null() throws(Failure) { try expect(word: "null") }

  // MARK: - Texts

  /// A text without its quotation marks and escapes.
  public mutating func text() throws(Failure) -> UnsafeRawBufferPointer {
    try expect(UInt8(ascii: "\""))
    let start = position
    try skipPlain()
    guard next == UInt8(ascii: "\\") else {
      let text = range(from: start)
      try expect(UInt8(ascii: "\""))
      return text
    }
    let scratchStart = scratchUsed
    copy(from: start)
    while next == UInt8(ascii: "\\") {
      position += 1
      put(try escaped())
      let plain = position
      try skipPlain()
      copy(from: plain)
    }
    try expect(UInt8(ascii: "\""))
    return UnsafeRawBufferPointer(rebasing: scratch[scratchStart..<scratchUsed])
  }

  private mutating func copy(from start: Int) {
    let count = position - start
    if count > 0 {
      scratch.baseAddress!.advanced(by: scratchUsed).copyMemory(
        from: bytes.baseAddress! + start, byteCount: count)
    }
    scratchUsed += count
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    for unit in UTF8.encode(scalar).unsafelyUnwrapped {
      scratch[scratchUsed] = unit
      scratchUsed += 1
    }
  }

  /// Moves to the next quotation mark or backslash.
  private mutating func skipPlain() throws(Failure) {
    while position < bytes.count {
      let byte = bytes[position]
      if byte >= 0x80 {
        try skipMultibyte(byte)
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        return
      } else if byte < 0x20 {
        throw failure("a control character must be escaped")
      } else {
        position += 1
      }
    }
    throw failure("it ends within a text")
  }

  /// One character of two to four bytes (Unicode 15, table 3-7).
  private mutating func skipMultibyte(_ first: UInt8) throws(Failure) {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw failure("it is no UTF-8")
    }
    guard bytes.count - position >= length, second.contains(bytes[position + 1]) else {
      throw failure("it is no UTF-8")
    }
    for offset in 2..<max(length, 2) where bytes[position + offset] & 0xC0 != 0x80 {
      throw failure("it is no UTF-8")
    }
    position += length
  }

  /// What follows a backslash.
  private mutating func escaped() throws(Failure) -> Unicode.Scalar {
    let byte = next
    position += isAtEnd ? 0 : 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicode()
    default: throw failure("an escape is unknown")
    }
  }

  private mutating func unicode() throws(Failure) -> Unicode.Scalar {
    let high = try hexadecimal()
    guard high != 0 else { throw failure("a NUL character cannot be kept") }
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      throw failure("half a surrogate pair cannot be kept")
    }
    let low = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
    else { throw failure("half a surrogate pair cannot be kept") }
    return scalar
  }

  private mutating func hexadecimal() throws(Failure) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = hexadecimalDigit(next) else { throw failure("\\u wants four digits") }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  // MARK: - Other values

  /// Passes over a value of any kind.
  ///
  /// - Parameter depth: How many arrays and objects are around it.
  public mutating func skipValue(depth: Int = 0) throws(Failure) {
    switch next {
    case UInt8(ascii: "\""):
      // Nobody looks at it, so its place in the scratch is free again.
      let used = scratchUsed
      _ = try text()
      scratchUsed = used
    case UInt8(ascii: "{"): try skipObject(depth: depth + 1)
    case UInt8(ascii: "["): try skipArray(depth: depth + 1)
    case UInt8(ascii: "t"): try expect(word: "true")
    case UInt8(ascii: "f"): try expect(word: "false")
    case UInt8(ascii: "n"): try expect(word: "null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
    default: throw failure(isAtEnd ? "it ends too early" : "it is no value")
    }
  }

  private func checkDepth(_ depth: Int) throws(Failure) {
    guard depth <= Self.maximumDepth else {
      throw failure("it is nested deeper than \(Self.maximumDepth) levels")
    }
  }

  private mutating func skipObject(depth: Int) throws(Failure) {
    try checkDepth(depth)
    position += 1
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return }
    repeat {
      skipWhitespace()
      guard next == UInt8(ascii: "\"") else { throw failure("a name is expected") }
      try skipValue(depth: depth)
      skipWhitespace()
      try expect(UInt8(ascii: ":"))
      skipWhitespace()
      try skipValue(depth: depth)
      skipWhitespace()
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  private mutating func skipArray(depth: Int) throws(Failure) {
    try checkDepth(depth)
    position += 1
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return }
    repeat {
      skipWhitespace()
      try skipValue(depth: depth)
      skipWhitespace()
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  private mutating func skipNumber() throws(Failure) {
    _ = take(UInt8(ascii: "-"))
    let start = position
    if !take(UInt8(ascii: "0")) { try skipDigits() }
    if take(UInt8(ascii: ".")) { try skipDigits() }
    guard position - start <= Self.maximumDigits else {
      throw failure("a number has more than \(Self.maximumDigits) digits")
    }
    guard next | 0x20 == UInt8(ascii: "e") else { return }
    position += 1
    if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
    let exponentStart = position
    try skipDigits()
    let exponent = range(from: exponentStart).drop { $0 == UInt8(ascii: "0") }
    let value = exponent.count > 5 ? .max : exponent.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    guard value <= Self.maximumExponent else {
      throw failure("a number's exponent is beyond ±\(Self.maximumExponent)")
    }
  }

  private mutating func skipDigits() throws(Failure) {
    let start = position
    while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { position += 1 }
    guard position > start else { throw failure("a digit is expected") }
  }
}

/// The value of a hexadecimal digit.
public func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
