import Domain
import FoundationEssentials
import JSON
import Testing

@testable import Administration
@testable import ccs_jobstore

@Suite("Runs of a directory file")
struct ImportedRunTests {
  private func run(_ members: String) throws -> ImportFile {
    try ImportFile("{ Runs: [{ Job: 'J', QueuedTime: '2026-01-01T00:00:00Z', \(members) }] }")
  }

  private func problems(_ members: String) throws -> [String] {
    try run(members).problems.map { $0.text.replacing("/Runs/0/", with: "") }
  }

  @Test(
    "A run has the times that its status calls for",
    arguments: [
      ("Status: 'Queued'", []),
      ("Status: 'Queued', StartTime: '2026-01-01'", ["StartTime must not be given with Status Queued"]),
      ("Status: 'Running'", ["StartTime is required with Status Running"]),
      (
        "Status: 'Running', StartTime: '2026-01-01', EndTime: '2026-01-01'",
        ["EndTime must not be given with Status Running"]
      ),
      (
        "Status: 'Completed'",
        ["StartTime is required with Status Completed", "EndTime is required with Status Completed"]
      ),
      ("Status: 'Failed', StartTime: '2026-01-01'", ["EndTime is required with Status Failed"]),
      ("Status: 'Aborted', EndTime: '2026-01-01'", []),
      (
        "Status: 'Completed', StartTime: '2025-12-31', EndTime: '2025-12-30'",
        ["StartTime must not be before QueuedTime", "EndTime must not be before StartTime"]
      ),
      ("Status: 'Aborted', EndTime: '2025-12-30'", ["EndTime must not be before QueuedTime"]),
      (
        "Status: 'Running', StartTime: 'soon'",
        ["StartTime must be an ISO 8601 time such as 2026-01-05T04:10:00Z"]
      ),
    ] as [(String, [String])])
  func times(members: String, expected: [String]) throws {
    #expect(try problems(members) == expected)
  }

  @Test("What a run left behind has the run's time if it has none of its own")
  func times() throws {
    let file = try run(
      """
      Status: 'Running', StartTime: '2026-01-01T00:00:05Z', Messages: [{ Message: 'm' }],
      CollectedData: [{ AssetID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Data: [1, { b: null }] }],
      Results: [{ AssetID: '754f7c7e-884a-4420-af72-1fed35d3efc1', CheckID: 'c', Outcome: 'Pass',
                  StandardID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Time: '2026-01-01T00:00:06Z' }]
      """)
    #expect(file.problems == [])
    let run = try #require(file.runs.first?.run)
    #expect(run.triggeredBy == "Schedule")
    #expect(run.messages.first?.time == run.startedAt)
    #expect(run.messages.first?.severity == "Information")
    #expect(run.collectedData.first?.data == #"[1,{"b":null}]"#)
    #expect(run.results.first?.time == run.startedAt?.addingTimeInterval(1))
    #expect(run.results.first?.evidence == "")
  }

  @Test("Data may be any JSON, but nothing that JSON has not")
  func data() throws {
    let asset = "AssetID: '754f7c7e-884a-4420-af72-1fed35d3efc1'"
    let start = "Status: 'Running', StartTime: '2026-01-01'"
    #expect(try problems("\(start), CollectedData: [{ \(asset), Data: 0x10 }]") == [])
    #expect(
      try problems("\(start), CollectedData: [{ \(asset), Data: [NaN] }]")
        == ["CollectedData/0/Data \(JSONNode.storableRule)"])
    #expect(try problems("\(start), CollectedData: [{ \(asset) }]") == ["CollectedData/0/Data is required"])
  }

  @Test("Generated runs are bounded in number and in time")
  func generated() throws {
    func problems(_ members: String) throws -> [String] {
      try ImportFile("{ GeneratedRuns: [{ Job: 'J', \(members) }] }").problems
        .map { $0.text.replacing("/GeneratedRuns/0", with: "") }
    }
    #expect(try problems("Count: 3, From: '2026-01-01', EveryMinutes: 5") == [])
    #expect(
      try problems("Count: 1000001, From: '2026-01-01', EveryMinutes: 0, ResultsPerRun: 1.5")
        == [
          "/Count must be a whole number 1...1000000", "/EveryMinutes must be a whole number 1...527040",
          "/ResultsPerRun must be a whole number 0...10000",
        ])
    #expect(
      try problems("Count: 1000000, From: '9000-01-01', EveryMinutes: 527040")
        == [" must not go beyond the year 9999"])
  }
}
