import TestDatabase
import Testing

@testable import Postgres

@Suite("COPY")
struct CopyTests {
  private static let sql = "COPY things (number, text) FROM STDIN (FORMAT binary)"
  private static let count = Statement(
    "SELECT count(*), coalesce(sum(length(text)), 0), coalesce(max(number), -1) FROM things")

  private func withThings(_ body: (Connection) async throws -> Void) async throws {
    try await withConnection { connection in
      _ = try await connection.execute([
        Statement(
          "CREATE TEMPORARY TABLE things (number bigint PRIMARY KEY, text text CHECK (text <> 'bad'))")()
      ])
      try await body(connection)
    }
  }

  private func rows(_ numbers: some Sequence<Int>, text: String = "x") -> CopyRows {
    var rows = CopyRows()
    for number in numbers {
      rows.beginRow([0, 2])
      rows.append(Int64(number))
      Array(text.utf8).withUnsafeBytes { rows.append($0) }
    }
    return rows
  }

  private func expect(_ connection: Connection, rows: Int, bytes: Int) async throws {
    let row = try await connection.execute([Self.count()])[0][0]
    #expect(try row(0, as: Int.self) == rows)
    #expect(try row(1, as: Int.self) == bytes)
    #expect(await connection.isHealthy)
  }

  @Test("It stores the rows, and the connection goes on as before")
  func stores() async throws {
    try await withThings { connection in
      for round in 0..<5 {
        let copied = try await connection.copyIn(
          Self.sql, rows(round * 100..<round * 100 + 100).data(droppingFirst: 0))
        #expect(copied == 100)
        try await expect(connection, rows: (round + 1) * 100, bytes: (round + 1) * 100)
      }
    }
  }

  @Test("It stores megabytes, more than the socket takes at once")
  func large() async throws {
    try await withThings { connection in
      let text = String(repeating: "y", count: 2000)
      let copied = try await connection.copyIn(Self.sql, rows(0..<10_000, text: text).data(droppingFirst: 0))
      #expect(copied == 10_000)
      try await expect(connection, rows: 10_000, bytes: 20_000_000)
    }
  }

  @Test("Rows at the beginning can be left out, and their numbers shifted")
  func dropping() async throws {
    try await withThings { connection in
      var all = rows(0..<10)
      all.shift(integerAt: 2 + 4, by: 100)
      #expect(try await connection.copyIn(Self.sql, all.data(droppingFirst: 7)) == 3)
      #expect(try await connection.copyIn(Self.sql, all.data(droppingFirst: 10)) == 0)
      let row = try await connection.execute([Self.count()])[0][0]
      #expect(try row(0, as: Int.self) == 3)
      #expect(try row(2, as: Int.self) == 109)
    }
  }

