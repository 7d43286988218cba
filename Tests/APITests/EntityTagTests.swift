import FoundationEssentials
import HTTPServer
import Testing

@testable import API

@Suite("The ETags of If-Match")
struct EntityTagTests {
  private static func strong(_ text: String) -> EntityTag { EntityTag(isWeak: false, text: text) }
  private static func weak(_ text: String) -> EntityTag { EntityTag(isWeak: true, text: text) }

  @Test(
    "Lists are read as RFC 9110 has them",
    arguments: [
      (["*"], .any), ([" * "], .any), ([#""3""#], .oneOf([strong("3")])), ([#"W/"3""#], .oneOf([weak("3")])),
      ([#""""#], .oneOf([strong("")])), ([#""a,b""#], .oneOf([strong("a,b")])),
      ([#""1", W/"2" ,"3""#], .oneOf([strong("1"), weak("2"), strong("3")])),
      ([#""1""#, #""2""#], .oneOf([strong("1"), strong("2")])),
      ([#", "1",, "2","#], .oneOf([strong("1"), strong("2")])),
      (["\t\"1\"\t"], .oneOf([strong("1")])), (["\"\u{fc}\\\""], .oneOf([strong("\u{fc}\\")])),
    ] as [([String], IfMatch)])
  func reads(values: [String], expected: IfMatch) {
    #expect(IfMatch(values) == expected)
  }

  @Test(
    "What is malformed is refused",
    arguments: [
      [""], [" "], [","], ["3"], [#""3"#], [#"3""#], [#"w/"3""#], [#"W/3"#], [#"W/ "3""#], [#""1" "2""#],
      [#"*, "1""#], [#""1", *"#], ["*", "*"], [#""a b""#], ["\"a\u{7f}\""], [#""1"x"#], [#"W/"#], ["W"],
    ])
  func refuses(values: [String]) {
    #expect(IfMatch(values) == nil)
  }

  private func versions(_ fields: [String]) throws -> [Int]? {
    var headers = Headers()
    for value in fields { headers.append("if-match", value) }
    return try Request(
      id: UUID(), method: "PATCH", target: Target(Array("/".utf8)), headers: headers, body: [], peer: ""
    ).wantedVersions
  }

  @Test("Only a strong tag that we have made is a version")
  func versions() throws {
    #expect(try versions([]) == nil)
    #expect(try versions(["*"]) == nil)
    #expect(try versions([#""3""#]) == [3])
    #expect(try versions([#"W/"3""#]) == [])
    #expect(try versions([#""03", "+3", "x", "", "3.0", "99999999999999999999", "7""#]) == [7])
    #expect(throws: Problem.self) { try versions(["3"]) }
  }
}
