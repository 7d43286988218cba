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
    "Only a pattern without wildcards is an exact text, and only one with a single wildcard at its end is a prefix",
    arguments: [
      ([], "", nil),
      ([.literal("a*")], "a*", nil),
      ([.any], nil, ""),
      ([.literal("a"), .any], nil, "a"),
      ([.any, .literal("a")], nil, nil),
      ([.literal("a"), .any, .literal("b")], nil, nil),
      ([.literal("a"), .any, .literal("b"), .any], nil, nil),
      ([.any, .literal("b"), .any], nil, nil),
    ] as [([TextPattern.Piece], String?, String?)])
  func shapes(pieces: [TextPattern.Piece], exactText: String?, prefix: String?) {
    #expect(TextPattern(pieces).exactText == exactText)
    #expect(TextPattern(pieces).prefix == prefix)
  }

  @Test("A condition prints in the language, with quotes and escapes")
  func prints() {
    let pattern = TextPattern([.literal("a \"b\" \\ 2*3, (c)"), .any])
    #expect(
      JobCondition.text(.jobName, .notEquals, pattern).description == #"JobName != "a \"b\" \\ 2\*3, (c)*""#)
  }
}
