import Testing

@testable import ccs_jobstore

@Suite("The terminal")
struct TerminalTests {
  private func type(_ keys: [UInt8]) -> (bytes: [UInt8], steps: [PasswordLine.Step]) {
    var line = PasswordLine()
    let steps = keys.map { line.take($0) }
    return (line.bytes, steps)
  }

  @Test("A typed password ends with Return", arguments: [UInt8(ascii: "\n"), UInt8(ascii: "\r")])
  func returnKey(key: UInt8) {
    let typed = type(Array("ab".utf8) + [key])
    #expect(typed.bytes == Array("ab".utf8))
    #expect(typed.steps == [.more, .more, .done])
  }

  @Test("Backspace takes back a whole character")
  func backspace() {
    #expect(type(Array("aé".utf8) + [0x7F]).bytes == Array("a".utf8))
    #expect(type(Array("a€".utf8) + [0x08, UInt8(ascii: "b")]).bytes == Array("ab".utf8))
    #expect(type([0x7F, UInt8(ascii: "b")]).bytes == Array("b".utf8))
  }

  @Test("Control-U begins anew, other control characters count for nothing")
  func controlCharacters() {
    #expect(type(Array("ab".utf8) + [0x15] + Array("c\td".utf8)).bytes == Array("cd".utf8))
  }

  @Test("Control-C gives up at any place, Control-D only at the beginning")
  func givingUp() {
    #expect(type(Array("a".utf8) + [0x03]).steps.last == .cancelled)
    #expect(type([0x04]).steps == [.cancelled])
    #expect(type(Array("a".utf8) + [0x04]).steps.last == .more)
  }

  @Test("A table aligns its columns, and a cell may have several lines")
  func table() {
    var table = TextTable([.init(heading: "NAME"), .init(heading: "N", isNumeric: true), .init(heading: "X")])
    table.add([["long name"], ["1"], ["a", "b"]])
    table.add("s", "100", "")
    let expected = [
      "NAME         N  X", "long name    1  a", "                b", "s          100", "",
    ]
    #expect(table.text == expected.joined(separator: "\n"))
  }

  @Test("Nothing in a table can steer the terminal")
  func controlCharactersInTable() {
    var table = TextTable([.init(heading: "X")])
    table.add("a\u{1B}[2Jb\nc")
    #expect(table.text == "X\na\u{FFFD}[2Jb\u{FFFD}c\n")
  }

  @Test(
    "Large numbers are shown in groups",
    arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1234, "-1,234")])
  func groups(number: Int, text: String) {
    #expect(number.grouped == text)
  }
}
