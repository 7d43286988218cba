import TestDatabase
import Testing

@testable import Postgres

@Suite("A pool with a real database behind it")
struct PoolTests {
  @Test("200 queries at once over 4 connections all get their own answers")
  func manyQueries() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await withPool(database.conninfo(), connections: 4) { pool in
        let most = Statement("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        let answers = try await withThrowingTaskGroup(of: (Int, Int, Int).self) { group in
          for number in 0..<200 {
            group.addTask {
              let rows = try await pool.execute([
                SQL.echo(.int(Int64(number))), SQL.sleep(.int(5)), SQL.backend(), most(),
              ])
              #expect(try rows[0][0](0, as: Int.self) == number)
              return (number, try rows[2][0](0), try rows[3][0](0))
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.0)).count == 200)
        #expect(Set(answers.map(\.1)).count == 4, "all four connections did their part")
        #expect(answers.map(\.2).max() == 4)
        #expect(await pool.counters == Pool.Counters(open: 4, idle: 4, leased: 0, waiting: 0))
      }
    }
  }

  @Test("One query more than may wait is refused at once, and a place that becomes free can be taken")
  func queueLimit() async throws {
    try await withPool(connections: 1, queueLimit: 2) { pool in
      let running = Task { try await pool.execute(SQL.sleep(.int(60_000))) }
      try await expectEventually { await pool.counters.leased == 1 }
      let waiting = (1...2).map { number in Task { try await pool.execute(SQL.echo(.int(Int64(number)))) } }
      try await expectEventually { await pool.counters.waiting == 2 }
      await #expect { try await pool.execute(SQL.echo(.int(3))) } throws: {
        if case PostgresError.busy = $0 { true } else { false }
      }
      running.cancel()
      for (number, task) in zip(1..., waiting) { #expect(try await task.value[0](0, as: Int.self) == number) }
      let found: Int = try await pool.value(SQL.echo(.int(4)))
      #expect(found == 4)
    }
  }

  @Test("A query that gets no connection in time is refused as busy, without being sent")
  func queueTimeout() async throws {
    try await withPool(connections: 1, queueTimeout: .milliseconds(300)) { pool in
      // On a busy machine the connection itself is not open in time.
      try await expectEventually { (try? await pool.execute(SQL.backend())) != nil }
      let running = Task { try await pool.execute(SQL.sleep(.int(60_000))) }
      try await expectEventually { await pool.counters.leased == 1 }
      let start = ContinuousClock.now
      await #expect { try await pool.execute(SQL.echo(.int(1))) } throws: {
        if case PostgresError.busy = $0 { true } else { false }
      }
      #expect(ContinuousClock.now - start >= .milliseconds(300))
      #expect(await pool.counters.leased == 1, "refused before the other has ended")
      running.cancel()
      _ = await running.result
    }
  }

  @Test("An idle connection that the database ends is replaced before anyone is harmed")
  func terminatedIdle() async throws {
    let events = Events()
    try await withPool(connections: 1, report: events.append) { pool in
      let backend: Int = try await pool.value(SQL.backend())
      try await withPool(connections: 1) { other in
        let terminated: Bool = try await other.value(SQL.terminate(.int(Int64(backend))))
        #expect(terminated)
      }
      try await expectEventually { events.losses == 1 }
      let next: Int = try await pool.value(SQL.backend())
      #expect(next != backend)
      #expect(events.connects == 2 && events.losses == 1)
    }
  }

  @Test("A query whose connection is ended fails as lost, since nobody knows how far it came; the next works")
  func terminatedInUse() async throws {
    let events = Events()
    try await withPool(connections: 2, report: events.append) { pool in
      try await withPool(connections: 1) { other in
        let query = Task {
          try await pool.withConnection { connection throws(PostgresError) in
            _ = try await connection.execute([Statement("SET application_name = 'doomed'")()])
            return try await connection.execute([SQL.sleep(.int(60_000))])
          }
        }
        let kill = Statement(
          """
          SELECT pg_terminate_backend(pid)
          FROM pg_stat_activity
          WHERE application_name = 'doomed' AND query LIKE '%pg_sleep%' AND state = 'active'
          """)
        try await expectEventually { try await other.execute(kill()).count == 1 }
        await #expect { try await query.value } throws: {
          if case PostgresError.connectionLost = $0 { true } else { false }
        }
        #expect(events.losses == 1)
        let found: Int = try await pool.value(SQL.echo(.int(5)))
        #expect(found == 5)
        try await expectEventually { await pool.counters.leased == 0 }
      }
    }
  }

  @Test(
    "Every query of a busy pool is answered, right or with an error, while its connections are ended at random"
  )
  func terminatedAtRandom() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await withPool(database.conninfo(), connections: 4) { pool in
        let queries = Task {
          try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
              group.addTask {
                do {
                  let rows = try await pool.execute([SQL.sleep(.int(5)), SQL.echo(.int(Int64(number)))])
                  #expect(try rows[1][0](0, as: Int.self) == number)
                  return true
                } catch PostgresError.connectionLost, PostgresError.unavailable {
                  return false
                }
              }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
          }
        }
        for _ in 0..<8 {
          try await database.server.psql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = '\(database.name)' ORDER BY random() LIMIT 1
            """)
        }
        #expect(try await queries.value >= 300)
        // The last of the blows may have fallen after the last of the queries.
        try await expectEventually { (try? await pool.value(SQL.echo(.int(1)))) == 1 }
        #expect(await pool.counters.leased == 0)
        #expect(await pool.counters.waiting == 0)
      }
    }
  }

  @Test("Shutting down waits for a query under way, refuses those that come, and leaves no connection behind")
  func shutDown() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await withPool(database.conninfo(), connections: 3) { pool in
        _ = try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<3 { group.addTask { _ = try await pool.execute(SQL.sleep(.int(50))) } }
          try await group.waitForAll()
        }
        let running = Task { try await pool.execute([SQL.sleep(.int(700)), SQL.echo(.int(9))])[1] }
        try await expectEventually { await pool.counters.leased == 1 }
        let start = ContinuousClock.now
        await pool.shutDown(timeout: .seconds(60))
        #expect(ContinuousClock.now - start > .milliseconds(300), "it has waited")
        #expect(try await running.value[0](0, as: Int.self) == 9)
        await #expect { try await pool.execute(SQL.echo(.int(1))) } throws: {
          if case PostgresError.unavailable = $0 { true } else { false }
        }
        let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database.name)'"
        try await expectEventually { try await database.server.psql(left) == "0" }
      }
    }
  }

  @Test("Shutting down waits no longer than it may: then the query is cut off")
  func impatientShutDown() async throws {
    try await withPool(connections: 2) { pool in
      let running = Task { try await pool.execute(SQL.sleep(.int(60_000))) }
      try await expectEventually { await pool.counters.leased == 1 }
      let start = ContinuousClock.now
      await pool.shutDown(timeout: .milliseconds(300))
      let waited = ContinuousClock.now - start
      #expect(waited >= .milliseconds(300) && waited < .seconds(55))
      await #expect { try await running.value } throws: {
        if case PostgresError.connectionLost = $0 { true } else { false }
      }
      #expect(await pool.counters == Pool.Counters())
    }
  }
}