  @Test(
    "Data that PostgreSQL does not like is refused, early or late, and the connection is as good as before")
  func refusals() async throws {
    try await withThings { connection in
      var late = rows(0..<50_000, text: String(repeating: "z", count: 100))
      late.beginRow([0, 2])
      late.append(Int64(1))
      late.appendNull()
      var early = rows([1], text: "bad")
      for number in 2..<50_000 {
        early.beginRow([0, 2])
        early.append(Int64(number))
        early.appendNull()
      }
      for (data, state) in [
        (late.data(droppingFirst: 0), "23505"), (early.data(droppingFirst: 0), "23514"),
        ([[1, 2, 3][...]], "22P04"), ([], "22P04"),
      ] {
        await #expect { try await connection.copyIn(Self.sql, data) } throws: {
          ($0 as? PostgresError)?.sqlState == state
        }
        try await expect(connection, rows: 0, bytes: 0)
      }
      await #expect { try await connection.copyIn("COPY nothing FROM STDIN (FORMAT binary)", []) } throws: {
        ($0 as? PostgresError)?.sqlState == "42P01"
      }
      try await expect(connection, rows: 0, bytes: 0)
    }
  }

  @Test("In a transaction it happens with the rest or not at all")
  func transactions() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await database.psql("CREATE TABLE things (number bigint PRIMARY KEY, text text)")
      try await withPool(database.conninfo(), connections: 1) { pool in
        let insert = Statement("INSERT INTO things VALUES ($1, 'inserted')", .int8)
        let few = rows(0..<10)
        let copied = try await pool.transaction { connection throws(PostgresError) in
          _ = try await connection.execute([insert(.int(100))])
          let copied = try await connection.copyIn(Self.sql, few.data(droppingFirst: 0))
          _ = try await connection.execute([insert(.int(101))])
          return .commit(copied)
        }
        #expect(copied == 10)
        #expect(try await pool.value(Self.count()) == 12)
        let backend: Int = try await pool.value(SQL.backend())

        await #expect(throws: PostgresError.self) {
          try await pool.transaction { connection throws(PostgresError) in
            _ = try await connection.execute([insert(.int(200))])
            return .commit(try await connection.copyIn(Self.sql, few.data(droppingFirst: 0)))
          }
        }
        await #expect(throws: PostgresError.self) {
          try await pool.transaction { connection throws(PostgresError) in
            _ = try await connection.copyIn(Self.sql, self.rows(300..<310).data(droppingFirst: 0))
            return .commit(try await connection.execute([insert(.int(300))]).count)
          }
        }
        #expect(try await pool.value(Self.count()) == 12)
        #expect(try await pool.value(SQL.backend()) == backend, "the connection is the same one")
      }
    }
  }

  @Test("A COPY that waits for a lock ends with its time-out, or with its task, and leaves nothing behind")
  func waiting() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await database.psql("CREATE TABLE things (number bigint PRIMARY KEY, text text)")
      try await withPool(database.conninfo()) { owner in
        try await withPool(database.conninfo(), connections: 1, statementTimeout: .seconds(1)) { pool in
          try await owner.transaction { connection throws(PostgresError) in
            _ = try await connection.execute([Statement("LOCK TABLE things")()])
            do {
              _ = try await pool.withConnection { copying throws(PostgresError) in
                try await copying.copyIn(Self.sql, self.rows(0..<10).data(droppingFirst: 0))
              }
              Issue.record("the table is locked")
            } catch {
              #expect(error as? PostgresError == PostgresError.cancelled)
            }
            let task = Task {
              try await pool.transaction { copying throws(PostgresError) in
                .commit(try await copying.copyIn(Self.sql, self.rows(0..<10).data(droppingFirst: 0)))
              }
            }
            do {
              try await Task.sleep(for: .milliseconds(200))
            } catch {
              Issue.record(error)
            }
            task.cancel()
            let result = await task.result
            #expect(throws: PostgresError.cancelled) { try result.get() }
            return .commit(())
          }
          #expect(try await pool.value(Self.count()) == 0)
          _ = try await pool.withConnection { copying throws(PostgresError) in
            try await copying.copyIn(Self.sql, self.rows(0..<10).data(droppingFirst: 0))
          }
          #expect(try await pool.value(Self.count()) == 10)
        }
      }
    }
  }

  @Test("A connection that is cut during COPY says so")
  func cut() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await database.psql("CREATE TABLE things (number bigint PRIMARY KEY, text text)")
      try await withPool(database.conninfo()) { owner in
        try await withPool(database.conninfo(), connections: 1) { pool in
          let backend: Int = try await pool.value(SQL.backend())
          let task = try await owner.transaction { connection throws(PostgresError) in
            _ = try await connection.execute([Statement("LOCK TABLE things")()])
            let task = Task {
              try await pool.withConnection { copying throws(PostgresError) in
                try await copying.copyIn(Self.sql, self.rows(0..<10).data(droppingFirst: 0))
              }
            }
            do {
              try await Task.sleep(for: .milliseconds(200))
            } catch {
              Issue.record(error)
            }
            _ = try await connection.execute([SQL.terminate(.int(Int64(backend)))])
            return .commit(task)
          }
          switch await task.result {
          case .success: Issue.record("it was cut")
          case .failure(PostgresError.connectionLost), .failure(PostgresError.unavailable): break
          case .failure(let error): Issue.record(error)
          }
          #expect(try await pool.value(Self.count()) == 0)
        }
      }
    }
  }
}
