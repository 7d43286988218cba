import Postgres
import Repository
import TestDatabase
import Testing

@Suite("The rights of the database roles")
struct PrivilegeTests {
  @Test("The server's role has no more rights than it needs")
  func server() async throws {
    try await refuses(
      [
        "UPDATE audit.events SET user_name = 'nobody'",
        "DELETE FROM audit.events",
        "TRUNCATE audit.events",
        "INSERT INTO directory.users (user_name) VALUES ('intruder')",
        "UPDATE directory.users SET disabled = false",
        "UPDATE directory.users SET user_name = 'nobody'",
        "DELETE FROM directory.users",
        "INSERT INTO directory.roles (role_name) VALUES ('all')",
        "INSERT INTO directory.role_tasks SELECT role_id, 'Manage jobs' FROM directory.roles",
        "INSERT INTO directory.user_roles SELECT user_id, role_id FROM directory.users, directory.roles",
        "INSERT INTO directory.folder_grants SELECT role_id, folder_id FROM directory.roles, directory.folders",
        "DELETE FROM directory.folders",
        "INSERT INTO directory.assets SELECT gen_random_uuid(), 'a', 'b', folder_id FROM directory.folders",
        "TRUNCATE directory.jobs",
        "TRUNCATE store.job_runs",
        "DROP TABLE store.job_runs",
        "ALTER TABLE store.job_runs ADD COLUMN extra text",
        "CREATE TABLE public.anything ()",
        "CREATE TABLE directory.anything ()",
        "CREATE TABLE store.anything ()",
        "CREATE TABLE auth.anything ()",
        "CREATE TABLE audit.anything ()",
        "CREATE SCHEMA anything",
        "CREATE ROLE anything",
        "CREATE FUNCTION store.anything() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO sqitch.changes SELECT * FROM sqitch.changes",
        "SET ROLE postgres",
        "SET ROLE ccs_jobstore_admin",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT pg_reload_conf()",
      ], as: "ccs_jobstore")
  }

  @Test("The administrator's role keeps accounts, and cannot touch what is on record")
  func administrator() async throws {
    try await refuses(
      [
        "UPDATE audit.events SET user_name = 'nobody'",
        "DELETE FROM audit.events",
        "TRUNCATE audit.events",
        "DELETE FROM directory.jobs",
        "DELETE FROM store.job_runs",
        "UPDATE store.job_runs SET status = 'Completed'",
        "SELECT * FROM auth.access_tokens",
        "SELECT * FROM auth.refresh_tokens",
        "SELECT * FROM directory.delete_jobs('{}', '{}', '{}', '{}', true, '{}', '{}', 1, true)",
        "SELECT * FROM store.erase_next(1)",
        "SELECT audit.remove_events(1, 1)",
        "CREATE TABLE directory.anything ()",
        "CREATE TABLE public.anything ()",
        "SET ROLE postgres",
      ], as: "ccs_jobstore_admin")
  }

  @Test("The roles own nothing and have no attributes beyond the login")
  func attributes() async throws {
    try await withFixture { fixture in
      let attributes = try await fixture.database.psql(
        """
        SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
               EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid),
               EXISTS (SELECT FROM pg_class WHERE relowner = r.oid),
               EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid)
        FROM pg_roles r
        WHERE rolname LIKE 'ccs\\_jobstore%'
        ORDER BY rolname
        """)
      #expect(attributes == "ccs_jobstore|f|f|f|f|f|f|f|f\nccs_jobstore_admin|f|f|f|f|f|f|f|f")
    }
  }

  private func refuses(_ statements: [String], as role: String) async throws {
    try await withFixture { fixture in
      try await withPool(fixture.database.conninfo(user: role)) { pool in
        for sql in statements {
          await #expect("\(sql)") { try await pool.execute(Statement(sql)()) } throws: { error in
            (error as? PostgresError)?.sqlState == "42501"
          }
        }
      }
    }
  }
}
