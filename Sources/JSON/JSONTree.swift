extension JSONNode {
  /// Reads strict JSON (RFC 8259) in UTF-8; a byte order mark at the start is ignored.
  ///
  /// A repeated name in an object is an error, for nobody knows which of the two is meant. Texts that PostgreSQL cannot
  /// store, and numbers beyond `Double`, are ``unreadable``. O(n) in the length.
  ///
  /// - Throws: the first thing that is wrong.
  public init(json bytes: [UInt8]) throws(MalformedJSON) {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { scratch.deallocate() }
    let result = bytes.withUnsafeBytes { bytes -> Result<JSONNode, MalformedJSON> in
      do throws(MalformedJSON) {
        return .success(try Self.document(JSONReader(bytes, scratch: scratch)))
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  private static func document(_ reader: JSONReader) throws(MalformedJSON) -> JSONNode {
    var reader = reader
    reader.skipByteOrderMark()
    reader.skipWhitespace()
    let node = try value(&reader)
    try reader.end()
    return node
  }

  private static func value(_ reader: inout JSONReader) throws(MalformedJSON) -> JSONNode {
    switch reader.next {
    case UInt8(ascii: "{"):
      return try object(&reader)
    case UInt8(ascii: "["):
      return try array(&reader)
    case UInt8(ascii: "\""):
      return try reader.string().map { .text($0) } ?? .unreadable
    case UInt8(ascii: "t"):
      try reader.word("true")
      return .boolean(true)
    case UInt8(ascii: "f"):
      try reader.word("false")
      return .boolean(false)
    case UInt8(ascii: "n"):
      try reader.null()
      return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return number(try reader.number())
    default:
      throw reader.malformed("a value is expected")
    }
  }

  private static func object(_ reader: inout JSONReader) throws(MalformedJSON) -> JSONNode {
    var members: [String: JSONNode] = [:]
    var isFirst = true
    try reader.beginObject()
    while try reader.hasAnother(before: UInt8(ascii: "}"), &isFirst) {
      let start = reader.position
      let name = try reader.nameString()
      guard members.updateValue(try value(&reader), forKey: name) == nil else {
        throw reader.malformed("a name is repeated in an object", at: start)
      }
    }
    return .object(members)
  }

  private static func array(_ reader: inout JSONReader) throws(MalformedJSON) -> JSONNode {
    var elements: [JSONNode] = []
    var isFirst = true
    try reader.beginArray()
    while try reader.hasAnother(before: UInt8(ascii: "]"), &isFirst) { elements.append(try value(&reader)) }
    return .array(elements)
  }

  private static func number(_ number: JSONReader.Number) -> JSONNode {
    let text = String(decoding: number.digits, as: UTF8.self)
    if number.isWhole, let integer = Int(text) { return .integer(integer) }
    guard let value = Double(text), value.isFinite else { return .unreadable }
    // 1.0 and 1e2 are whole numbers, too; beyond 2^53 a Double is not exact.
    if value.magnitude <= 9_007_199_254_740_992, let integer = Int(exactly: value) {
      return .integer(integer)
    }
    return .number(value)
  }
}
