import Domain
import FoundationEssentials
import Testing

@testable import Administration
@testable import ccs_jobstore

@Suite("A directory file by itself")
struct ImportFileTests {
  private static let demo = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../config/demo-directory.json5")

  @Test("The demonstration file is right and has what the quick start relies on")
  func demonstration() throws {
    let file = try ImportFile(String(decoding: try Data(contentsOf: Self.demo), as: UTF8.self))
    #expect(file.problems == [])
    let jobs = Dictionary(uniqueKeysWithValues: file.jobs.map { ($0.id.guidString, $0) })
    #expect(jobs["754f7c7e-884a-4420-af72-1fed35d3efc1"]?.createdBy == "DEMO\\alice")
    #expect(jobs["a282d163-2248-4904-8135-0eaf08be8e55"]?.createdBy == "DEMO\\alice")
    #expect(file.jobs.count { $0.createdBy == nil } == 5)
    #expect(file.users.map(\.name).contains("DEMO\\collector"))
    #expect(file.runs.contains { $0.run.status == .running })
    let sweep = try #require(file.inventedRuns.first { $0.job == "Quarterly estate sweep" }?.runs)
    #expect(sweep.count * sweep.rowsPerRun == 200_000)
  }

  @Test("An empty file asks for nothing", arguments: ["{}", "{ Users: [], Roles: null }"])
  func empty(text: String) throws {
    let file = try ImportFile(text)
    #expect(file.problems == [])
    #expect(file.users.isEmpty && file.roles.isEmpty)
  }

  @Test("What is no JSON5 is thrown", arguments: ["", "{", "{ Users: [} ]"])
  func syntax(text: String) {
    #expect(throws: DecodingError.self) { try ImportFile(text) }
  }

  @Test("All mistakes are reported at once")
  func allAtOnce() throws {
    let found = try problems(
      """
      { Users: [{ Name: 'alice' }, 7, { Name: 'D\\\\u', Disabled: 1, Roles: 'R' }],
        Roles: [{ Tasks: ['View asets'] }] }
      """)
    #expect(
      found == [
        "/Roles/0/Name is required",
        "/Roles/0/Tasks/0 names the task 'View asets', which does not exist; did you mean 'View assets'?",
        "/Users/0/Name must be a domain, a backslash and a user, as DOMAIN\\user (in a shell: 'DOMAIN\\user'); "
          + #"a JSON text needs two backslashes for one: "DOMAIN\\user""#,
        "/Users/1 must be an object", "/Users/2/Disabled must be true or false",
        "/Users/2/Roles must be a list",
      ])
  }

  @Test(
    "An unknown key is refused, with the nearest known one",
    arguments: [
      ("{ Usres: [] }", "/Usres is unknown; did you mean Users?"),
      (
        "{ Users: [{ Name: 'D\\\\u', disabled: true }] }",
        "/Users/0/disabled is unknown; did you mean Disabled?"
      ),
      (
        "{ Users: [{ Name: 'D\\\\u', Password: 'x' }] }",
        "/Users/0/Password is unknown; the keys there are Name, Disabled, Roles"
      ),
    ])
  func unknownKeys(text: String, problem: String) throws {
    #expect(try problems(text) == [problem])
  }

  @Test("What stands twice is refused, in any case")
  func repetitions() throws {
    let found = try problems(
      """
      { Roles: [{ Name: 'R' }, { Name: 'r' }], Users: [{ Name: 'D\\\\u' }, { Name: 'd\\\\U' }],
        Jobs: [{ ID: '{754F7C7E-884A-4420-AF72-1FED35D3EFC1}', Name: 'J', Type: 't', System: true },
               { ID: '754f7c7e884a4420af721fed35d3efc1', Name: 'j', Type: 't', System: true }] }
      """)
    #expect(
      found == [
        "/Roles/1 has the same name as /Roles/0", "/Users/1 has the same name as /Users/0",
        "/Jobs/1 has the same ID as /Jobs/0", "/Jobs/1 has the same name as /Jobs/0",
      ])
  }

  @Test("Assets are below one root and standards below the other")
  func roots() throws {
    let found = try problems(
      """
      { Assets: [{ ID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Name: 'a', Type: 't', Folder: '/Standards' }],
        Standards: [{ ID: '754f7c7e-884a-4420-af72-1fed35d3efc1', Name: 's', Folder: '/Asset System/x' }] }
      """)
    #expect(
      found == [
        "/Assets/0/Folder must begin with /Asset System", "/Standards/0/Folder must begin with /Standards",
      ])
  }

  @Test("What PostgreSQL cannot keep is refused, not written in part", arguments: ["\\u0000", "\\ud800"])
  func unstorable(escape: String) throws {
    let found = try problems("{ Roles: [{ Name: 'R', Description: 'a\(escape)b' }] }")
    let rule = "/Roles/0/Description must be a text without a NUL character or half a surrogate pair"
    #expect(
      found == [
        "\(rule), and without unknown escapes; "
          + #"a JSON text needs two backslashes for one: "DOMAIN\\user""#
      ])
  }

  @Test("Kinds with an entry that could not be read are doubtful")
  func doubt() throws {
    #expect(try ImportFile("{ Roles: [{ Nme: 'R' }] }").doubtful == [.role])
    #expect(try ImportFile("{ Roles: 7 }").doubtful == [.role])
    #expect(try ImportFile("{ Roles: [{ Name: 'R', Tasks: [7] }] }").doubtful == [])
  }
}
