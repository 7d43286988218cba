/// Reads one JSON text (RFC 8259) from left to right, value by value, and builds nothing.
///
/// It is strict: UTF-8 only, no comments, no trailing commas. Every other reader stands on it: ``JSONNode`` builds a
/// tree, reports are read line by line at a few hundred nanoseconds each.
///
/// PostgreSQL stores no NUL characters and unpaired surrogates, and no numbers of more than ``maximumDigits`` digits or
/// with an exponent beyond ±``maximumExponent``. They are well-formed JSON, so each method says what it does about them.
public struct JSONReader {
  /// The deepest nesting of arrays and objects.
  public static let maximumDepth = 100
  public static let maximumDigits = 1000
  public static let maximumExponent = 9999

  @usableFromInline let bytes: UnsafeRawBufferPointer
  @usableFromInline var index = 0
  /// As large as `bytes`: a text is never longer than its JSON form.
  private let scratch: UnsafeMutableRawBufferPointer
  private var scratchUsed = 0
  private var depth = 0

  /// - Parameters:
  ///   - bytes: The text; it must live as long as the reader and the texts it returns.
  ///   - scratch: Where texts with escapes are decoded; at least as large as `bytes`.
  public init(_ bytes: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer) {
    precondition(scratch.count >= bytes.count)
    self.bytes = bytes
    self.scratch = scratch
  }

  /// The number of bytes read so far.
  @inlinable public var position: Int { index }

  @inlinable public var isAtEnd: Bool { index == bytes.count }

  /// The next byte; 0 at the end, for no JSON text contains one.
  @inlinable public var next: UInt8 { index < bytes.count ? bytes[index] : 0 }

