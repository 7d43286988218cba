import Domain
import Foundation
import Testing

@Suite("Attributes that cannot be understood")
struct AttributesErrorTests {
  private static let attributes =
    "an attribute: JobName, JobID, JobCategory, JobType, JobCreationTime, JobModifiedTime, LastRunStatus, LastRunDate"
  private static let textOperators = "an operator: =, !=, Contains, StartsWith, EndsWith"
  private static let comparisons = "an operator: =, !=, <, <=, >, >="
  private static let statuses = "one of Queued, Running, Completed, Failed, Aborted"
  private static let time = "a time such as 2019-01-05, 2019-01-05T04:10:27Z or 2019-01-05T04:10:27-08:00"
  private static let guid = "a GUID such as 6f9619ff-8b86-d011-b42d-00c04fc964ff"
  private static let escapes = #"one of \ * , ( ) " ' after the backslash"#
  private static let end = "the end of the text"
  private static let table: [(String, Int, String, String)] = [
    ("Name = a", 1, "“Name”", attributes),
    ("= a", 1, "“=”", attributes),
    ("  JobNames = a", 3, "“JobNames”", attributes),
    ("(", 2, end, attributes),
    ("((JobName = a))", 2, "“(”", attributes),
    ("JobName = a,", 13, end, attributes),
    ("JobName = a, , JobName = b", 14, "“,”", attributes),
    ("(JobName = a,)", 14, "“)”", attributes),
    ("JobName", 8, end, textOperators),
    ("JobName audit", 9, "“audit”", textOperators),
    ("JobName == a", 9, "“==”", textOperators),
    ("JobName < a", 9, "“<”", textOperators),
    ("JobName Containsaudit", 9, "“Containsaudit”", textOperators),
    ("JobName (a)", 9, "“(”", textOperators),
    ("LastRunDate Contains 2019", 13, "“Contains”", comparisons),
    ("LastRunDate => 2019-01-05", 13, "“=>”", comparisons),
    ("JobID < 1", 7, "“<”", "an operator: =, !="),
    ("JobName =", 10, end, "a value"),
    ("JobName = , JobID = 1", 11, "“,”", "a value"),
    ("(JobName = )", 12, "“)”", "a value"),
    ("JobName = a)", 12, "“)”", #"a comma or the end; a parenthesis within a value is written \)"#),
    ("JobName = a (b)", 13, "“(”", #"a comma or the end; a parenthesis within a value is written \("#),
    ("(JobName = a", 13, end, "a comma or a closing parenthesis"),
    ("(JobName = a) JobID", 15, "“JobID”", end),
    ("() x", 4, "“x”", end),
    ("JobName = 'a' b", 15, "“b”", "a comma or the end of the text"),
    ("JobName = 'a')", 14, "“)”", "a comma or the end of the text"),
    ("(JobName = 'a' 'b')", 16, "“'”", "a comma or a closing parenthesis"),
    ("JobName = 'a", 13, end, "the closing quote '"),
    ("JobName = \"a\\\"", 15, end, "the closing quote \""),
    ("JobName = a\\b", 13, "“b”", escapes),
    ("JobName = a\\", 13, end, escapes),
    ("JobName = 'a\\ '", 14, "“ ”", escapes),
    ("JobName = a\0b", 12, "“U+0”", "any other character"),
    ("LastRunStatus = Done , JobName = a", 17, "“Done”", statuses),
    ("LastRunStatus = \"Done\"", 17, "“\"Done\"”", statuses),
    ("JobCategory = Users", 15, "“Users”", "one of System, UserDefined"),
    (
      "JobType = a;b", 11, "“a;b”",
      "CollectionEvaluationJob, CollectionJob, EvaluationJob or the type of a system job"
    ),
    ("JobCreationTime > yesterday", 19, "“yesterday”", time),
    ("JobCreationTime > 2019-02-29", 19, "“2019-02-29”", time),
    ("JobCreationTime = 2019-01-*", 19, "“2019-01-*”", time),
    ("JobID = 42", 9, "“42”", guid),
    ("JobID = {6f9619ff8b86d011b42d00c04fc964ff}", 9, "“{6f9619ff8b86d011b42d00c04fc964ff}”", guid),
    ("JobID = *", 9, "“*”", guid),
    ("JobName = Prüfung 🗝, Größe = 1", 22, "“Größe”", attributes),
    ("JobID = " + String(repeating: "z", count: 50), 9, "“" + String(repeating: "z", count: 40) + "…”", guid),
  ]

  @Test("An error names the place, what stands there, and what would be right", arguments: table)
  func errors(text: String, position: Int, found: String, expected: String) throws {
    let error = #expect(throws: AttributesError.self) { try JobCondition.parse(text) }
    #expect(error?.position == position)
    #expect(error?.found == found)
    #expect(error?.expected == expected)
  }

  @Test("The twenty-first condition is refused where it begins")
  func tooManyConditions() {
    let text = Array(repeating: "JobName = a", count: 21).joined(separator: ", ")
    let error = #expect(throws: AttributesError.self) { try JobCondition.parse(text) }
    #expect(error?.position == 20 * 13 + 1)
    #expect(error?.expected == "at most 20 conditions")
  }

  @Test("A text of more than 2,000 characters is refused", arguments: [2001, 1_000_000])
  func tooLong(length: Int) {
    let error = #expect(throws: AttributesError.self) {
      try JobCondition.parse(String(repeating: "(", count: length))
    }
    #expect(error?.position == 2001)
    #expect(error?.expected == "at most 2000 characters")
  }

  @Test("The description is one sentence for the client")
  func sentence() {
    let error = #expect(throws: AttributesError.self) { try JobCondition.parse("JobID < 1") }
    #expect(
      error?.description
        == "Attributes cannot be understood at character 7: found “<”, expected an operator: =, !=")
  }
}
