import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@Suite("The schema and its migrations")
struct SchemaTests {
  /// The changes of `migrations/sqitch.plan`, in order.
  private func plan() throws -> [String] {
    let text = try String(contentsOfFile: "\(TestDatabase.package)/migrations/sqitch.plan", encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("%") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  private func schemas(of database: TestDatabase) async throws -> String {
    try await database.psql(
      """
      SELECT string_agg(nspname, ' ' ORDER BY nspname)
      FROM pg_namespace
      WHERE nspname IN ('directory', 'store', 'auth', 'audit')
      """)
  }

  @Test("This build wants the last change of the plan, and finds it where the plan was deployed")
  func wanted() async throws {
    #expect(try plan().last == SchemaVersion.wanted)
    try await withFixture { fixture in
      let found = try await SchemaVersion.deployed(fixture.service)
      #expect(found == SchemaVersion.wanted)
    }
  }

  @Test("In a database without the schema nothing is found")
  func nothingDeployed() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await withPool(database.conninfo()) { pool in
        let found = try await SchemaVersion.deployed(pool)
        #expect(found == nil)
      }
    }
  }

  @Test("Every change has its deploy, its revert and its verify script, and no script is without a change")
  func scripts() throws {
    for folder in ["deploy", "revert", "verify"] {
      let files = try FileManager.default.contentsOfDirectory(
        atPath: "\(TestDatabase.package)/migrations/\(folder)")
      #expect(files.sorted() == (try plan()).map { "\($0).sql" }.sorted())
    }
  }

  @Test("Everything can be undone, and done again, any number of times")
  func revertAndDeploy() async throws {
    try await TestDatabase.with(migrated: true) { database in
      for _ in 0..<2 {
        #expect(try await schemas(of: database) == "audit auth directory store")
        try await database.migrate("revert", "--yes")
        #expect(try await schemas(of: database) == "")
        try await withPool(database.conninfo()) { pool in
          let found = try await SchemaVersion.deployed(pool)
          #expect(found == nil)
        }
        try await database.migrate("deploy")
        try await database.migrate("verify")
      }
    }
  }

  @Test("A step back is told as what it is, and the way forward from there works")
  func stepBack() async throws {
    let changes = try plan()
    try await TestDatabase.with(migrated: true) { database in
      let former = changes[changes.count - 2]
      try await database.migrate("revert", "--yes", "--to", former)
      try await withPool(database.conninfo(user: "ccs_jobstore")) { pool in
        #expect(try await SchemaVersion.deployed(pool) == former)
        try await database.migrate("deploy")
        #expect(try await SchemaVersion.deployed(pool) == SchemaVersion.wanted)
      }
    }
  }

  @Test("What is deployed is exactly what a fresh deployment makes, after a way back and forth, too")
  func sameResult() async throws {
    let description = """
      SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
      FROM information_schema.columns
      WHERE table_schema IN ('directory', 'store', 'auth', 'audit')
      ORDER BY 1, 2, 3;
      SELECT grantee, table_schema, table_name, privilege_type
      FROM information_schema.table_privileges
      WHERE grantee LIKE 'ccs\\_%'
      ORDER BY 1, 2, 3, 4;
      SELECT schemaname, tablename, indexdef FROM pg_indexes
      WHERE schemaname IN ('directory', 'store', 'auth', 'audit')
      ORDER BY 1, 2, 3
      """
    try await TestDatabase.with(migrated: true) { database in
      let fresh = try await database.psql(description)
      #expect(fresh.contains("store|job_runs|history_id|uuid|NO"))
      try await database.migrate("revert", "--yes")
      try await database.migrate("deploy")
      #expect(try await database.psql(description) == fresh)
    }
  }
}
