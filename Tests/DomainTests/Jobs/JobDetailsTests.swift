import Foundation
import JSON
import TestRandom
import Testing

@testable import Domain

@Suite("The details of a job")
struct JobDetailsTests {
  private static let asset = "754f7c7e-884a-4420-af72-1fed35d3efc1"
  private static let other = "a282d163-2248-4904-8135-0eaf08be8e55"

  private func read(
    _ json: String, for purpose: JobDetails.Purpose = .update,
    limits: JobDetails.Limits = .init(assets: 3, standards: 2)
  ) throws -> (details: JobDetails?, problems: [String]) {
    let problems = JSONProblems()
    let details = JobDetails.read(
      try JSONNode(json: Array(json.utf8)), at: .root, problems, for: purpose, limits: limits)
    return (details, problems.all.listed.map { "\($0.pointer) \($0.sentence)" })
  }

  private static let whole = """
    {"AssetsResolutionInfo":[{"Id":"\(asset)","Type":"unix"},{"Id":"\(other)","Type":"windows"}],\
    "CollectionOnlyTimeOutHours":4,"CollectionOnlyTimeOutMins":30,\
    "FailureNotification":{"Body":"b\\nc","FromEmailAddress":"f@x","Subject":"s","ToEmailAddress":"t@x"},\
    "IncrementalPeriod":7,"IsIncremental":true,"JobDescription":"d","JobName":"n",\
    "Retention":{"KeepDays":365,"KeepRuns":10},\
    "Schedule":{"EndJobRunConfigured":true,"EndJobRunTimeInterval":"02:00:00","MonthlyDay":0,\
    "MonthlyDayOfTheWeek":0,"MonthlyIsByOrdinalDay":false,"MonthlyOrdinalDay":0,"MonthlyRecurEvery":0,\
    "RecurrenceType":1,"RepeatDays":0,"RepeatMinutes":0,"RunEveryNDays":false,"RunNow":false,"RunOnce":false,\
    "RunPeriodically":true,"StartDate":"2026-01-05T04:10:27.5-08:00","SubScheduleRepeatDays":1,\
    "SubScheduleRepeatPeriodDays":3,"WeeklyDay":5,"WeeklyRecurEvery":2},\
    "ShouldSendFailureNotification":true,"ShouldSendSuccessNotification":false,"Standards":["\(other)"],\
    "SuccessNotification":{"Subject":"s"}}
    """

