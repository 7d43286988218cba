import Domain
import FoundationEssentials
import Postgres
import Testing

@testable import Repository

@Suite("The SQL of a search")
struct SearchStatementTests {
  private static let id = UUID(uuidString: "6F9619FF-8B86-D011-B42D-00C04FC964FF")!

  private static func at(_ milliseconds: Double) -> Value {
    .time(Date(timeIntervalSince1970: milliseconds / 1000))
  }

  private static let table: [(String, String, [Value])] = [
    ("JobName = a_b", "j.name_key = directory.folded($1)", [.text("a_b")]),
    ("JobName != a", "j.name_key <> directory.folded($1)", [.text("a")]),
    (#"JobName = 100%_\\*"#, "j.name_key LIKE directory.folded($1)", [.text(#"100\%\_\\%"#)]),
    ("JobName != *a*", "j.name_key NOT LIKE directory.folded($1)", [.text("%a%")]),
    ("JobName Contains *", "j.name_key LIKE directory.folded($1)", [.text("%*%")]),
    ("JobName Contains ''", "j.name_key LIKE directory.folded($1)", [.text("%")]),
    ("JobName StartsWith _", "j.name_key LIKE directory.folded($1)", [.text(#"\_%"#)]),
    ("JobName EndsWith \"';--\"", "j.name_key LIKE directory.folded($1)", [.text("%';--")]),
    ("JobName Contains %\u{301}", "j.name_key LIKE directory.folded($1)", [.text("%\\%\u{301}%")]),
    ("JobType = collectionjob", "j.type_key = directory.folded($1)", [.text("CollectionJob")]),
    ("JobID = \(id)", "j.job_id = $1", [.uuid(id)]),
    ("JobID != \(id)", "j.job_id <> $1", [.uuid(id)]),
    ("JobCategory = system", "j.is_system", []),
    ("JobCategory != system", "NOT j.is_system", []),
    ("JobCategory = *", "true", []),
    ("JobCategory != *", "false", []),
    ("JobCategory EndsWith defined", "NOT j.is_system", []),
    ("LastRunStatus = failed", "j.last_run_status = $1", [.text("Failed")]),
    (
      "LastRunStatus != failed", "(j.last_run_status IS NULL OR j.last_run_status = ANY ($1))",
      [.texts(["Queued", "Running", "Completed", "Aborted"])]
    ),
    ("LastRunStatus = *", "j.last_run_status IS NOT NULL", []),
    ("LastRunStatus != *", "j.last_run_status IS NULL", []),
    ("LastRunStatus Contains ete", "j.last_run_status = $1", [.text("Completed")]),
    ("LastRunStatus Contains x", "false", []),
    ("LastRunStatus != x*", "true", []),
    (
      "LastRunStatus EndsWith ed", "j.last_run_status = ANY ($1)",
      [
        .texts(["Queued", "Completed", "Failed", "Aborted"])
      ]
    ),
    (
      "LastRunDate = 1970-01-01T00:00:01.2345678Z", "j.last_run_at >= $1 AND j.last_run_at < $2",
      [at(1234), at(1235)]
    ),
    (
      "LastRunDate != 1970-01-01T00:00:01Z",
      "(j.last_run_at < $1 OR j.last_run_at >= $2 OR j.last_run_at IS NULL)", [at(1000), at(1001)]
    ),
    (
      "JobCreationTime != 1970-01-01T00:00:01Z", "(j.created_at < $1 OR j.created_at >= $2)",
      [at(1000), at(1001)]
    ),
    ("JobCreationTime < 1970-01-01T00:00:01.0005Z", "j.created_at < $1", [at(1000)]),
    ("JobCreationTime <= 1970-01-01T00:00:01Z", "j.created_at < $1", [at(1001)]),
    ("JobModifiedTime > 1970-01-01T00:00:01Z", "j.modified_at >= $1", [at(1001)]),
    ("JobModifiedTime >= 1969-12-31T23:59:59.9Z", "j.modified_at >= $1", [at(-100)]),
  ]

  @Test("A condition becomes SQL, and its values are bound", arguments: table)
  func conditions(text: String, sql: String, expected: [Value]) throws {
    var values = BoundValues()
    #expect(try JobCondition.parse(text).map { $0.sql(&values) } == [sql])
    #expect(values.values == expected)
  }

  @Test("Whatever a value holds, the text of the statement stays the same")
  func neverSpliced() throws {
    func sql(_ value: String) throws -> String {
      let search = JobSearch(
        try JobCondition.parse("JobName Contains \"\(value)\", JobType StartsWith '\(value)'"))
      return search.statement.page(SearchPage(number: 3, size: 7)) { $0 }.statement.sql
    }
    for value in ["; DROP TABLE directory.jobs; --", "$1", "%", "${}", "E\\\\", "🗝"] {
      #expect(try sql(value) == sql("a"))
    }
  }

  @Test("A page is found in the order of the search, after the cursor's place or by number")
  func pages() throws {
    let search = JobSearch(try JobCondition.parse("LastRunDate > 1970-01-01, JobName = a*"))
    let conditions = "WHERE j.last_run_at >= $1\n    AND j.name_key LIKE directory.folded($2)"
    let order = "ORDER BY j.last_run_at, j.job_id"
    let first = search.statement.page(SearchPage(number: 0, size: 20)) { "(\($0))" }
    #expect(
      first.statement.sql
        == "(SELECT j.last_run_at, j.job_id\nFROM directory.jobs j\n\(conditions)\n\(order)\nLIMIT $3)")
    #expect(first.values.suffix(1) == [.int(21)])
    let third = search.statement.page(SearchPage(number: 2, size: 20)) { $0 }
    #expect(third.statement.sql.hasSuffix("\n\(order)\nLIMIT $3\nOFFSET $4"))
    #expect(third.values.suffix(2) == [.int(21), .int(40)])
    let start = SearchPage.Start.after(.time(Date(timeIntervalSince1970: 1), Self.id), SearchTotal(count: 1))
    let next = search.statement.page(SearchPage(number: 2, size: 20, start: start)) { $0 }
    #expect(next.statement.sql.contains("AND (j.last_run_at, j.job_id) > ($3, $4)\n\(order)\nLIMIT $5"))
    #expect(!next.statement.sql.contains("OFFSET"))
    #expect(next.values.dropFirst(2) == [Self.at(1000), .uuid(Self.id), .int(21)])
  }

  @Test("The planner's estimate is read from its plan")
  func estimates() {
    let plan = """
      [ { "Plan": { "Node Type": "Index Only Scan", "Plan Rows": 123456, "Plan Width": 0,
          "Plans": [ { "Plan Rows": 7 } ] } } ]
      """
    #expect(SearchStatement.rows(estimated: plan) == 123_456)
    #expect(SearchStatement.rows(estimated: "[]") == nil)
  }
}
