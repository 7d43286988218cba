import Domain
import Foundation
import Testing

@Suite("The order of a search, and its words")
struct JobSearchTests {
  @Test(
    "Jobs come in the order of the first time that the search bounds, else of their names",
    arguments: [
      ("", .name), ("JobName = a", .name), ("LastRunDate != 2019-01-05", .name),
      ("LastRunDate > 2019-01-05", .time(.lastRunDate)),
      ("JobName = a, JobModifiedTime <= 2019-01-05, LastRunDate > 2019-01-05", .time(.jobModifiedTime)),
      ("JobCreationTime = 2019-01-05", .time(.jobCreationTime)),
    ] as [(String, JobSearch.Order)])
  func order(text: String, expected: JobSearch.Order) throws {
    let search = JobSearch(try JobCondition.parse(text))
    #expect(search.order == expected)
    #expect(search.isByTime == (expected != .name))
  }

  @Test("Assets and standards have attributes of their own, in the same language")
  func otherKinds() throws {
    #expect(
      try Condition<AssetAttribute>.parse("displayName = All DB2 *, assettype Contains unix")
        == [
          .text(.assetName, .equals, TextPattern([.literal("All DB2 "), .any])),
          .text(.assetType, .contains, TextPattern([.literal("unix")])),
        ])
    #expect(
      try Condition<StandardAttribute>.parse("(displayName StartsWith red, StandardVersion != 1.0)")
        == [
          .text(.standardName, .startsWith, TextPattern([.literal("red")])),
          .text(.standardVersion, .notEquals, TextPattern([.literal("1.0")])),
        ])
    let id = UUID()
    #expect(try Condition.parse("AssetID = \(id)") == [.identifier(AssetAttribute.assetID, .equal, id)])
    let error = #expect(throws: AttributesError.self) {
      try Condition<StandardAttribute>.parse("JobName = a")
    }
    #expect(error?.expected == "an attribute: StandardName, StandardID, StandardVersion")
  }

  @Test("Different searches have different words")
  func texts() throws {
    var texts: Set<String> = []
    for place in [nil, ContainerPath("a"), ContainerPath("a/b")] {
      for subtree in [true, false] {
        for text in [
          "", "displayName = a", "displayName = 'a, displayName = b'", "displayName=a,displayName=b",
        ] {
          texts.insert(
            InventorySearch<AssetAttribute>(
              conditions: try Condition.parse(text), container: place, includesSubtree: subtree
            ).text)
          texts.insert(
            InventorySearch<StandardAttribute>(
              conditions: try Condition.parse(text), container: place, includesSubtree: subtree
            ).text)
        }
      }
    }
    #expect(texts.count == 3 * 2 * 4 * 2)
  }

  @Test(
    "A container path has backslashes or slashes",
    arguments: [
      ("Asset System", ["Asset System"]), (#"Asset System\Unix\EMEA"#, ["Asset System", "Unix", "EMEA"]),
      (#"\Asset System\Unix\"#, ["Asset System", "Unix"]), ("/Asset System/Unix/", ["Asset System", "Unix"]),
      (#"/Asset System/a\b"#, ["Asset System", #"a\b"#]),
      (#" /Asset System\Unix "#, ["Asset System", "Unix"]),
      ("", nil), ("  ", nil), ("/", nil), ("a//b", nil), (#"a\\b"#, nil), ("//a", nil),
    ] as [(String, [String]?)])
  func paths(text: String, names: [String]?) {
    #expect(ContainerPath(text)?.names == names)
  }

  @Test(
    "A word is held against a pattern without regard to case",
    arguments: [
      ("Completed", [.literal("completed")], true), ("Completed", [.literal("complete")], false),
      ("Completed", [], false), ("Completed", [.any], true), ("Completed", [.literal("COMP"), .any], true),
      ("Completed", [.any, .literal("ted")], true), ("Completed", [.any, .literal("te")], false),
      ("Completed", [.literal("c"), .any, .literal("d")], true),
      ("Completed", [.literal("completed"), .any, .literal("d")], false),
      ("Completed", [.any, .literal("e"), .any, .literal("ed")], true),
      ("Completed", [.any, .literal("ted"), .any, .literal("ted")], false),
      ("Completed", [.any, .literal("x"), .any], false), ("abab", [.any, .literal("ab")], true),
      ("aab", [.literal("a"), .any, .literal("b"), .any], true),
    ] as [(String, [TextPattern.Piece], Bool)])
  func matching(word: String, pieces: [TextPattern.Piece], expected: Bool) {
    #expect(TextPattern(pieces).matches(word) == expected)
  }
}
