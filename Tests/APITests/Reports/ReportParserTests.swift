import Domain
import Testing

@testable import API

@Suite("The rows of a report's body")
struct ReportParserTests {
  private static let limits = ReportLineReader.Limits(rowBytes: 1 << 20, messageCharacters: 100)
  private static let line = #"{"Severity": "Information", "Message": "m"}"# + "\n"

  /// What a parser makes of a body that arrives in pieces of `size` bytes.
  private func parse(
    _ body: String, size: Int, rowsToSkip: Int = 0, onlyCounting: Bool = false
  ) -> (taken: Int, parser: ReportParser) {
    let bytes = Array(body.utf8)
    var parser = ReportParser(.messages, rowsToSkip: rowsToSkip, limits: Self.limits)
    var taken = 0
    for start in stride(from: 0, to: bytes.count, by: size) where !parser.isHopeless {
      parser.add(Array(bytes[start..<min(start + size, bytes.count)]))
      // It stops behind every third row.
      while parser.forEachRow(
        onlyCounting: onlyCounting,
        { _ in
          taken += 1
          return taken % 3 != 0
        })
      {}
    }
    parser.end()
    while parser.forEachRow(
      onlyCounting: onlyCounting,
      { _ in
        taken += 1
        return true
      })
    {}
    return (taken, parser)
  }

  @Test("Each row is taken once, however the bytes arrive and wherever it stops; blank lines are none")
  func pieces() {
    let body = String(repeating: Self.line, count: 50) + " \r\n\n" + Self.line.dropLast()
    for size in [1, 7, 44, 45, 10_000] {
      let (taken, parser) = parse(body, size: size)
      #expect(taken == 51)
      #expect(parser.rows == 51)
      #expect(!parser.isBroken)
    }
  }

  @Test("Rows that are skipped or only counted are not read, be they valid or not")
  func skipped() {
    let body = String(repeating: "x\n", count: 5) + Self.line
    #expect(parse(body, size: 9, rowsToSkip: 5).taken == 1)
    #expect(parse(body, size: 9, rowsToSkip: 5).parser.rows == 6)
    #expect(!parse(body, size: 9, rowsToSkip: 5).parser.isBroken)
    let counted = parse(body, size: 9, onlyCounting: true)
    #expect((counted.taken, counted.parser.rows, counted.parser.isBroken) == (0, 6, false))
  }

  @Test("No row is taken behind a broken line, whose number is told; after a hundred it is hopeless")
  func broken() {
    let (taken, parser) = parse(Self.line + "{}\n" + Self.line, size: 20)
    #expect(taken == 1)
    #expect(parser.isBroken && !parser.isHopeless)
    #expect(parser.problems.all.listed.allSatisfy { $0.pointer.hasPrefix("/2") })
    let many = parse(String(repeating: "x\n", count: 1000), size: 2).parser
    #expect(many.isHopeless)
    #expect(many.problems.all.listed.count == ReportParser.maximumBrokenLines)
  }
}
