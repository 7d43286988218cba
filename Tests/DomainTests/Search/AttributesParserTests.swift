import Domain
import Foundation
import Testing

@Suite("The Attributes of Search Jobs")
struct AttributesParserTests {
  private static func date(_ text: String) -> Date { OffsetDate(text)!.date }

  private static func name(_ textOperator: TextOperator, _ pieces: TextPattern.Piece...) -> [JobCondition] {
    [.text(.jobName, textOperator, TextPattern(pieces))]
  }

  @Test(
    "The forms of the reference mean what they say",
    arguments: [
      (
        "(JobName Contains audit, LastRunStatus = Completed)",
        name(.contains, .literal("audit"))
          + [.text(.lastRunStatus, .equals, TextPattern([.literal("Completed")]))]
      ),
      ("displayName = All DB2 *", name(.equals, .literal("All DB2 "), .any)),
      ("displayName StartsWith red", name(.startsWith, .literal("red"))),
      ("JobName = Nightly\\, all \\(UNIX\\)", name(.equals, .literal("Nightly, all (UNIX)"))),
    ])
  func referenceForms(text: String, expected: [JobCondition]) throws {
    #expect(try JobCondition.parse(text) == expected)
  }

  @Test("Text without conditions is no condition", arguments: ["", "  \t\r\n", "()", " ( ) "])
  func empty(text: String) throws {
    #expect(try JobCondition.parse(text).isEmpty)
  }

  @Test(
    "Words have no case, and white space around them does not count",
    arguments: [
      "JobName StartsWith red", "jobname startswith red", "  DISPLAYNAME\tSTARTSWITH\n red  ",
      "(JobName StartsWith red)", " ( JobName  StartsWith  red ) ", "displayName startsWith\"red\"",
      "JobName StartsWith 'red'",
    ])
  func caseAndSpace(text: String) throws {
    #expect(try JobCondition.parse(text) == Self.name(.startsWith, .literal("red")))
  }

  @Test(
    "Values end at a comma or a closing parenthesis, unless quotes or a backslash protect it",
    arguments: [
      ("JobName=a b  ", name(.equals, .literal("a b"))),
      ("JobName != a\\*b", name(.notEquals, .literal("a*b"))),
      ("JobName = *a**b*", name(.equals, .any, .literal("a"), .any, .literal("b"), .any)),
      ("JobName = * a *", name(.equals, .any, .literal(" a "), .any)),
      ("JobName = *", name(.equals, .any)),
      ("JobName = \"a, (b) \"", name(.equals, .literal("a, (b) "))),
      ("JobName = ' DB2 *'", name(.equals, .literal(" DB2 "), .any)),
      ("JobName = \"say \\\"hi\\\" \\\\ \\*\"", name(.equals, .literal("say \"hi\" \\ *"))),
      ("JobName = 'say \"hi\"'", name(.equals, .literal("say \"hi\""))),
      ("JobName = O'Brien's \"own\"", name(.equals, .literal("O'Brien's \"own\""))),
      ("JobName = \\'tis", name(.equals, .literal("'tis"))),
      ("JobName = a\\\\b", name(.equals, .literal("a\\b"))),
      ("JobName = a = b < c", name(.equals, .literal("a = b < c"))),
      ("JobName = \"\"", name(.equals)),
      ("JobName EndsWith *", name(.endsWith, .literal("*"))),
      ("JobName Contains a\\*", name(.contains, .literal("a*"))),
      ("JobName = Prüfung 監査 🗝", name(.equals, .literal("Prüfung 監査 🗝"))),
      ("JobName = *\u{301}x", name(.equals, .any, .literal("\u{301}x"))),
    ])
  func values(text: String, expected: [JobCondition]) throws {
    #expect(try JobCondition.parse(text) == expected)
  }