  @Test("Every field is kept, and the canonical form is its own")
  func everyField() throws {
    for purpose in [JobDetails.Purpose.creation, .update] {
      let (details, problems) = try read(Self.whole, for: purpose)
      #expect(problems == [])
      #expect(details?.json == Self.whole)
      #expect(details?.name == "n")
      #expect(details?.assets?.map(\.id.guidString) == [Self.asset, Self.other])
      #expect(
        details?.assets?.map(\.pointer.description) == [
          "/AssetsResolutionInfo/0/Id", "/AssetsResolutionInfo/1/Id",
        ])
      #expect(details?.standards?.map(\.pointer.description) == ["/Standards/0"])
      #expect(details?.retention == .init(runs: 10, days: 365))
      #expect(details?.schedule?.runTimeLimit == .seconds(7200))
    }
    #expect(JobDetails.Field.allCases.allSatisfy { Self.whole.contains("\"\($0.rawValue)\":") })
  }

  @Test("The stored schedule reads back as the same schedule")
  func storedSchedule() throws {
    let details = try #require(try read(Self.whole).details)
    guard case .object(let stored) = try JSONNode(json: Array(details.json.utf8)) else {
      Issue.record("\(details.json)")
      return
    }
    #expect(try Schedule(#require(stored["Schedule"])) == details.schedule)
  }

  @Test(
    "Names come in any case, Booleans and numbers also as texts, GUIDs in every form",
    arguments: [
      (#"{"JOBNAME":"n"}"#, #"{"JobName":"n"}"#),
      (
        #"{"isincremental":"TRUE","shouldSendSuccessNotification":"false"}"#,
        #"{"IsIncremental":true,"ShouldSendSuccessNotification":false}"#
      ),
      (
        #"{"incrementalPeriod":"7","COLLECTIONONLYTIMEOUTHOURS":2.0}"#,
        #"{"CollectionOnlyTimeOutHours":2,"IncrementalPeriod":7}"#
      ),
      (
        #"{"Standards":["{A282D163-2248-4904-8135-0EAF08BE8E55}"]}"#,
        #"{"Standards":["a282d163-2248-4904-8135-0eaf08be8e55"]}"#
      ),
      (
        #"{"assetsresolutioninfo":[{"ID":"A282D1632248490481350EAF08BE8E55","type":"x"}]}"#,
        #"{"AssetsResolutionInfo":[{"Id":"a282d163-2248-4904-8135-0eaf08be8e55","Type":"x"}]}"#
      ),
      (#"{"retention":{"keepruns":"3"}}"#, #"{"Retention":{"KeepRuns":3}}"#),
      (
        #"{"schedule":{"runnow":"True","weeklyday":"Friday"}}"#,
        #"{"Schedule":{"RunNow":true,"WeeklyDay":5}}"#
      ),
      (#"{"successnotification":{"SUBJECT":"s","body":null}}"#, #"{"SuccessNotification":{"Subject":"s"}}"#),
      (#"{"Schedule":{}}"#, #"{"Schedule":{}}"#), (#"{"Retention":{}}"#, #"{"Retention":{}}"#), ("{}", "{}"),
    ])
  func lenient(json: String, canonical: String) throws {
    let (details, problems) = try read(json)
    #expect(problems == [])
    #expect(details?.json == canonical)
  }

  @Test("An asset or a standard that stands twice counts once, at its first place")
  func twice() throws {
    let (details, problems) = try read(
      """
      {"AssetsResolutionInfo":[{"Id":"\(Self.asset)","Type":"x"},{"Id":"\(Self.other)","Type":"y"},
       {"Id":"\(Self.asset.uppercased())","Type":"x"}],"Standards":["\(Self.other)","{\(Self.other)}"]}
      """)
    #expect(problems == [])
    #expect(
      details?.assets?.map(\.pointer.description) == [
        "/AssetsResolutionInfo/0/Id", "/AssetsResolutionInfo/1/Id",
      ])
    #expect(details?.standards?.count == 1)
    #expect(
      details?.json == """
        {"AssetsResolutionInfo":[{"Id":"\(Self.asset)","Type":"x"},{"Id":"\(Self.other)","Type":"y"}],\
        "Standards":["\(Self.other)"]}
        """)
  }

  private static let mistakes: [(String, [String])] = [
    ("[]", [" must be an object"]), ("null", [" must be an object"]),
    (
      #"{"JobNam":"x"}"#,
      [
        "/JobNam is unknown; the keys there are "
          + JobDetails.Field.allCases.map(\.rawValue).joined(separator: ", ")
      ]
    ),
    (#"{"JobName":"x","jobname":"y"}"#, ["/jobname is repeated, in different case"]),
    (#"{"JobName":""}"#, ["/JobName must have 1...256 characters"]),
    (#"{"JobName":"  "}"#, ["/JobName must not begin or end with white space"]),
    (
      #"{"JobName":"a\tb"}"#,
      ["/JobName must not contain U+0009, which is a control character (at position 2)"]
    ),
    (#"{"JobName":7}"#, ["/JobName must be a text"]),
    (#"{"JobName":null}"#, ["/JobName is required"]),
    (#"{"JobName":"a\u0000"}"#, ["/JobName must be a text without a NUL character or half a surrogate pair"]),
    (
      #"{"JobDescription":"\#(String(repeating: "ü", count: 4097))"}"#,
      ["/JobDescription must have at most 4096 characters"]
    ),
    (
      #"{"Standards":null,"AssetsResolutionInfo":null}"#,
      ["/AssetsResolutionInfo is required", "/Standards is required"]
    ),
    (#"{"Standards":[]}"#, ["/Standards must have 1...2 elements"]),
    (#"{"Standards":["x","y","z"]}"#, ["/Standards must have 1...2 elements"]),
    (#"{"Standards":{}}"#, ["/Standards must be a list"]),
    (#"{"Standards":["x",1]}"#, ["/Standards/0 must be a GUID", "/Standards/1 must be a GUID"]),
    (
      #"{"AssetsResolutionInfo":[{},7,{"Id":"x","Type":"","Other":1}]}"#,
      [
        "/AssetsResolutionInfo/0/Id is required", "/AssetsResolutionInfo/0/Type is required",
        "/AssetsResolutionInfo/1 must be an object",
        "/AssetsResolutionInfo/2/Id must be a GUID",
        "/AssetsResolutionInfo/2/Type must have 1...256 characters",
        "/AssetsResolutionInfo/2/Other is unknown; the keys there are Id, Type",
      ]
    ),
    (
      #"{"AssetsResolutionInfo":[{"Id":"\#(asset)","Type":"x"},{"Id":"\#(asset)","Type":"y"}]}"#,
      ["/AssetsResolutionInfo/1/Type differs from the Type of the same asset at /AssetsResolutionInfo/0"]
    ),
    (
      #"{"IsIncremental":1,"IncrementalPeriod":-1,"CollectionOnlyTimeOutMins":1.5}"#,
      [
        "/IsIncremental must be true or false", "/IncrementalPeriod must be a whole number 0...2147483647",
        "/CollectionOnlyTimeOutMins must be a whole number 0...2147483647",
      ]
    ),
    (
      #"{"ShouldSendSuccessNotification":"yes","SuccessNotification":"x"}"#,
      ["/ShouldSendSuccessNotification must be true or false", "/SuccessNotification must be an object"]
    ),
    (
      #"{"FailureNotification":{"ToEmailAddress":"a@b\r\nBcc: x","Subject":1,"Cc":""}}"#,
      [
        "/FailureNotification/ToEmailAddress must have no control characters",
        "/FailureNotification/Subject must be a text",
        "/FailureNotification/Cc is unknown; the keys there are FromEmailAddress, ToEmailAddress, Subject, Body",
      ]
    ),
    (
      #"{"Schedule":{"RunOnce":true,"WeeklyDay":9,"RepeatDays":"x","Other":1}}"#,
      [
        "/Schedule/Other is unknown; the keys there are RunNow, RunOnce, RunPeriodically, StartDate, RunEveryNDays, "
          + "RepeatDays, RepeatMinutes, RecurrenceType, WeeklyDay, WeeklyRecurEvery, MonthlyDay, MonthlyIsByOrdinalDay, "
          + "MonthlyOrdinalDay, MonthlyDayOfTheWeek, MonthlyRecurEvery, EndJobRunConfigured, EndJobRunTimeInterval, "
          + "SubScheduleRepeatDays, SubScheduleRepeatPeriodDays",
        "/Schedule/StartDate is required with RunOnce", "/Schedule/RepeatDays must be a whole number",
      ]
    ),
    (#"{"Schedule":{"StartDate":"\ud83d"}}"#, ["/Schedule/StartDate \(JSONNode.storableRule)"]),
    (#"{"Schedule":[]}"#, ["/Schedule must be an object"]),
    (
      #"{"Retention":{"KeepRuns":0,"KeepDays":36501}}"#,
      [
        "/Retention/KeepRuns must be a whole number 1...1000000",
        "/Retention/KeepDays must be a whole number 1...36500",
      ]
    ),
  ]

  @Test("Everything that is wrong is said, each at its place", arguments: mistakes)
  func wrong(json: String, expected: [String]) throws {
    #expect(try read(json).problems == expected)
  }

  @Test("A new job must have a name, assets and standards")
  func mandatory() throws {
    let expected = ["/AssetsResolutionInfo is required", "/JobName is required", "/Standards is required"]
    #expect(try read("{}", for: .creation).problems == expected)
    #expect(try read(#"{"JobName":null,"Schedule":null}"#, for: .creation).problems == expected)
    #expect(try read("{}", for: .update).problems == [])
  }

  @Test("In an update, null takes an optional field away")
  func removal() throws {
    let (details, problems) = try read(#"{"schedule":null,"JobDescription":null,"JobName":"x"}"#)
    #expect(problems == [])
    #expect(details?.removed == [.description, .schedule])
    #expect(details?.json == #"{"JobName":"x"}"#)
    let created = try read(
      Self.whole.replacing(#""JobDescription":"d""#, with: #""JobDescription":null"#), for: .creation)
    #expect(created.problems == [])
    #expect(created.details?.description == nil)
    #expect(created.details?.json.contains("JobDescription") == false)
  }

  @Test("Any JSON at all is read or refused, and what is read is canonical")
  func randomInput() throws {
    var random = SeededRandom(seed: 3)
    var read = 0
    for _ in 0..<4000 {
      let node = Self.details(&random)
      let problems = JSONProblems()
      let details = JobDetails.read(
        node, at: .root, problems, for: .update, limits: .init(assets: 2, standards: 2))
      guard let details, problems.all.isEmpty else {
        #expect(!problems.all.isEmpty)
        continue
      }
      read += 1
      let again = try self.read(details.json)
      #expect(again.problems == [])
      #expect(again.details?.json == details.json)
      #expect(again.details?.schedule == details.schedule)
    }
    #expect(read > 200)
  }

  /// An object of the right names, most of its values right, too.
  private static func details(_ random: inout SeededRandom) -> JSONNode {
    let values: [JSONNode] = [
      .text("x"), .integer(3), .boolean(true), .text("True"), .text("12"), .null, .unreadable, .number(0.5),
      .array([.text(asset)]), .array([.object(["id": .text(asset), "TYPE": .text("t")])]), .object([:]),
      .object([
        "runPeriodically": .boolean(true), "StartDate": .text("2026-02-28"), "repeatMinutes": .integer(5),
      ]),
      .object(["KeepDays": .text("9")]), .object(["subject": .text("s")]), .text("\u{1F600}"),
    ]
    var members: [String: JSONNode] = [:]
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let field = JobDetails.Field.allCases.randomElement(using: &random)!.rawValue
      members[Bool.random(using: &random) ? field : field.lowercased()] = values.randomElement(
        using: &random)!
    }
    return .object(members)
  }
}
