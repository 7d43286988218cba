extension JSONNode {
  /// Why bytes are no JSON text.
  public struct Malformed: Error, Equatable {
    /// Where it shows, in bytes from the start.
    public let offset: Int
    /// What would be right, or what is wrong, as a part of a sentence.
    public let reason: String
  }

  /// Reads strict JSON (RFC 8259) in UTF-8, as a client sends it; a byte order mark in front does not count.
  ///
  /// A name that stands twice in an object is an error, since nobody knows which of the two was meant. Texts
  /// with a NUL or half a surrogate pair, and numbers beyond `Double`, are ``unreadable``. The time it takes is
  /// proportional to the length.
  public init(json bytes: [UInt8]) throws(Malformed) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }
}

/// Takes a JSON text apart from its start to its end, without looking back.
private struct JSONParser {
  /// The deepest nesting of arrays and objects.
  private static let deepest = 64

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONNode.Malformed) -> JSONNode {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let node = try value()
    skipSpace()
    guard position == bytes.count else { throw malformed("nothing may follow the value") }
    return node
  }

  private func malformed(_ reason: String, at offset: Int? = nil) -> JSONNode.Malformed {
    JSONNode.Malformed(offset: offset ?? position, reason: reason)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONNode.Malformed) -> JSONNode {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try nested { parser throws(JSONNode.Malformed) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(JSONNode.Malformed) in try parser.array() }
    case UInt8(ascii: "\""): return try string().map { .text($0) } ?? .unreadable
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return try number()
    default: throw malformed("a value is expected")
    }
  }

  private mutating func nested(
    _ body: (inout Self) throws(JSONNode.Malformed) -> JSONNode
  ) throws(JSONNode.Malformed) -> JSONNode {
    guard depth < Self.deepest else { throw malformed("values are nested too deeply") }
    depth += 1
    position += 1
    let node = try body(&self)
    depth -= 1
    return node
  }

  private mutating func object() throws(JSONNode.Malformed) -> JSONNode {
    var members: [String: JSONNode] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw malformed("a name in quotation marks is expected") }
      guard let name = try string() else {
        throw malformed("a name holds a NUL or half a surrogate pair", at: start)
      }
      skipSpace()
      guard take(":") else { throw malformed("a colon is expected") }
      guard members.updateValue(try value(), forKey: name) == nil else {
        throw malformed("a name stands twice in an object", at: start)
      }
      skipSpace()
    } while take(",")
    guard take("}") else { throw malformed("a comma or } is expected") }
    return .object(members)
  }

  private mutating func array() throws(JSONNode.Malformed) -> JSONNode {
    var elements: [JSONNode] = []
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      elements.append(try value())
      skipSpace()
    } while take(",")
    guard take("]") else { throw malformed("a comma or ] is expected") }
    return .array(elements)
  }

  private mutating func word(_ word: StaticString, _ node: JSONNode) throws(JSONNode.Malformed) -> JSONNode {
    let letters = word.withUTF8Buffer { Array($0) }
    guard bytes[position...].starts(with: letters) else { throw malformed("a value is expected") }
    position += letters.count
    return node
  }

  // MARK: - Numbers

  private mutating func number() throws(JSONNode.Malformed) -> JSONNode {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("-") { _ = take("+") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { return .unreadable }
    // 1.0 and 1e2 are whole numbers too.
    if let integer = Int(exactly: number), number.magnitude <= 9_007_199_254_740_992 {
      return .integer(integer)
    }
    return .number(number)
  }

  private mutating func digits() throws(JSONNode.Malformed) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw malformed("a digit is expected") }
  }

  // MARK: - Texts

  /// - Returns: nil for a text that holds a NUL or half a surrogate pair.
  private mutating func string() throws(JSONNode.Malformed) -> String? {
    let start = position
    position += 1
    var decoded: [UInt8] = []
    var plainStart = position
    var isReadable = true
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        decoded.append(contentsOf: bytes[plainStart..<position])
        position += 1
        guard let text = String(validating: decoded, as: UTF8.self) else {
          throw malformed("a text is no UTF-8", at: start)
        }
        return isReadable ? text : nil
      case UInt8(ascii: "\\"):
        decoded.append(contentsOf: bytes[plainStart..<position])
        position += 1
        if let scalar = try escape(), scalar != "\0" {
          decoded.append(contentsOf: String(scalar).utf8)
        } else {
          isReadable = false
        }
        plainStart = position
      case 0..<0x20: throw malformed("a control character must be escaped")
      default: position += 1
      }
    }
    throw malformed("a text does not end", at: start)
  }

  /// What follows a backslash; nil for half a surrogate pair.
  private mutating func escape() throws(JSONNode.Malformed) -> Unicode.Scalar? {
    guard let letter = next else { throw malformed("a text does not end") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimal()
      guard (0xD800...0xDBFF).contains(unit) else { return Unicode.Scalar(unit) }
      guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      else { return nil }
      let before = position
      position += 2
      let low = try hexadecimal()
      guard (0xDC00...0xDFFF).contains(low) else {
        position = before
        return nil
      }
      return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    default: throw malformed("this escape is unknown", at: position - 1)
    }
  }

  private mutating func hexadecimal() throws(JSONNode.Malformed) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw malformed("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