  @Test(
    "Known words come out in their documented spelling",
    arguments: [
      ("JobCategory = userdefined", .text(.jobCategory, .equals, TextPattern([.literal("UserDefined")]))),
      ("JobCategory != SYSTEM", .text(.jobCategory, .notEquals, TextPattern([.literal("System")]))),
      ("JobCategory = User*", .text(.jobCategory, .equals, TextPattern([.literal("User"), .any]))),
      ("JobCategory Contains def", .text(.jobCategory, .contains, TextPattern([.literal("def")]))),
      ("LastRunStatus != 'queued'", .text(.lastRunStatus, .notEquals, TextPattern([.literal("Queued")]))),
      ("LastRunStatus = RUNNING", .text(.lastRunStatus, .equals, TextPattern([.literal("Running")]))),
      ("LastRunStatus = failed", .text(.lastRunStatus, .equals, TextPattern([.literal("Failed")]))),
      ("LastRunStatus = aborted", .text(.lastRunStatus, .equals, TextPattern([.literal("Aborted")]))),
      ("JobType = collectionjob", .text(.jobType, .equals, TextPattern([.literal("CollectionJob")]))),
      ("JobType = EvaluationJOB", .text(.jobType, .equals, TextPattern([.literal("EvaluationJob")]))),
      (
        "JobType = collectionevaluationjob",
        .text(.jobType, .equals, TextPattern([.literal("CollectionEvaluationJob")]))
      ),
      ("JobType = Report Data Purge", .text(.jobType, .equals, TextPattern([.literal("Report Data Purge")]))),
    ] as [(String, JobCondition)])
  func knownWords(text: String, expected: JobCondition) throws {
    #expect(try JobCondition.parse(text) == [expected])
  }

  @Test(
    "Times are compared with each of the six operators",
    arguments: [
      (
        "JobCreationTime = 2019-01-05T04:10:27.5120788-08:00", .jobCreationTime, .equal,
        "2019-01-05T12:10:27.5120788Z"
      ),
      ("jobmodifiedtime!=2019-01-05T12:10:27Z", .jobModifiedTime, .notEqual, "2019-01-05T12:10:27Z"),
      ("LastRunDate<2019-01-05", .lastRunDate, .less, "2019-01-05T00:00:00Z"),
      ("LastRunDate <= '2019-01-05 12:10'", .lastRunDate, .lessOrEqual, "2019-01-05T12:10:00Z"),
      ("LastRunDate > 2019-01-05T12:10:27 02:00", .lastRunDate, .greater, "2019-01-05T10:10:27Z"),
      ("(LastRunDate >= 2019-01-05T12:10:27)", .lastRunDate, .greaterOrEqual, "2019-01-05T12:10:27Z"),
    ] as [(String, JobAttribute, Comparison, String)])
  func times(text: String, attribute: JobAttribute, comparison: Comparison, moment: String) throws {
    #expect(try JobCondition.parse(text) == [.time(attribute, comparison, Self.date(moment))])
  }

  @Test(
    "A JobID may have hyphens, none, or braces",
    arguments: [
      "JobID = 6F9619FF-8B86-D011-B42D-00C04FC964FF", "jobid=6f9619ff8b86d011b42d00c04fc964ff",
      "JobID = {6f9619ff-8b86-d011-b42d-00c04fc964ff}", "JobID = \"6f9619ff-8b86-d011-b42d-00c04fc964ff\"",
    ])
  func jobID(text: String) throws {
    let identifier = try #require(UUID(uuidString: "6F9619FF-8B86-D011-B42D-00C04FC964FF"))
    #expect(try JobCondition.parse(text) == [.identifier(.jobID, .equal, identifier)])
    #expect(
      try JobCondition.parse(text.replacing("=", with: "!=")) == [.identifier(.jobID, .notEqual, identifier)])
  }

  @Test("Twenty conditions and 2,000 characters are the most there may be")
  func limits() throws {
    let twenty = Array(repeating: "JobName = a", count: 20).joined(separator: ",")
    #expect(try JobCondition.parse(twenty).count == 20)
    let longest = "JobName = " + String(repeating: "x", count: 1990)
    #expect(
      try JobCondition.parse(longest) == Self.name(.equals, .literal(String(repeating: "x", count: 1990))))
    #expect(try JobCondition.parse("JobName = " + String(repeating: "🗝", count: 1990)).count == 1)
  }
}
