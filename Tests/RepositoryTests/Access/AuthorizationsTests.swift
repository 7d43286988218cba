import Domain
import FoundationEssentials
import Repository
import Testing

@Suite("Who a token stands for, and what they may do")
struct AuthorizationsTests {
  private static let (assets, standards) = (FolderRoot.assetSystem.id, FolderRoot.standards.id)

  private func requirement(
    _ tasks: [String], _ folders: [UUID] = [], wholeTree: Bool = true
  ) -> Authorizations.Requirement {
    Authorizations.Requirement(tasks: tasks, folders: folders, wholeTree: wholeTree)
  }

  /// A folder below another one.
  private func folder(in parent: UUID, on fixture: Fixture) async throws -> UUID {
    let insert = """
      INSERT INTO directory.folders (parent_id, folder_name) VALUES ('\(parent)', gen_random_uuid()::text)
      RETURNING folder_id
      """
    return try #require(UUID(uuidString: try await fixture.database.psql(insert)))
  }

  @Test("A user has the tasks and folders of all their roles, and of no role of anybody else")
  func roles() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user("ann")
      _ = try await fixture.role(of: user, tasks: ["View assets", "Manage jobs"], folders: [Self.assets])
      let second = try await fixture.role(
        of: user, tasks: ["Manage jobs", "Collect data"], folders: [Self.assets, Self.standards])
      _ = try await fixture.role(
        of: try await fixture.user(), tasks: ["View all jobs"], folders: [Self.assets, Self.standards])
      let token = try await fixture.token(of: user)
      let caller = Caller(userID: user, userName: "ann")

      func missing(_ requirement: Authorizations.Requirement) async throws -> String? {
        let answer = try #require(
          await fixture.repository.authorizations.authorize(accessHash: token, for: requirement))
        #expect(answer.caller == caller)
        return answer.missing
      }

      let all = requirement(["View assets", "Manage jobs", "Collect data"], [Self.assets, Self.standards])
      #expect(try await missing(all) == nil)
      #expect(try await missing(requirement(["Manage jobs", "View all jobs"], [UUID()])) == "View all jobs")
      // A right that is taken away counts at once.
      try await fixture.database.psql("DELETE FROM directory.user_roles WHERE role_id = '\(second)'")
      #expect(try await missing(all) == "Collect data")
      let folders = requirement(["View assets"], [Self.assets, Self.standards])
      #expect(try await missing(folders) == "\(Self.standards)".lowercased())
    }
  }

  @Test("Of what is missing the first is named, tasks before folders, in the order given")
  func order() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      _ = try await fixture.role(of: user, tasks: ["Manage jobs"], folders: [])
      let token = try await fixture.token(of: user)
      let tasks = ["Manage jobs", "View standards", "Collect data", "View assets"]
      for order in [tasks, tasks.reversed()] {
        let answer = try await fixture.repository.authorizations.authorize(
          accessHash: token, for: requirement(order, [Self.standards, Self.assets]))
        #expect(answer?.missing == order.first { $0 != "Manage jobs" })
      }
      for order in [[Self.standards, Self.assets], [Self.assets, Self.standards]] {
        for wholeTree in [true, false] {
          let answer = try await fixture.repository.authorizations.authorize(
            accessHash: token, for: requirement(["Manage jobs"], order, wholeTree: wholeTree))
          #expect(answer?.missing == "\(order[0])".lowercased())
        }
      }
    }
  }

  @Test("A grant on a sub-folder is one anywhere in its tree, and none on the whole of it")
  func reach() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let deep = try await folder(in: try await folder(in: Self.assets, on: fixture), on: fixture)
      _ = try await fixture.role(of: user, tasks: [], folders: [deep])
      let token = try await fixture.token(of: user)
      for (wholeTree, folder, isGranted) in [
        (true, Self.assets, false), (false, Self.assets, true), (true, deep, true),
        (false, Self.standards, false),
      ] {
        let answer = try #require(
          await fixture.repository.authorizations.authorize(
            accessHash: token, for: requirement([], [folder], wholeTree: wholeTree)))
        #expect((answer.missing == nil) == isGranted, "\(wholeTree) \(folder)")
      }
    }
  }

  @Test("Many that ask at once, for different operations, each get their own answer")
  func manyAtOnce() async throws {
    try await withFixture { fixture in
      let requirements = [
        requirement(["Manage jobs"]), requirement(["View assets", "Manage jobs"]), .validToken,
      ]
      var asked: [(hash: [UInt8], requirement: Int, expected: Authorizations.Answer?)] = []
      for number in 0..<20 {
        let name = "user-\(number)"
        let user = try await fixture.user(name)
        _ = try await fixture.role(of: user, tasks: number % 2 == 0 ? ["Manage jobs"] : [], folders: [])
        let token = try await fixture.token(of: user)
        let manages = number % 2 == 0
        for (index, missing) in [manages ? nil : "Manage jobs", "View assets", nil].enumerated() {
          let caller = Caller(userID: user, userName: name)
          asked.append((token, index, Authorizations.Answer(caller: caller, missing: missing)))
          asked.append((.random(32), index, nil))
        }
      }
      let all = asked
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<5 {
          for (hash, index, expected) in all {
            group.addTask {
              let answer = try await fixture.repository.authorizations.authorize(
                accessHash: hash, for: requirements[index])
              #expect(answer == expected)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
