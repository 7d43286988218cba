import FoundationEssentials
import Testing

@testable import API

@Suite("JSON that is written")
struct JSONWriterTests {
  @Test("JSON that is written is read back, whatever the text")
  func json() throws {
    var texts = ["", "\"\\\n\r\t\u{0}\u{1f}\u{7f}", "ü€𝄞"]
    for _ in 0..<500 {
      texts.append(
        String(
          String.UnicodeScalarView((0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FFF)) })
        ))
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
}
