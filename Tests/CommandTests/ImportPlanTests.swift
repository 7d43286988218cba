import Domain
import FoundationEssentials
import Repository
import Testing

@testable import Administration
@testable import ccs_jobstore

@Suite("What a directory file refers to")
struct ImportPlanTests {
  private static let windows = UUID.number(9)

  private static let known = KnownNames(
    folders: FolderPaths([
      (FolderRoot.assetSystem.id, "/Asset System"), (FolderRoot.standards.id, "/Standards"),
      (windows, "/Asset System/Windows"),
    ]),
    roles: ["Auditors"], users: ["DEMO\\alice"],
    jobs: [.init(id: .number(1), name: "Nightly"), .init(id: .number(2), name: "Weekly")],
    jobOfRun: [.number(100): .number(1)], assets: [.number(20)], standards: [.number(21)])

  private func plan(_ text: String) throws -> ImportPlan {
    let file = try ImportFile(text)
    #expect(file.problems == [])
    return ImportPlan(file, known: Self.known, now: Date(timeIntervalSince1970: 0))
  }

  private func problems(_ text: String) throws -> [String] {
    try plan(text).problems.map(\.text)
  }

  @Test("Folders on the way to a folder are made too, each once and after its parent")
  func folders() throws {
    let plan = try plan(
      "{ Folders: ['/asset system/windows/Servers/Berlin', '/Asset System/Windows/servers', '/Standards'] }")
    #expect(plan.rows.folders.map(\.name) == ["Servers", "Berlin"])
    #expect(plan.rows.folders.map(\.depth) == [2, 3])
    #expect(plan.rows.folders[0].parentID == Self.windows)
    #expect(plan.rows.folders[1].parentID == plan.rows.folders[0].id)
    #expect(plan.rows.foldersUnchanged == 1, "Windows; the roots do not count")
  }

  @Test("A reference leads into the file or into the directory, in any case")
  func references() throws {
    let text = """
      { Folders: ['/Standards/CIS'], Roles: [{ Name: 'R', Folders: ['/standards/cis', '/Asset System/WINDOWS'] }],
        Users: [{ Name: 'D\\\\u', Roles: ['r', 'AUDITORS'] }],
        Jobs: [{ ID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Name: 'J', Type: 'CollectionJob',
                 CreatedBy: 'demo\\\\ALICE' }],
        Runs: [{ Job: 'j', Status: 'Queued', QueuedTime: '2026-01-01' },
               { Job: 'nightly', Status: 'Queued', QueuedTime: '2026-01-01' },
               { Job: '\(UUID.number(2).guidString)', Status: 'Queued', QueuedTime: '2026-01-01' }] }
      """
    #expect(try problems(text) == [])
    let rows = try plan(text).rows
    #expect(rows.roles.first?.folderIDs?.count == 2)
    #expect(rows.runs.map(\.jobID).dropFirst() == [.number(1), .number(2)])
  }

