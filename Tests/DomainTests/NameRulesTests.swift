import Domain
import Testing

@Suite("Names")
struct NameRulesTests {
  @Test(
    "What is invisible or changes the direction of text is refused by its code and position",
    arguments: [
      ("a\u{202E}b", "U+202E", 2), ("ab\u{200B}", "U+200B", 3), ("a\u{2028}b", "U+2028", 2),
      ("a\u{2029}b", "U+2029", 2), ("a\u{200D}b", "U+200D", 2), ("\u{FEFF}a", "U+FEFF", 1),
      ("a\u{AD}b", "U+00AD", 2), ("a\u{E0041}b", "U+E0041", 2), ("a\u{FE0F}", "U+FE0F", 2),
      ("a\u{3164}b", "U+3164", 2), ("a\u{FFFE}b", "U+FFFE", 2), ("a\tb", "U+0009", 2),
    ])
  func invisible(name: String, code: String, position: Int) throws {
    let rule = try #require(NameRules.rule(brokenBy: name))
    #expect(rule.hasPrefix("must not contain \(code), which is "))
    #expect(rule.hasSuffix("(at position \(position))"))
  }

  @Test(
    "Visible characters of any script are permitted",
    arguments: ["Straße", "夜間監査", "تدقيق", "a 🚀 b", "e\u{301}"])
  func visible(name: String) { #expect(NameRules.rule(brokenBy: name) == nil) }

  @Test(
    "Names are compared by canonical equivalence and full case folding",
    arguments: [
      ("Straße", "STRASSE"), ("é", "E\u{301}"), ("ﬁx", "FIX"), ("ΣΑΣ", "σας"), ("\u{212A}", "k"),
      ("Iıı", "iıı"),
    ])
  func folding(one: String, other: String) { #expect(NameRules.key(of: one) == NameRules.key(of: other)) }

  @Test("The dotless i is another letter", arguments: ["ı", "aı", "ıa"])
  func dotless(name: String) {
    #expect(NameRules.key(of: name) != NameRules.key(of: name.replacing("ı", with: "i")))
  }

  @Test("A password has one form, whatever keyboard composed it")
  func passwords() {
    #expect(OpaquePassword.normalized(Array("e\u{301}\u{A0}".utf8)) == Array("\u{E9} ".utf8))
    #expect(OpaquePassword.normalized(Array("Aß".utf8)) == Array("Aß".utf8), "case is kept")
    #expect(OpaquePassword.normalized([0xFF, 0x41]) == [0xFF, 0x41])
  }
}
