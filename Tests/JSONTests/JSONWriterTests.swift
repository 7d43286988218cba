import FoundationEssentials
import JSON
import TestRandom
import Testing

@Suite("JSON that is written")
struct JSONWriterTests {
  @Test("JSON that is written is read back by Foundation, whatever the text")
  func texts() throws {
    var random = SeededRandom(seed: 61)
    var texts = ["", "\"\\\n\r\t\u{0}\u{1f}\u{7f}", "ü€𝄞"]
    for _ in 0..<500 {
      texts.append(
        String(
          String.UnicodeScalarView(
            (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &random)) })))
    }
    for text in texts {
      let written = JSONWriter.object {
        $0.add("text", text)
        $0.name("items")
        $0.array([1, 2]) { writer, number in writer.object { $0.add("number", number) } }
        $0.add("nothing", nil as String?)
      }
      struct Read: Decodable {
        struct Item: Decodable { let number: Int }
        let text: String
        let items: [Item]
        let nothing: String?
      }
      let read = try JSONDecoder().decode(Read.self, from: Data(written.bytes))
      #expect(read.text == text)
      #expect(read.items.map(\.number) == [1, 2])
    }
  }

  @Test("Commas stand between members and elements, and nowhere else")
  func commas() {
    var writer = JSONWriter()
    writer.object {
      $0.name("a")
      $0.array([] as [Int]) { $0.value($1) }
      $0.add("b", true)
      $0.name("c")
      $0.array([0, 1, 2]) { writer, number in
        if number == 1 { writer.object { _ in } } else { writer.null() }
      }
      $0.add("d", json: #"{"x":[1,2]}"#)
      $0.name("e\"f")
      $0.plainText { $0 += Array("g".utf8) }
    }
    writer.newline()
    writer.value(-5)
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"{"a":[],"b":true,"c":[null,{},null],"d":{"x":[1,2]},"e\"f":"g"}"# + "\n-5")
  }

  @Test(
    "Numbers read back as the same, and null stands for what JSON does not have",
    arguments: [
      0, -0.5, 1.5, 1e300, .leastNonzeroMagnitude, 123_456_789.125, .greatestFiniteMagnitude, .infinity,
      -.infinity, .nan,
    ])
  func numbers(number: Double) throws {
    var writer = JSONWriter()
    writer.value(number)
    let text = String(decoding: writer.bytes, as: UTF8.self)
    #expect(text == "null" ? !number.isFinite : Double(text) == number)
    #expect(try JSONNode(json: writer.bytes) != .unreadable)
  }

  @Test("A text that is too long is cut between characters, with an ellipsis")
  func cut() {
    var writer = JSONWriter()
    writer.value("äöü", characters: 2)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #""äö…""#)
    writer.value("äöü", characters: 3)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #""äö…","äöü""#)
    var short = JSONWriter()
    short.value("äöü", upTo: 4)
    #expect(String(decoding: short.bytes, as: UTF8.self) == #""äö…""#)
  }
}
