import Domain
import EventLoop
import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@testable import Authorization

/// The table of policies as `auth.authorize` applies it.
@Suite("Who may do what")
struct EvaluatorTests {
  private static let token = "a token"

  /// A user with one role, whose rights the test changes.
  private struct User: Sendable {
    let database: TestDatabase
    let authorizer: Authorizer

    /// Gives the user exactly these rights.
    func give(_ tasks: some Collection<Permission>, _ folders: some Collection<UUID>) async throws {
      var sql = "BEGIN; DELETE FROM directory.role_tasks; DELETE FROM directory.folder_grants;"
      for task in tasks {
        sql += "INSERT INTO directory.role_tasks SELECT role_id, '\(task.rawValue)' FROM me;"
      }
      for folder in folders {
        sql += "INSERT INTO directory.folder_grants SELECT role_id, '\(folder)' FROM me;"
      }
      try await database.psql(sql + "COMMIT")
    }

    /// Why an operation is refused; nil if it is permitted.
    func refusal(of operation: Operation) async -> Refusal? {
      var context = RequestContext(requestID: UUID(), bearer: EvaluatorTests.token)
      do throws(Refusal) {
        try await authorizer.permit(operation, &context)
        #expect(context.userName == "ann")
        return nil
      } catch {
        #expect(context.userName == "ann")
        return error
      }
    }
  }

  private func withUser(_ body: (User) async throws -> Void) async throws {
    try await TestDatabase.with(migrated: true) { database in
      let hash = Token(text: Self.token).hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      try await database.psql(
        """
        BEGIN;
        INSERT INTO directory.users (user_name) VALUES ('ann');
        INSERT INTO directory.roles (role_name) VALUES ('hers');
        INSERT INTO directory.user_roles
        SELECT user_id, role_id FROM directory.users, directory.roles WHERE role_name = 'hers';
        CREATE VIEW me AS SELECT role_id FROM directory.roles WHERE role_name = 'hers';
        WITH s AS (
            INSERT INTO auth.sessions (user_id, expires_at) SELECT user_id, now() + interval '1 day'
            FROM directory.users
            RETURNING session_id, user_id, expires_at
        )
        INSERT INTO auth.access_tokens SELECT '\\x\(hash)', session_id, user_id, expires_at FROM s;
        COMMIT
        """)
      let loop = EventLoop(name: "tests")
      let pool = Pool(
        loop: loop,
        settings: ConnectionSettings(
          conninfo: database.conninfo(user: "ccs_jobstore"), applicationName: "tests"),
        limits: .init(connections: 2, queueLimit: 100, queueTimeout: .seconds(60)), report: { _ in })
      await pool.start()
      let outcome: Swift.Result<Void, any Error>
      let user = User(database: database, authorizer: Authorizer(repository: Repository(pool: pool)))
      do { outcome = .success(try await body(user)) } catch { outcome = .failure(error) }
      await pool.shutDown(timeout: .seconds(60))
      loop.stop()
      try outcome.get()
    }
  }

  private static let restricted = Operation.allCases.filter(\.policy.needsToken)
  private static let roots = FolderRoot.allCases.map(\.id)

  @Test("Exactly what an operation needs is enough; what it does not need does not help")
  func exactly() async throws {
    try await withUser { user in
      for operation in Self.restricted {
        let policy = operation.policy
        try await user.give(policy.tasks, policy.folders.map(\.id))
        #expect(await user.refusal(of: operation) == nil, "\(operation)")
        try await user.give(Permission.allCases.filter { !policy.tasks.contains($0) }, Self.roots)
        #expect(
          await user.refusal(of: operation) == operation.refusal(missing: policy.tasks[0].rawValue))
      }
      try await user.give([], [])
      for operation in Self.restricted { #expect(await user.refusal(of: operation) != nil) }
    }
  }

  @Test("Without one of the tasks that one is named, whatever else there is")
  func withoutOneTask() async throws {
    try await withUser { user in
      for task in Permission.allCases {
        try await user.give(Permission.allCases.filter { $0 != task }, Self.roots)
        for operation in Self.restricted {
          let expected =
            operation.policy.tasks.contains(task) ? operation.refusal(missing: task.rawValue) : nil
          #expect(await user.refusal(of: operation) == expected, "\(operation) \(task)")
        }
      }
    }
  }

  @Test("Without one of the folders that one is named")
  func withoutOneFolder() async throws {
    try await withUser { user in
      for folder in FolderRoot.allCases {
        try await user.give(Permission.allCases, Self.roots.filter { $0 != folder.id })
        for operation in Self.restricted {
          #expect(await user.refusal(of: operation) == operation.refusal(missing: folder.id.uuidString))
        }
      }
    }
  }

  @Test("A grant on a sub-folder lets in where items are checked one by one, and nowhere else")
  func subFolder() async throws {
    try await withUser { user in
      var folders: [UUID] = []
      for root in FolderRoot.allCases {
        let id = UUID()
        try await user.database.psql(
          """
          INSERT INTO directory.folders (folder_id, parent_id, folder_name) VALUES ('\(id)', '\(root.id)', 'sub')
          """)
        folders.append(id)
      }
      try await user.give(Permission.allCases, folders)
      for operation in Self.restricted {
        let policy = operation.policy
        let expected =
          policy.reach == .anywhere ? nil : operation.refusal(missing: policy.folders[0].id.uuidString)
        #expect(await user.refusal(of: operation) == expected, "\(operation)")
      }
    }
  }
}
