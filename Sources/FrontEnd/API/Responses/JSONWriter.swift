import Domain
import FoundationEssentials

/// Writes JSON in the order it is told (RFC 8259); the documents' order of fields is part of their style.
struct JSONWriter: Sendable {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  static func object(_ body: (inout JSONWriter) -> Void) -> JSONWriter {
    var writer = JSONWriter()
    writer.bytes.reserveCapacity(512)
    writer.object(body)
    return writer
  }

  mutating func object(_ body: (inout JSONWriter) -> Void) {
    begin()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  mutating func array<Element>(
    _ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void
  ) {
    begin()
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    for element in elements { body(&self, element) }
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// The name of the value that is written next.
  mutating func name(_ name: StaticString) {
    begin()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    needsComma = false
  }

  mutating func add(_ name: StaticString, _ value: String?) {
    self.name(name)
    if let value { self.value(value) } else { null() }
  }

  mutating func add(_ name: StaticString, _ value: Int) {
    self.name(name)
    begin()
    bytes.append(contentsOf: String(value).utf8)
    needsComma = true
  }

  mutating func add(_ name: StaticString, _ value: Bool) {
    self.name(name)
    begin()
    bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    needsComma = true
  }

  mutating func add(_ name: StaticString, _ value: UUID?) { add(name, value?.guidString) }

  /// ISO 8601 in UTC with milliseconds.
  mutating func add(_ name: StaticString, _ value: Date?) { add(name, value?.wireText) }

  /// JSON that is known to be JSON.
  mutating func add(_ name: StaticString, json: String) {
    self.name(name)
    begin()
    bytes.append(contentsOf: json.utf8)
    needsComma = true
  }

  mutating func null() {
    begin()
    bytes.append(contentsOf: "null".utf8)
    needsComma = true
  }

  mutating func value(_ text: String) {
    begin()
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
      case UInt8(ascii: "\r"): bytes.append(contentsOf: #"\r"#.utf8)
      case UInt8(ascii: "\t"): bytes.append(contentsOf: #"\t"#.utf8)
      case 0..<0x20:
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(byte >> 4 + UInt8(ascii: "0"))
        bytes.append(Self.digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private mutating func begin() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }
}

extension Date {
  /// ISO 8601 in UTC with milliseconds and `Z`: the millisecond in which the time lies, as the database keeps it, in
  /// microseconds.
  var wireText: String {
    let microseconds = (timeIntervalSince1970 * 1_000_000).rounded()
    let milliseconds = (microseconds / 1000).rounded(.down)
    // No Double is a whole millisecond, and Foundation cuts off what follows: so a little is added.
    return Date(timeIntervalSince1970: (milliseconds + 0.1) / 1000).formatted(.iso8601WithMilliseconds)
  }
}

extension FormatStyle where Self == Date.ISO8601FormatStyle {
  fileprivate static var iso8601WithMilliseconds: Date.ISO8601FormatStyle {
    Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  }
}
