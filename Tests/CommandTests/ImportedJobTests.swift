import FoundationEssentials
import Testing

@testable import Administration
@testable import Domain
@testable import ccs_jobstore

@Suite("Jobs of a directory file")
struct ImportedJobTests {
  private func file(_ members: String) throws -> ImportFile {
    try ImportFile("{ Jobs: [{ ID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Name: 'J', \(members) }] }")
  }

  private func problems(_ members: String) throws -> [String] {
    try file(members).problems.map { $0.text.replacing("/Jobs/0/", with: "") }
  }

  @Test("A job has a creator, or it is the system's")
  func creators() throws {
    #expect(try file("Type: 'CollectionJob', CreatedBy: 'D\\\\u'").jobs.first?.createdBy == "D\\u")
    #expect(try file("Type: 'Anything', System: true").jobs.first?.createdBy == .some(nil))
    #expect(try problems("Type: 'CollectionJob'") == ["CreatedBy is required"])
    #expect(
      try problems("Type: 'T', System: true, CreatedBy: 'D\\\\u'")
        == ["CreatedBy must not be given with System: a system job has no creator"])
  }

  @Test("A user's job has one of the three types")
  func types() throws {
    #expect(try problems("Type: 'EvaluationJob', CreatedBy: 'D\\\\u'") == [])
    let rule =
      "Type must be one of CollectionEvaluationJob, CollectionJob, EvaluationJob, unless the job has System: true"
    #expect(try problems("Type: 'Other', CreatedBy: 'D\\\\u'") == [rule])
  }

  @Test("A configuration is kept as JobDetails, with the job's name and description in it")
  func details() throws {
    let details = try file(
      """
      Type: 'T', System: true, Description: 'd', Configuration: {
        AssetsResolutionInfo: [{ Id: '754f7c7e-884a-4420-af72-1fed35d3efc1', Type: 'x' }],
        Standards: ['a282d163-2248-4904-8135-0eaf08be8e55'], IncrementalPeriod: 9007199254740993,
      }
      """)
    #expect(details.problems.map(\.text).count == 1, "the period is too large")
    let right = try file(
      """
      Type: 'T', System: true, Description: 'd', Configuration: {
        AssetsResolutionInfo: [{ Id: '754f7c7e-884a-4420-af72-1fed35d3efc1', Type: 'x' }],
        Standards: ['a282d163-2248-4904-8135-0eaf08be8e55'], IncrementalPeriod: 3,
      }
      """)
    #expect(right.problems == [])
    let text =
      #"{"AssetsResolutionInfo":[{"Id":"754f7c7e-884a-4420-af72-1fed35d3efc1","Type":"x"}],"IncrementalPeriod":3,"#
      + #""JobDescription":"d","JobName":"J","Standards":["a282d163-2248-4904-8135-0eaf08be8e55"]}"#
    #expect(right.jobs.first?.details?.json == text)
  }

  @Test("A user's job has what Create Job asks for, within its limits; a system job is not run")
  func strictness() throws {
    func found(_ type: String, _ details: String, assets: Int = 1) throws -> [String] {
      try ImportFile(
        """
        { Jobs: [{ ID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Name: 'J', \(type), Configuration: { \(details) } }] }
        """, limits: .init(assets: assets, standards: 1)
      ).problems.map { $0.text.replacing("/Jobs/0/Configuration/", with: "") }
    }
    let (user, system) = ("Type: 'CollectionJob', CreatedBy: 'D\\\\u'", "Type: 'T', System: true")
    let empty = "AssetsResolutionInfo: [], Standards: []"
    #expect(try found(system, empty) == [])
    #expect(
      try found(user, empty)
        == ["AssetsResolutionInfo must have 1...1 elements", "Standards must have 1...1 elements"])
    #expect(
      try found(system, "\(empty), Schedule: { RunNow: true }")
        == ["Schedule/RunNow must not be true with System: a system job cannot be run"])
  }

  @Test("What is wrong inside a configuration is reported with its place")
  func wrongDetails() throws {
    let found = try problems(
      """
      Type: 'T', System: true, Configuration: {
        AssetsResolutionInfo: [{ Id: 'x' }], Schedul: {},
        Schedule: { RunOnce: true, WeeklyDay: 9, RepeatMinuts: 1 },
      }
      """)
    #expect(
      found == [
        "Configuration/AssetsResolutionInfo/0/Id must be a GUID",
        "Configuration/AssetsResolutionInfo/0/Type is required",
        "Configuration/Standards is required",
        "Configuration/Schedule/RepeatMinuts is unknown; did you mean RepeatMinutes?",
        "Configuration/Schedule/StartDate is required with RunOnce",
        "Configuration/Schedul is unknown; did you mean Schedule?",
      ])
  }
}