  @Test("A reference that leads nowhere is reported, with what was probably meant")
  func danglingReferences() throws {
    let found = try problems(
      """
      { Roles: [{ Name: 'R', Folders: ['/Asset System/Windws'] }],
        Users: [{ Name: 'D\\\\u', Roles: ['Auditor'] }],
        Jobs: [{ ID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Name: 'J', Type: 'CollectionJob',
                 CreatedBy: 'DEMO\\\\alise' }],
        Runs: [{ Job: 'Nightli', Status: 'Queued', QueuedTime: '2026-01-01' }] }
      """)
    #expect(
      found == [
        "/Roles/0/Folders/0 names the folder '/Asset System/Windws', which does not exist; "
          + "did you mean '/Asset System/Windows'?",
        "/Users/0/Roles/0 names the role 'Auditor', which does not exist; did you mean 'Auditors'?",
        "/Jobs/0/CreatedBy names the user 'DEMO\\alise', which does not exist; did you mean 'DEMO\\alice'?",
        "/Runs/0/Job names the job 'Nightli', which does not exist; did you mean 'Nightly'?",
      ])
  }

  @Test("A job's assets and standards are in the file or in the directory")
  func items() throws {
    func text(_ asset: UInt8, _ standard: UInt8) -> String {
      """
      { Assets: [{ ID: '\(UUID.number(30).guidString)', Name: 'a', Type: 't', Folder: '/Asset System' }],
        Standards: [{ ID: '\(UUID.number(31).guidString)', Name: 's', Folder: '/Standards' }],
        Jobs: [{ ID: '\(UUID.number(7).guidString)', Name: 'J', Type: 'CollectionJob', CreatedBy: 'DEMO\\\\alice',
          Configuration: {
            AssetsResolutionInfo: [{ Id: '\(UUID.number(asset).guidString)', Type: 'x' }],
            Standards: ['\(UUID.number(standard).guidString)'] } }] }
      """
    }
    #expect(try problems(text(20, 21)) == [])
    #expect(try problems(text(30, 31)) == [])
    let (asset, standard) = (UUID.number(40).guidString, UUID.number(41).guidString)
    #expect(
      try problems(text(40, 41))
        == [
          "/Jobs/0/Configuration/AssetsResolutionInfo/0/Id names the asset '\(asset)', which does not exist",
          "/Jobs/0/Configuration/Standards/0 names the standard '\(standard)', which does not exist",
        ])
  }

  @Test("Nothing is concluded from the names of a kind of which an entry could not be read")
  func doubt() throws {
    let file = try ImportFile("{ Roles: [{ Nme: 'R' }], Users: [{ Name: 'D\\\\u', Roles: ['R'] }] }")
    let plan = ImportPlan(file, known: Self.known, now: Date(timeIntervalSince1970: 0))
    #expect(plan.problems == [])
  }

  @Test("A job may be renamed, but not to the name of another")
  func jobNames() throws {
    func job(_ id: UInt8, _ name: String) -> String {
      "{ ID: '\(UUID.number(id).guidString)', Name: '\(name)', Type: 't', System: true }"
    }
    #expect(try problems("{ Jobs: [\(job(1, "Renamed"))] }") == [])
    #expect(try problems("{ Jobs: [\(job(1, "NIGHTLY"))] }") == [])
    #expect(
      try problems("{ Jobs: [\(job(3, "nightly"))] }")
        == ["/Jobs/0/Name is the name of the job \(UUID.number(1).guidString) already"])
    #expect(try problems("{ Jobs: [\(job(1, "Renamed")), \(job(3, "Nightly"))] }") == [])
  }

  @Test("A run is known to the file by the name that the file gives its job")
  func renamedJob() throws {
    let text = """
      { Jobs: [{ ID: '\(UUID.number(1).guidString)', Name: 'Renamed', Type: 't', System: true }],
        Runs: [{ Job: 'JOB', Status: 'Queued', QueuedTime: '2026-01-01' }] }
      """
    #expect(try plan(text.replacing("JOB", with: "Renamed")).rows.runs.first?.jobID == .number(1))
    #expect(try problems(text.replacing("JOB", with: "Nightly")).count == 1)
  }

  @Test("Runs of the same job and time are told apart, whether the job is given by ID or by name")
  func sequences() throws {
    func run(_ job: String, _ rest: String = "") -> String {
      "{ Job: '\(job)', Status: 'Queued', QueuedTime: '2026-01-01'\(rest) }"
    }
    let id = UUID.number(1).guidString
    let runs = [
      run("Nightly"), run(id), run("Weekly"), run("Nightly", ", ID: '\(UUID.number(50).guidString)'"),
      run("nightly"),
    ]
    let plan = try plan("{ Runs: [\(runs.joined(separator: ", "))] }")
    #expect(plan.rows.runs.map(\.sequence) == [0, 1, 0, 0, 2])
  }

  @Test("A run's ID that belongs to another job is refused")
  func runOfAnotherJob() throws {
    func text(_ job: String) -> String {
      "{ Runs: [{ Job: '\(job)', ID: '\(UUID.number(100).guidString)', Status: 'Queued', QueuedTime: '2026-01-01' }] }"
    }
    #expect(try problems(text("Nightly")) == [])
    #expect(
      try problems(text("Weekly"))
        == ["/Runs/0/ID is the ID of a run of the job \(UUID.number(1).guidString) already"])
  }

  @Test("Generated runs speak of the job's assets and standards unless they have their own")
  func generatedRuns() throws {
    let (asset, standard) = (UUID.number(5), UUID.number(6))
    let job = """
      Jobs: [{ ID: '\(UUID.number(7).guidString)', Name: 'J', Type: 't', System: true, Configuration: {
        AssetsResolutionInfo: [{ Id: '\(asset.guidString)', Type: 'x' }], Standards: ['\(standard.guidString)'] } }]
      """
    let generator =
      "GeneratedRuns: [{ Job: 'J', Count: 1, From: '2026-01-01', EveryMinutes: 1, ResultsPerRun: 1 }]"
    let rows = try plan("{ \(job), \(generator) }").rows
    #expect(rows.inventedRuns.first?.assets == [asset])
    #expect(rows.inventedRuns.first?.standards == [standard])
    #expect(
      try problems("{ \(generator.replacing("'J'", with: "'Nightly'")) }")
        == [
          "/GeneratedRuns/0/Assets is required, as the job names none here",
          "/GeneratedRuns/0/Standards is required, as the job names none here",
        ])
  }

  @Test("A job's next run is planned from now on")
  func nextRun() throws {
    let plan = try plan(
      """
      { Jobs: [{ ID: '\(UUID.number(7).guidString)', Name: 'J', Type: 't', System: true, Configuration: {
          AssetsResolutionInfo: [], Standards: [],
          Schedule: { RunPeriodically: true, StartDate: '1969-01-01T02:00:00Z', RunEveryNDays: true, RepeatDays: 1 } } }] }
      """)
    #expect(plan.rows.jobs.first?.nextRunAt == Date(timeIntervalSince1970: 7200))
  }

  @Test("A job that ran once where it comes from is not started by an import")
  func pastSingleRun() throws {
    let plan = try plan(
      """
      { Jobs: [{ ID: '\(UUID.number(7).guidString)', Name: 'J', Type: 't', System: true, Configuration: {
          AssetsResolutionInfo: [], Standards: [],
          Schedule: { RunOnce: true, StartDate: '1969-01-01T02:00:00Z' } } }] }
      """)
    #expect(plan.rows.jobs.count == 1)
    #expect(plan.rows.jobs.first?.nextRunAt == nil)
  }
}
