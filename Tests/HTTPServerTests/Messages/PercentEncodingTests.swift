import Testing

@testable import HTTPServer

@Suite("Percent-encoding")
struct PercentEncodingTests {
  @Test(
    "What is encoded is decoded, and the rest left alone",
    arguments: [
      ("", ""), ("abc", "abc"), ("%41%62c", "Abc"), ("a%20b", "a b"), ("%c3%BC", "ü"), ("ü", "ü"),
      ("%F0%9F%97%82", "🗂"), ("%2541", "%41"), ("%26%3D%3F%2F", "&=?/"), ("a=b&c", "a=b&c"), ("%7e~", "~~"),
    ])
  func decoded(text: String, expected: String) {
    for plusIsSpace in [true, false] {
      #expect(PercentEncoding.decode(Array(text.utf8), plusIsSpace: plusIsSpace) == expected)
    }
  }

  @Test("A plus is a space where it is said to be, and an encoded one never")
  func plus() {
    #expect(PercentEncoding.decode(Array("a+b%2B".utf8), plusIsSpace: true) == "a b+")
    #expect(PercentEncoding.decode(Array("a+b%2B".utf8), plusIsSpace: false) == "a+b+")
  }

  @Test(
    "Half an encoding, other digits, NUL and what is no UTF-8 are refused",
    arguments: [
      "%", "%4", "a%", "%%41", "%4g", "%g4", "%-1", "%+1", "% 4", "%00", "a%00b", "%ff", "%c3", "%c3%28",
      "%ed%a0%80", "%c0%80", "%f4%90%80%80", "%u00e4", "%٠٠",
    ])
  func refused(text: String) {
    #expect(PercentEncoding.decode(Array(text.utf8), plusIsSpace: true) == nil)
  }

  @Test("Raw bytes that are no UTF-8, and a raw NUL, are refused, too")
  func rawBytes() {
    for bytes in [[0xFF], [0x61, 0xC3], [0x00], [0x61, 0x00], [0xED, 0xA0, 0x80]] as [[UInt8]] {
      #expect(PercentEncoding.decode(bytes, plusIsSpace: false) == nil)
    }
  }

  @Test("Every byte string that is encoded whole comes back if it is text, and random bytes never trap")
  func random() {
    for _ in 0..<5000 {
      let bytes = (0..<Int.random(in: 0...12)).map { _ in UInt8.random(in: 0...255) }
      let encoded = bytes.flatMap { byte in
        Array("%".utf8) + Array(String(byte >> 4, radix: 16).utf8) + Array(String(byte & 15, radix: 16).utf8)
      }
      let expected = bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
      #expect(PercentEncoding.decode(encoded, plusIsSpace: true) == expected)
      #expect(PercentEncoding.decode(bytes, plusIsSpace: false).map { !$0.utf8.contains(0) } ?? true)
    }
  }
}
