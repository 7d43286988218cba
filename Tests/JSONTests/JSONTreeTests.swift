import Foundation
import TestRandom
import Testing

@testable import JSON

@Suite("JSON from clients")
struct JSONTreeTests {
  private static let right: [(String, JSONNode)] = [
    ("null", .null), (" true\r\n", .boolean(true)), ("\tfalse ", .boolean(false)),
    ("\u{FEFF}0", .integer(0)), ("-0", .integer(0)), ("-17", .integer(-17)),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    ("1.0", .integer(1)), ("1e2", .integer(100)), ("1.5E-1", .number(0.15)), ("1e400", .unreadable),
    (#""""#, .text("")), (#""ü😀""#, .text("ü😀")), (#""\"\\\/\b\f\n\r\t""#, .text("\"\\/\u{8}\u{C}\n\r\t")),
    (#""\u00fc\uD83D\ude00""#, .text("ü😀")), (#""a\u0000b""#, .unreadable), (#""\ud83d""#, .unreadable),
    (#""\ude00\ud83d""#, .unreadable), (#""\ud83d\u0041""#, .unreadable), (#""\ud83dx""#, .unreadable),
    ("[]", .array([])), ("[ 1 , [2] ]", .array([.integer(1), .array([.integer(2)])])),
    ("{}", .object([:])),
    (#"{ "a" : {"b":[null]} , "":1}"#, .object(["a": .object(["b": .array([.null])]), "": .integer(1)])),
  ]

  @Test("A text is read as RFC 8259 has it", arguments: right)
  func reads(text: String, node: JSONNode) throws {
    #expect(try JSONNode(json: Array(text.utf8)) == node)
  }

  private static let mistakes: [(String, Int, String)] = [
    ("", 0, "a value is expected"), (" ", 1, "a value is expected"), ("\r", 1, "a value is expected"),
    ("nul", 0, "a value is expected"), ("True", 0, "a value is expected"), ("'a'", 0, "a value is expected"),
    ("NaN", 0, "a value is expected"), ("+1", 0, "a value is expected"), (".5", 0, "a value is expected"),
    ("01", 1, "nothing may follow the value"), ("1 2", 2, "nothing may follow the value"),
    ("{}x", 2, "nothing may follow the value"), ("0x1", 1, "nothing may follow the value"),
    ("-", 1, "a digit is expected"), ("1.", 2, "a digit is expected"), ("1e+", 3, "a digit is expected"),
    ("[1", 2, "a comma or ] is expected"), ("[1}", 2, "a comma or ] is expected"),
    ("[1,]", 3, "a value is expected"), ("[,1]", 1, "a value is expected"),
    (#"{"a":1"#, 6, "a comma or } is expected"), (#"{"a" 1}"#, 5, "a colon is expected"),
    (#"{"a":}"#, 5, "a value is expected"), (#"{"a":1,}"#, 7, "a name in quotation marks is expected"),
    ("{a:1}", 1, "a name in quotation marks is expected"),
    ("{1:1}", 1, "a name in quotation marks is expected"),
    (#"{"a":1,"b":2,"\u0061":3}"#, 13, "a name is repeated in an object"),
    (#"{"\u0000":1}"#, 1, "a name holds a NUL or half a surrogate pair"),
    (#""a"#, 0, "a text does not end"), (#""a\"#, 3, "a text does not end"),
    (#""\x""#, 2, "this escape is unknown"),
    (#""\u12g4""#, 5, "four hexadecimal digits are expected"),
    ("\"a\nb\"", 2, "a control character must be escaped"),
    ("\"\0\"", 1, "a control character must be escaped"), ("/* */ 1", 0, "a value is expected"),
  ]

  @Test("What is no JSON is refused with the place", arguments: mistakes)
  func refuses(text: String, offset: Int, reason: String) {
    #expect(throws: MalformedJSON(offset: offset, reason: reason)) {
      try JSONNode(json: Array(text.utf8))
    }
  }

  @Test(
    "Bytes that are no UTF-8 are no JSON", arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF]])
  func notUTF8(bytes: [UInt8]) {
    #expect(throws: MalformedJSON(offset: 1, reason: "a text is not UTF-8")) {
      try JSONNode(json: [0x5B, 0x22] + bytes + [0x22, 0x5D])
    }
  }

  @Test("Nesting has a bound, and much of it is no danger")
  func nesting() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    _ = try JSONNode(json: nested(JSONReader.maximumDepth))
    #expect(throws: MalformedJSON(offset: 100, reason: "values are nested more than 100 levels deep")) {
      try JSONNode(json: nested(JSONReader.maximumDepth + 1))
    }
    #expect(throws: MalformedJSON.self) {
      try JSONNode(json: Array(String(repeating: #"{"a":"#, count: 1_000_000).utf8))
    }
  }

  @Test("What was read and is written again is read as the same")
  func roundTrip() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<500 {
      let node = Self.node(depth: 4, &random)
      let text = try #require(node.json)
      #expect(try JSONNode(json: Array(text.utf8)) == node)
    }
  }

  @Test("Of damaged texts it takes none that Foundation does not take, and reads them alike")
  func damaged() throws {
    var random = SeededRandom(seed: 11)
    let alphabet = Array("{}[]\",:\\u0e1-+.tfn é".utf8) + [0, 0x0A, 0xFF]
    var taken = 0
    for _ in 0..<3000 {
      var bytes = Array(try #require(Self.node(depth: 3, &random).json).utf8)
      for _ in 0..<Int.random(in: 1...2, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
        default: bytes[place] = alphabet.randomElement(using: &random)!
        }
      }
      // Foundation gives out a NUL, which we do not.
      if let ours = try? JSONNode(json: bytes), ours.json != nil {
        taken += 1
        #expect(
          (try? JSONDecoder().decode(JSONNode.self, from: Data(bytes))) == ours,
          "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
    #expect(taken > 100)
  }

  private static func node(depth: Int, _ random: inout SeededRandom) -> JSONNode {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &random))
    case 2: return .integer(Int.random(in: -1_000_000...1_000_000, using: &random))
    case 3: return .number(Double(Int.random(in: 1...999, using: &random)) + 0.25)
    case 4, 5: return .text(text(&random))
    case 6:
      return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in node(depth: depth - 1, &random) })
    default:
      return .object(
        Dictionary(
          (0..<Int.random(in: 0...3, using: &random)).map { _ in
            (text(&random), node(depth: depth - 1, &random))
          }
        ) { first, _ in first })
    }
  }

  private static func text(_ random: inout SeededRandom) -> String {
    let alphabet = ["a", "ü", "😀", "\"", "\\", "\n", "/", "\u{1}", " ", "e\u{301}"]
    return (0..<Int.random(in: 0...5, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
      .joined()
  }
}
