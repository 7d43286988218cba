/// Writes JSON (RFC 8259) in the order of the calls: the order of fields is part of the documents' style.
///
/// Names and values follow each other: ``name(_:)-(StaticString)``, then a value, an object or an array. Texts are
/// escaped as section 7 demands; other control characters (U+007F…U+009F) are escaped too, for a terminal would obey them.
public struct JSONWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// - Parameters:
  ///   - capacity: The bytes that are reserved at once.
  ///   - prefix: What comes before the JSON.
  public init(capacity: Int = 0, prefix: String = "") {
    bytes.reserveCapacity(capacity)
    bytes.append(contentsOf: prefix.utf8)
  }

  /// A writer that has written one object.
  public static func object(_ body: (inout JSONWriter) -> Void) -> JSONWriter {
    var writer = JSONWriter(capacity: 512)
    writer.object(body)
    return writer
  }

  private mutating func beginValue() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  /// Ends a line, for formats with one value a line.
  public mutating func newline() {
    append("\n")
    needsComma = false
  }

  // MARK: - Objects and arrays

  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  public mutating func beginObject() {
    beginValue()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
  }

  public mutating func endObject() {
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  public mutating func array<Element>(
    _ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void
  ) {
    beginArray()
    for element in elements { body(&self, element) }
    endArray()
  }

  public mutating func beginArray() {
    beginValue()
    bytes.append(UInt8(ascii: "["))
    needsComma = false
  }

  public mutating func endArray() {
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// Takes what has been written; the text goes on where it ended.
  public mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// The name of the next value; it must need no escapes.
  public mutating func name(_ name: StaticString) {
    beginValue()
    append("\"")
    append(name)
    append("\":")
    needsComma = false
  }

  /// The name of the next value.
  public mutating func name(_ name: String) {
    value(name)
    append(":")
    needsComma = false
  }

  // MARK: - Values

  public mutating func null() {
    beginValue()
    append("null")
  }

  public mutating func value(_ value: Bool) {
    beginValue()
    append(value ? "true" : "false")
  }

  public mutating func value(_ value: Int) {
    beginValue()
    bytes.appendDecimal(value)
  }

  /// A number in its shortest form that reads back as the same; `null` for infinity and NaN, which JSON does not have.
  public mutating func value(_ value: Double) {
    guard value.isFinite else { return null() }
    beginValue()
    bytes.append(contentsOf: value.description.utf8)
  }

  /// A number rounded to six decimals, `1.500000`; `null` for infinity and NaN.
  public mutating func value(sixDecimals value: Double) {
    guard value.isFinite, value.magnitude < 1e12 else { return self.value(value) }
    beginValue()
    let millionths = UInt64((value.magnitude * 1e6).rounded())
    if value < 0 { append("-") }
    bytes.appendDigits(millionths / 1_000_000, width: 1)
    append(".")
    bytes.appendDigits(millionths % 1_000_000, width: 6)
  }

  /// A text; of one that is too long its beginning and `…`.
  ///
  /// - Parameters:
  ///   - characters: The most characters (Unicode scalars) of it that are written.
  ///   - limit: The text is cut where ``bytes`` reach this length.
  public mutating func value(_ text: String, characters: Int = .max, upTo limit: Int = .max) {
    beginValue()
    append("\"")
    var text = text
    text.withUTF8 { appendEscaped($0, characters: characters, upTo: limit) }
    append("\"")
  }

  /// A text that needs no escapes.
  ///
  /// - Parameter body: Appends it.
  public mutating func plainText(_ body: (inout [UInt8]) -> Void) {
    beginValue()
    append("\"")
    body(&bytes)
    append("\"")
  }

  /// A value that is JSON text already.
  public mutating func value(json: String) {
    beginValue()
    bytes.append(contentsOf: json.utf8)
  }

  // MARK: - Members

  /// A text; `null` for nil.
  public mutating func add(_ name: StaticString, _ value: String?) {
    self.name(name)
    if let value { self.value(value) } else { null() }
  }

  public mutating func add(_ name: StaticString, _ value: Int) {
    self.name(name)
    self.value(value)
  }

  public mutating func add(_ name: StaticString, _ value: Bool) {
    self.name(name)
    self.value(value)
  }

  /// A value that is JSON text already.
  public mutating func add(_ name: StaticString, json: String) {
    self.name(name)
    value(json: json)
  }

  // MARK: - Bytes

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func appendEscaped(
    _ text: UnsafeBufferPointer<UInt8>, characters: Int, upTo limit: Int
  ) {
    var plain = 0
    var index = 0
    var left = characters
    while index < text.count {
      if left == 0 || bytes.count + (index - plain) >= limit {
        bytes.append(contentsOf: text[plain..<index])
        append("…")
        return
      }
      let byte = text[index]
      let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      if let code = Self.code(ofSpecial: text, at: index) {
        bytes.append(contentsOf: text[plain..<index])
        append(escaped: code)
        plain = index + length
      }
      index += length
      left -= 1
    }
    bytes.append(contentsOf: text[plain..<text.count])
  }

  /// The code point at `index` if it must be escaped; all such are below U+00A0.
  @inline(__always)
  private static func code(ofSpecial text: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt8? {
    let byte = text[index]
    if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F { return byte }
    if byte == 0xC2, text[index + 1] < 0xA0 { return text[index + 1] }
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
      for digit in [code >> 4, code & 0xF] {
        bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}

extension [UInt8] {
  /// Appends a number in decimal digits.
  public mutating func appendDecimal(_ value: Int) {
    if value < 0 { append(UInt8(ascii: "-")) }
    appendDigits(UInt64(value.magnitude), width: 1)
  }

  /// Appends decimal digits, with leading zeros up to `width`, 1…20.
  public mutating func appendDigits(_ value: UInt64, width: Int) {
    var count = 1
    var power: UInt64 = 10
    while count < 20, count < width || value >= power {
      count += 1
      power &*= 10
    }
    let start = self.count
    append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
    var rest = value
    for index in stride(from: start + count - 1, through: start, by: -1) {
      self[index] += UInt8(rest % 10)
      rest /= 10
    }
  }
}
