import Authorization
import Domain
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
    ] as [([String], EntityTagCondition)])
  func reads(values: [String], expected: EntityTagCondition) {
    #expect(EntityTagCondition(values) == expected)
  }

  @Test(
    "What is malformed is refused",
    arguments: [
      [""], [" "], [","], ["3"], [#""3"#], [#"3""#], [#"w/"3""#], [#"W/3"#], [#"W/ "3""#], [#""1" "2""#],
      [#"*, "1""#], [#""1", *"#], ["*", "*"], [#""a b""#], ["\"a\u{7f}\""], [#""1"x"#], [#"W/"#], ["W"],
    ])
  func refuses(values: [String]) {
    #expect(EntityTagCondition(values) == nil)
  }

  private func precondition(_ fields: [String]) throws -> JobPrecondition {
    try Request(
      id: UUID(), method: "PATCH", target: Target(Array("/".utf8)),
      headers: Headers(fields.map { ("If-Match", $0) }), body: [], peer: ""
    ).jobPrecondition
  }

  @Test("Only a strong tag that the service has made is a version; what follows it does not count")
  func versions() throws {
    #expect(try precondition([]) == .none)
    #expect(try precondition(["*"]) == .none)
    #expect(try precondition([#""3""#]) == .versions([3]))
    #expect(try precondition([#"W/"3""#]) == .versions([]))
    #expect(try precondition([#""3-abc", "4-0""#]) == .versions([3, 4]))
    #expect(
      try precondition([
        #""03", "+3", "x", "", "3.0", "99999999999999999999", "3-", "-3", "03-a", W/"5-a", "7""#
      ]) == .versions([7]))
    #expect(throws: Problem.self) { try precondition(["3"]) }
  }

  private func job(
    version: Int = 3, _ status: JobRun.Status? = nil, lastRunAt: Date? = nil, nextRunAt: Date? = nil
  ) -> Job {
    Job(
      id: UUID(), name: "job", description: "", type: "CollectionJob", category: .userDefined,
      createdBy: "ann", createdAt: Date(), modifiedAt: Date(), lastRunStatus: status, lastRunAt: lastRunAt,
      nextRunAt: nextRunAt, configuration: nil, version: version)
  }

  @Test("The tag of a job changes with whatever its body shows, and begins with the version")
  func tags() throws {
    #expect(EntityTag(job()).field == #""3""#)
    let time = Date(timeIntervalSince1970: 1_800_000_000)
    let jobs = [
      job(), job(version: 4), job(.running, lastRunAt: time), job(.completed, lastRunAt: time),
      job(.completed, lastRunAt: time + 0.001), job(.completed, lastRunAt: time, nextRunAt: time),
      job(nextRunAt: time), job(nextRunAt: time + 0.001),
    ]
    #expect(Set(jobs.map { EntityTag($0).field }).count == jobs.count)
    for job in jobs {
      let tag = EntityTag(job)
      #expect(EntityTag(job) == tag && !tag.isWeak)
      #expect(try precondition([tag.field]) == .versions([job.version]))
    }
  }

  @Test("A GET of what the client has already is answered 304 with the tag")
  func notModified() {
    let tag = EntityTag(job(.completed))
    func status(_ condition: String?) -> Int {
      let headers = Headers(condition.map { [("If-None-Match", $0)] } ?? [])
      let request = Request(
        id: UUID(), method: "GET", target: Target(Array("/".utf8)), headers: headers, body: [], peer: "")
      let response = Response(status: 200).tagged(tag, for: request)
      #expect(response.headers.filter { $0.name == "ETag" }.map(\.value) == [tag.field])
      return response.status
    }
    for condition in [tag.field, "W/\(tag.field)", "*", "\"x\", \(tag.field)"] {
      #expect(status(condition) == 304, "\(condition)")
    }
    for condition in [nil, "\"3\"", "\"x\"", "3", ""] {
      #expect(status(condition) == 200, "\(condition ?? "none")")
    }
  }
}
