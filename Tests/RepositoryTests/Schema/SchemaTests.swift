import FoundationEssentials
import Postgres
import TestDatabase
import Testing

@testable import Repository

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

  @Test("The migrations deploy the release that this build needs, and it works with it")
  func required() async throws {
    try await withFixture { fixture in
      let found = try await DeployedSchema.found(fixture.service)
      #expect(found == .release(.required, oldestServer: .required))
      #expect(found.isUsable)
    }
  }

  @Test("A server works with its own schema and with newer ones that admit it, and with no other")
  func usable() throws {
    func release(_ text: String) throws -> SchemaRelease { try #require(SchemaRelease(text)) }
    let server = try release("1.2.3")
    for (found, oldest, usable) in [
      ("1.2.3", "1.2.3", true), ("1.2.3", "0.9.0", true), ("1.10.0", "1.2.0", true), ("2.0.0", "1.2.3", true),
      ("1.2.2", "1.0.0", false), ("0.10.0", "0.1.0", false), ("2.0.0", "1.2.4", false),
    ] {
      let schema = DeployedSchema.release(try release(found), oldestServer: try release(oldest))
      #expect(schema.isUsable(by: server) == usable, "\(found), \(oldest)")
    }
    #expect(!DeployedSchema.none.isUsable && !DeployedSchema.unknown("2").isUsable)
    for text in ["", "1", "1.0", "1.0.0.0", "1.0.-1", "1.0.x", "1..0", "1.0.0 "] {
      #expect(SchemaRelease(text) == nil, "\(text)")
    }
  }

  @Test("A release with a number that this build cannot read is named and not used")
  func unreadable() async throws {
    try await withFixture { fixture in
      try await fixture.database.psql(
        "CREATE OR REPLACE FUNCTION directory.schema_release(OUT release text, OUT oldest_server text) "
          + "LANGUAGE sql AS $$ VALUES ('next', '1.0.0') $$")
      let found = try await DeployedSchema.found(fixture.service)
      #expect(found == .unknown("next"))
    }
  }

  @Test("In a database without the schema nothing is found")
  func nothingDeployed() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await withPool(database.conninfo()) { pool in
        let found = try await DeployedSchema.found(pool)
        #expect(found == .none)
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
        try await database.migrate("revert", "--all", "--yes")
        #expect(try await schemas(of: database) == "")
        try await withPool(database.conninfo()) { pool in
          let found = try await DeployedSchema.found(pool)
          #expect(found == .none)
        }
        try await database.migrate("deploy")
        try await database.migrate("verify")
      }
    }
  }

  @Test("Before the last change is deployed there is no release, and the way forward from there works")
  func stepBack() async throws {
    let changes = try plan()
    try await TestDatabase.with(migrated: true) { database in
      let former = changes[changes.count - 2]
      try await database.migrate("revert", "--yes", "--to", former)
      try await withPool(database.conninfo(user: "ccs_jobstore")) { pool in
        let before = try await DeployedSchema.found(pool)
        #expect(before == .none)
        try await database.migrate("deploy")
        let after = try await DeployedSchema.found(pool)
        #expect(after.isUsable)
      }
    }
  }

  @Test(
    "What a change promises and the database lacks fails its verification",
    arguments: [
      ("audit", "REVOKE INSERT ON audit.events FROM ccs_jobstore"),
      ("audit", "GRANT UPDATE (user_name) ON audit.events TO ccs_jobstore"),
      ("audit", "ALTER FUNCTION audit.remove_events RESET search_path"),
      ("directory", "GRANT SELECT ON directory.users TO PUBLIC"),
      ("store", "DROP INDEX store.job_runs_newest"),
      ("store", "ALTER TABLE store.job_runs ALTER attempts TYPE bigint"),
      ("store", "ALTER TABLE store.job_runs ALTER history_id SET STATISTICS 100"),
      ("store", "CREATE TABLE store.forgotten (history_id uuid PRIMARY KEY)"),
      ("erasure", "GRANT EXECUTE ON FUNCTION store.erase TO PUBLIC"),
      ("erasure", "ALTER TABLE store.purges OWNER TO ccs_jobstore_admin"),
      ("deletion", "ALTER FUNCTION directory.delete_jobs SECURITY DEFINER"),
      ("jobs", "ALTER TABLE directory.jobs DROP CONSTRAINT jobs_keep_runs_check"),
      ("authorization", "GRANT EXECUTE ON FUNCTION auth.authorize TO PUBLIC"),
      ("authorization", "ALTER FUNCTION auth.granted_folders VOLATILE"),
      ("authorization", "ALTER FUNCTION auth.granted_folders SECURITY DEFINER"),
      ("authorization", "ALTER FUNCTION auth.authorize OWNER TO ccs_jobstore_admin"),
      ("directory", "GRANT EXECUTE ON FUNCTION directory.set_lineage TO PUBLIC"),
      ("directory", #"ALTER TABLE directory.roles ALTER description TYPE text COLLATE "C""#),
      (
        "reports",
        """
        DROP FUNCTION store.batches_of;
        CREATE FUNCTION store.batches_of(
            p_run store.job_runs, p_kind text, OUT last_batch bigint, OUT inherited bigint, OUT rest store.open_batch
        )
        LANGUAGE sql IMMUTABLE AS $$ SELECT 1, 1, NULL::store.open_batch $$;
        REVOKE EXECUTE ON FUNCTION store.batches_of FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION store.batches_of TO ccs_jobstore
        """
      ),
    ])
  func verification(change: String, damage: String) async throws {
    try await TestDatabase.with(migrated: true) { database in
      let script = "\\i \(TestDatabase.package)/migrations/verify/\(change).sql"
      try await database.psql(script)
      try await database.psql(damage)
      await #expect(throws: (any Error).self) { try await database.psql(script) }
    }
  }

  @Test("Every table names what keeps it from growing for ever")
  func bounds() async throws {
    try await withFixture { fixture in
      let unbounded = """
        SELECT c.oid::regclass
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p')
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'sqitch')
            AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^Bounded by .'
        ORDER BY 1
        """
      #expect(try await fixture.database.psql(unbounded) == "")
      try await fixture.database.psql("CREATE TABLE store.forgotten ()")
      #expect(try await fixture.database.psql(unbounded) == "store.forgotten")
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
      try await database.migrate("revert", "--all", "--yes")
      try await database.migrate("deploy")
      #expect(try await database.psql(description) == fresh)
    }
  }
}
