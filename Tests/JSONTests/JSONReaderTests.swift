import Foundation
import TestRandom
import Testing

@testable import JSON

@Suite("The reader of JSON")
struct JSONReaderTests {
  /// Whether the reader takes the bytes as one value.
  private func accepts(_ text: [UInt8]) -> Bool {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, text.count), alignment: 1)
    defer { scratch.deallocate() }
    return text.withUnsafeBytes { bytes in
      var reader = JSONReader(bytes, scratch: scratch)
      do {
        reader.skipWhitespace()
        try reader.skipValue()
        reader.skipWhitespace()
        return reader.isAtEnd
      } catch {
        return false
      }
    }
  }

  /// What Foundation makes of the bytes; nil for what is no JSON or cannot be kept.
  private func decoded(_ text: [UInt8]) -> JSONNode? {
    // The reader reads UTF-8 alone; Foundation also knows other encodings, and a mark at the beginning.
    guard String(validating: text, as: UTF8.self) != nil, !text.contains(0),
      !text.starts(with: [0xEF, 0xBB, 0xBF])
    else { return nil }
    guard let node = try? JSONDecoder().decode(JSONNode.self, from: Data(text)), node.json != nil else {
      return nil
    }
    return node
  }

  @Test("It takes every value that is made up at random, as Foundation does")
  func randomValues() {
    var random = SeededRandom(seed: 1)
    for _ in 0..<20_000 {
      let text = Array((random.space() + random.value() + random.space()).utf8)
      #expect(accepts(text), "\(String(decoding: text, as: UTF8.self))")
      #expect(decoded(text) != nil, "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test(
    "Whatever is changed in a text, it takes none that Foundation refuses, and refuses none without cause"
  )
  func mutations() {
    var random = SeededRandom(seed: 2)
    let interesting: [UInt8] =
      Array("\"\\{}[]:,0123456789-+.eEtfnul /bxuDd8Cc \n\t".utf8) + [
        0, 0x1F, 0x7F, 0x80, 0xC0, 0xE2, 0xED, 0xF4, 0xFF,
      ]
    var (taken, refused) = (0, 0)
    for _ in 0..<40_000 {
      var text = Array(random.value().utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0...text.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0 where place < text.count: text.remove(at: place)
        case 1 where place < text.count: text[place] = interesting.randomElement(using: &random)!
        default: text.insert(interesting.randomElement(using: &random)!, at: place)
        }
      }
      let accepted = accepts(text)
      let node = decoded(text)
      if accepted { taken += 1 } else { refused += 1 }
      let shown = String(decoding: text, as: UTF8.self)
      if accepted { #expect(node != nil || isBeyondDouble(text), "taken: \(shown)") }
      if node != nil, !accepted { #expect(isRefusedWithCause(text), "refused: \(shown)") }
    }
    #expect(taken > 1000 && refused > 1000)
  }

  /// What Foundation lets pass and we do not: NUL characters, and a comma after the last element (no RFC 8259).
  private func isRefusedWithCause(_ text: [UInt8]) -> Bool {
    let text = String(decoding: text, as: UTF8.self)
    return text.contains(#"\u0000"#) || text.contains(/,[ \t\r\n]*[\]}]/)
  }

  /// What we take and Foundation does not: numbers that no Double holds.
  private func isBeyondDouble(_ text: [UInt8]) -> Bool {
    String(decoding: text, as: UTF8.self).contains(/[0-9][eE]\+?[0-9]{3,}/)
  }

  @Test("A text is what Foundation makes of it, escaped or not")
  func texts() throws {
    var random = SeededRandom(seed: 3)
    for _ in 0..<20_000 {
      let text = random.text()
      let json = Array(random.json(text).utf8)
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: json.count, alignment: 1)
      defer { scratch.deallocate() }
      let found = try json.withUnsafeBytes { bytes in
        var reader = JSONReader(bytes, scratch: scratch)
        return String(decoding: try reader.text(), as: UTF8.self)
      }
      #expect(Array(found.utf8) == Array(text.utf8))
    }
  }

  @Test(
    "What is no JSON is refused, and what PostgreSQL cannot keep",
    arguments: [
      "", " ", "{", "}", "[", "[1", "[1,", "[1,]", "[,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{1:2}",
      "nul",
      "nulll", "True", "01", "-", "-a", "1.", ".1", "1e", "1e+", "0x1", "1 2", "\"", "\"\\\"", "\"\\u12\"",
      "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\\a\"", "\"\n\"",
      "\"\t\"",
      "1e10000", "1e-10000", "1e99999999999999999999", "NaN", "Infinity", "'a'", "//", "{\"\\u0000\":1}",
    ])
  func refused(text: String) {
    #expect(!accepts(Array(text.utf8)))
  }

  @Test(
    "The tree takes what the reader skips, but for repeated names, and marks what PostgreSQL cannot store")
  func tree() throws {
    var random = SeededRandom(seed: 5)
    let alphabet = Array("\"\\{}[]:,0123456789-+.eEtfnul u0d8".utf8) + [0, 0x1F, 0xC3, 0xED, 0xFF]
    var (both, neither) = (0, 0)
    for _ in 0..<20_000 {
      var text = Array(random.value().utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        text[place] = alphabet.randomElement(using: &random)!
      }
      let shown = String(decoding: text, as: UTF8.self)
      do throws(MalformedJSON) {
        let node = try JSONNode(json: text)
        if accepts(text) {
          both += 1
        } else {
          // A number such as 0e20000 is zero in the tree, and stored as that.
          #expect(!node.isStorable || shown.contains(/[eE][+-]?[0-9]{5}/), "\(shown)")
        }
      } catch {
        neither += 1
        #expect(!accepts(text) || error.reason == "a name is repeated in an object", "\(shown)")
      }
    }
    #expect(both > 1000 && neither > 1000)
  }

  @Test("UTF-8 that is none is refused, by the table of the Unicode Standard")
  func invalidUTF8() {
    var random = SeededRandom(seed: 4)
    for _ in 0..<100_000 {
      let bytes = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        UInt8.random(in: 0x80...0xFF, using: &random)
      }
      let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
      #expect(accepts(text) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
    }
  }

  @Test("Each byte is taken or refused the same at every place of a text")
  func placesInAText() {
    for byte in UInt8.min...UInt8.max {
      let isPlain = (0x20..<0x80).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
      for place in 0..<20 {
        for filler in [UInt8(ascii: " "), UInt8(ascii: "#"), 0x7F] {
          var text = [UInt8](repeating: filler, count: 20)
          text[place] = byte
          let quote = [UInt8(ascii: "\"")]
          #expect(accepts(quote + text + quote) == isPlain, "\(byte) at \(place)")
        }
      }
    }
  }

  @Test("Nesting is taken up to its bound, and beyond it costs no stack")
  func nesting() {
    func nested(_ depth: Int) -> [UInt8] {
      Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
    }
    #expect(accepts(nested(JSONReader.maximumDepth)))
    #expect(!accepts(nested(JSONReader.maximumDepth + 1)))
    #expect(!accepts(nested(1_000_000)))
  }
}
