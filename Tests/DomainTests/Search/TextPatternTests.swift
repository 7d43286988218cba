import Domain
import Testing

@Suite("Text patterns")
struct TextPatternTests {
  @Test("Neighbours of the same kind become one, and empty literals vanish")
  func joins() {
    let pattern = TextPattern([
      .literal(""), .literal("a"), .literal("b"), .any, .literal(""), .any, .literal("c"),
    ])
    #expect(pattern.pieces == [.literal("ab"), .any, .literal("c")])
    #expect(TextPattern([.literal(""), .literal("")]).pieces.isEmpty)
  }

  @Test(
    "Only a pattern without wildcards is an exact text",
    arguments: [
      ([], ""),
      ([.literal("a*")], "a*"),
      ([.any], nil),
      ([.literal("a"), .any], nil),
      ([.any, .literal("a")], nil),
      ([.literal("a"), .any, .literal("b")], nil),
      ([.literal("a"), .any, .literal("b"), .any], nil),
      ([.any, .literal("b"), .any], nil),
    ] as [([TextPattern.Piece], String?)])
  func shapes(pieces: [TextPattern.Piece], exactText: String?) {
    #expect(TextPattern(pieces).exactText == exactText)
  }

  @Test("A condition prints in the language, with quotes and escapes")
  func prints() {
    let pattern = TextPattern([.literal("a \"b\" \\ 2*3, (c)"), .any])
    #expect(
      JobCondition.text(.jobName, .notEquals, pattern).description == #"JobName != "a \"b\" \\ 2\*3, (c)*""#)
  }
}
