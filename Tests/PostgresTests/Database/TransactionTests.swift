import TestDatabase
import Testing

@testable import Postgres

@Suite("Statements that are executed together")
struct TransactionTests {
  private static let count = Statement("SELECT count(*) FROM things")
  private static let insert = Statement("INSERT INTO things VALUES ($1)", .int8)
  private static let divide = Statement("SELECT 1 / $1", .int8)

  private func withThings(_ body: (Connection) async throws -> Void) async throws {
    try await withConnection { connection in
      _ = try await connection.execute([
        Statement("CREATE TEMPORARY TABLE things (number bigint PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")()
      ])
      try await body(connection)
    }
  }

  @Test("Each gives its own rows, in order")
  func rowsOfEach() async throws {
    try await withThings { connection in
      let rows = try await connection.execute([
        Self.insert(.int(1)), Self.count(), Self.insert(.int(2)), Self.count(),
      ])
      #expect(rows.map(\.count) == [0, 1, 0, 1])
      #expect(try rows[1][0](0, as: Int.self) == 1)
      #expect(try rows[3][0](0, as: Int.self) == 2)
    }
  }

  @Test("They are one transaction: if the last fails, the first has not happened")
  func allOrNone() async throws {
    try await withThings { connection in
      await #expect { try await connection.execute([Self.insert(.int(1)), Self.divide(.int(0))]) } throws: {
        $0 as? PostgresError == .refused(sqlState: "22012", message: "division by zero")
      }
      let found: Int = try await connection.value(Self.count())
      #expect(found == 0)
    }
  }

  @Test("What follows a failure is not executed, and the first failure is the one that is told")
  func firstFailure() async throws {
    try await withThings { connection in
      await #expect {
        try await connection.execute([Self.divide(.int(0)), Self.insert(.int(1)), Statement("nonsense")()])
      } throws: {
        ($0 as? PostgresError)?.sqlState == "22012"
      }
      let found: Int = try await connection.value(Self.count())
      #expect(found == 0)
    }
  }

  @Test("A constraint that is checked at the commit fails the whole, too")
  func failureAtCommit() async throws {
    try await withThings { connection in
      await #expect { try await connection.execute([Self.insert(.int(1)), Self.insert(.int(1))]) } throws: {
        ($0 as? PostgresError)?.sqlState == "23505"
      }
      let found: Int = try await connection.value(Self.count())
      #expect(found == 0)
      #expect(await connection.isHealthy)
    }
  }

  @Test("A statement that cannot be prepared fails again and again, and harms none of the others")
  func failingPrepare() async throws {
    try await withThings { connection in
      let wrong = Statement("SELECT nonsense FROM things")
      let (before, after) = (Statement("SELECT 'before'"), Statement("SELECT 'after'"))
      for _ in 0..<3 {
        await #expect { try await connection.execute([before(), wrong(), after()]) } throws: {
          ($0 as? PostgresError)?.sqlState == "42703"
        }
        #expect(await connection.isHealthy)
        let rows = try await connection.execute([after(), before(), Self.divide(.int(1))])
        #expect(try rows[0][0](0, as: String.self) == "after")
        #expect(try rows[1][0](0, as: String.self) == "before")
        #expect(try rows[2][0](0, as: Int.self) == 1)
      }
      _ = try await connection.execute([Statement("ALTER TABLE things ADD COLUMN nonsense text")()])
      #expect(try await connection.execute([wrong()])[0].isEmpty, "once it can be prepared, it works")
    }
  }

  @Test("A statement is prepared once, however often it is executed")
  func preparedOnce() async throws {
    try await withConnection { connection in
      for number in 0..<20 { _ = try await connection.execute([SQL.echo(.int(Int64(number)))]) }
      let prepared = Statement("SELECT count(*) FROM pg_prepared_statements WHERE statement = $1", .text)
      let found: Int = try await connection.value(prepared(.text(SQL.echo.sql)))
      #expect(found == 1)
    }
  }

  @Test("An answer that comes faster than the task that waits for it is not missed")
  func fastAnswers() async throws {
    // A task that does not prefer the loop leaves it between any two of its steps there, and the answer may come
    // in between.
    try await withPool(connections: 1, statementTimeout: .seconds(1)) { pool in
      for number in 0..<3000 {
        let found: Int = try await pool.value(SQL.echo(.int(Int64(number))))
        #expect(found == number)
      }
    }
  }

  @Test("An open transaction makes the connection unhealthy until it has ended")
  func explicitTransaction() async throws {
    try await withThings { connection in
      _ = try await connection.execute([Statement("BEGIN")(), Self.insert(.int(1))])
      #expect(await !connection.isHealthy)
      _ = try await connection.execute([Statement("ROLLBACK")()])
      #expect(await connection.isHealthy)
      let found: Int = try await connection.value(Self.count())
      #expect(found == 0)
    }
  }

  @Test("A connection on which a transaction was left open is not lent again: its transaction is undone")
  func abandonedTransaction() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await database.psql("CREATE TABLE things (number bigint)")
      try await withPool(database.conninfo(), connections: 1) { pool in
        _ = try await pool.withConnection { connection throws(PostgresError) in
          try await connection.execute([Statement("BEGIN")(), Self.insert(.int(1))])
        }
        let found: Int = try await pool.value(Self.count())
        #expect(found == 0)
      }
    }
  }

  @Test("The session is as the rest of the code takes it to be: UTC, UTF-8, its time-outs set")
  func session() async throws {
    try await withConnection(statementTimeout: .milliseconds(1234), lockTimeout: .milliseconds(567)) {
      connection in
      let settings = Statement(
        """
        SELECT current_setting('TimeZone'), current_setting('client_encoding'),
               current_setting('statement_timeout'), current_setting('lock_timeout'),
               current_setting('application_name')
        """)
      let row = try await connection.execute([settings()])[0][0]
      #expect(
        try (0..<5).map { try row($0, as: String.self) } == ["UTC", "UTF8", "1234ms", "567ms", "tests"])
    }
  }
}