  /// The bytes from a former position to the current one.
  public func range(from start: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<index])
  }

  /// - Parameter offset: Where; nil for the current position.
  public func malformed(_ reason: String, at offset: Int? = nil) -> MalformedJSON {
    MalformedJSON(offset: offset ?? index, reason: reason)
  }

  mutating func skipByteOrderMark() {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  @inlinable
  public mutating func skipWhitespace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  /// Takes a byte if it is the next one; never a NUL.
  @inlinable
  public mutating func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  // MARK: - Arrays and objects

  /// Enters an object. Its members follow: ``hasAnother(before:_:)``, ``name()``, the value.
  public mutating func beginObject() throws(MalformedJSON) {
    guard next == UInt8(ascii: "{") else { throw malformed("an object is expected") }
    try enter()
  }

  /// Enters an array. Its elements follow: ``hasAnother(before:_:)``, the value.
  public mutating func beginArray() throws(MalformedJSON) {
    guard next == UInt8(ascii: "[") else { throw malformed("an array is expected") }
    try enter()
  }

  private mutating func enter() throws(MalformedJSON) {
    guard depth < Self.maximumDepth else {
      throw malformed("values are nested more than \(Self.maximumDepth) levels deep")
    }
    depth += 1
    index += 1
  }

  /// Whether another member or element follows; takes the comma before it, or the closing bracket.
  ///
  /// - Parameters:
  ///   - closing: `}` or `]`.
  ///   - isFirst: True before the first one.
  public mutating func hasAnother(
    before closing: UInt8, _ isFirst: inout Bool
  ) throws(MalformedJSON) -> Bool {
    skipWhitespace()
    if take(closing) {
      depth -= 1
      return false
    }
    if isFirst {
      isFirst = false
    } else if !take(UInt8(ascii: ",")) {
      throw malformed("a comma or \(Character(Unicode.Scalar(closing))) is expected")
    }
    skipWhitespace()
    return true
  }

  /// The name of a member, and the colon behind it.
  public mutating func name() throws(MalformedJSON) -> UnsafeRawBufferPointer {
    let start = index
    guard next == UInt8(ascii: "\"") else { throw malformed("a name in quotation marks is expected") }
    guard let name = try textIfStorable() else {
      throw malformed("a name holds a NUL or half a surrogate pair", at: start)
    }
    skipWhitespace()
    guard take(UInt8(ascii: ":")) else { throw malformed("a colon is expected") }
    skipWhitespace()
    return name
  }

  // MARK: - Texts

  /// A text without its quotation marks and escapes.
  ///
  /// - Throws: also if PostgreSQL cannot store it.
  public mutating func text() throws(MalformedJSON) -> UnsafeRawBufferPointer {
    let start = index
    guard let text = try textIfStorable() else {
      throw malformed("a text holds a NUL or half a surrogate pair", at: start)
    }
    return text
  }

  /// A text without its quotation marks and escapes; nil if PostgreSQL cannot store it.
  public mutating func textIfStorable() throws(MalformedJSON) -> UnsafeRawBufferPointer? {
    guard next == UInt8(ascii: "\"") else { throw malformed("a text is expected") }
    let start = index
    index += 1
    try skipPlain(ofTextAt: start)
    guard bytes[index] == UInt8(ascii: "\\") else {
      let text = range(from: start + 1)
      index += 1
      return text
    }
    let scratchStart = scratchUsed
    var isStorable = true
    copy(from: start + 1)
    while take(UInt8(ascii: "\\")) {
      if let scalar = try escaped(ofTextAt: start), scalar != "\0" {
        put(scalar)
      } else {
        isStorable = false
      }
      let plain = index
      try skipPlain(ofTextAt: start)
      copy(from: plain)
    }
    index += 1
    return isStorable ? UnsafeRawBufferPointer(rebasing: scratch[scratchStart..<scratchUsed]) : nil
  }

  private mutating func copy(from start: Int) {
    let count = index - start
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
  private mutating func skipPlain(ofTextAt start: Int) throws(MalformedJSON) {
    while true {
      skipPlainWords()
      guard index < bytes.count else { break }
      let byte = bytes[index]
      if byte >= 0x80 {
        guard skipMultibyte(byte) else { throw malformed("a text is not UTF-8", at: start) }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        return
      } else if byte < 0x20 {
        throw malformed("a control character must be escaped")
      } else {
        index += 1
      }
    }
    throw malformed("a text does not end", at: start)
  }

  /// Moves to the first byte that is a quotation mark, a backslash, a control character or part of a longer character,
  /// eight bytes at a time; stops before the last seven bytes.
  private mutating func skipPlainWords() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = ones &* UInt64(UInt8(ascii: "\""))
    let backslashes = ones &* UInt64(UInt8(ascii: "\\"))
    while bytes.count - index >= 8 {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      // A byte borrows into its highest bit if it is less than what is taken away from it.
      let control = word &- ones &* 0x20
      let marks = ((word ^ quotes) &- ones) | ((word ^ backslashes) &- ones)
      let found = (word | control | marks) & (ones &* 0x80)
      guard found == 0 else {
        index += found.trailingZeroBitCount / 8
        return
      }
      index += 8
    }
  }

  /// One character of two to four bytes (Unicode 15, table 3-7).
  ///
  /// - Returns: False for bytes that are not UTF-8.
  private mutating func skipMultibyte(_ first: UInt8) -> Bool {
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
    default: return false
    }
    guard bytes.count - index >= length, second.contains(bytes[index + 1]) else { return false }
    for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return false }
    index += length
    return true
  }

  /// What follows a backslash; nil for an unpaired surrogate.
  private mutating func escaped(ofTextAt start: Int) throws(MalformedJSON) -> Unicode.Scalar? {
    guard !isAtEnd else { throw malformed("a text does not end") }
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicode()
    default: throw malformed("this escape is unknown", at: index - 1)
    }
  }

  private mutating func unicode() throws(MalformedJSON) -> Unicode.Scalar? {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    let end = index
    guard high < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      index = end
      return nil
    }
    let low = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(low) else {
      // It is a character of its own.
      index = end
      return nil
    }
    return Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
  }

  private mutating func hexadecimal() throws(MalformedJSON) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = hexadecimalDigit(next) else {
        throw malformed("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt16(digit)
      index += 1
    }
    return value
  }

  /// A text; nil if PostgreSQL cannot store it.
  mutating func string() throws(MalformedJSON) -> String? {
    defer { scratchUsed = 0 }
    return try textIfStorable().map { String(decoding: $0, as: UTF8.self) }
  }

  /// The name of a member, and the colon behind it.
  mutating func nameString() throws(MalformedJSON) -> String {
    defer { scratchUsed = 0 }
    return String(decoding: try name(), as: UTF8.self)
  }

  // MARK: - Any value

  /// Skips a value of any kind.
  ///
  /// - Throws: also if PostgreSQL cannot store it.
  public mutating func skipValue() throws(MalformedJSON) {
    switch next {
    case UInt8(ascii: "\""):
      // The text is not returned, so its scratch space is free again.
      let used = scratchUsed
      _ = try text()
      scratchUsed = used
    case UInt8(ascii: "{"):
      try beginObject()
      var isFirst = true
      while try hasAnother(before: UInt8(ascii: "}"), &isFirst) {
        let used = scratchUsed
        _ = try name()
        scratchUsed = used
        try skipValue()
      }
    case UInt8(ascii: "["):
      try beginArray()
      var isFirst = true
      while try hasAnother(before: UInt8(ascii: "]"), &isFirst) { try skipValue() }
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let start = index
      guard try number().isStorable else {
        throw malformed(
          "a number has more than \(Self.maximumDigits) digits or an exponent beyond ±\(Self.maximumExponent)",
          at: start)
      }
    default: throw malformed("a value is expected")
    }
  }

  /// Takes white space up to the end of the text.
  public mutating func end() throws(MalformedJSON) {
    skipWhitespace()
    guard isAtEnd else { throw malformed("nothing may follow the value") }
  }
}

/// The value of a hexadecimal digit.
@inlinable
public func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
