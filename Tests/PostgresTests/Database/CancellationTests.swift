import TestDatabase
import Testing

@testable import Postgres

@Suite("Queries that are cancelled or take too long")
struct CancellationTests {
  @Test("Cancelling a task cancels its query in the database, and the connection goes on")
  func cancelledTask() async throws {
    try await withPool(connections: 1) { pool in
      try await withPool(connections: 1) { other in
        let backend: Int = try await pool.value(SQL.backend())
        let sleeping = Task { try await pool.execute(SQL.sleep(.int(60_000))) }
        let active = SQL.activity(.int(Int64(backend)), .text("%pg_sleep%"))
        try await expectEventually { try await other.execute(active)[0](0, as: Int.self) == 1 }

        let start = ContinuousClock.now
        sleeping.cancel()
        await #expect(throws: PostgresError.cancelled) { try await sleeping.value }
        #expect(ContinuousClock.now - start < .seconds(55))
        try await expectEventually { try await other.execute(active)[0](0, as: Int.self) == 0 }
        let found: Int = try await pool.value(SQL.echo(.int(1)))
        #expect(found == 1)
      }
    }
  }

  @Test("A task that is cancelled while it waits for a connection stops waiting, and disturbs nobody")
  func cancelledInQueue() async throws {
    let lock = Statement("SELECT pg_advisory_lock(20261128)")
    let unlock = Statement("SELECT pg_advisory_unlock(20261128)")
    try await withPool(connections: 1) { pool in
      try await withPool(connections: 1) { other in
        // Held by the session of the pool's one connection.
        _ = try await other.execute(lock())
        let running = Task { try await pool.execute([lock(), SQL.echo(.int(7)), unlock()])[1] }
        try await expectEventually { await pool.counters.leased == 1 }
        let waiting = Task { try await pool.execute(SQL.echo(.int(8))) }
        try await expectEventually { await pool.counters.waiting == 1 }
        waiting.cancel()
        await #expect(throws: PostgresError.cancelled) { try await waiting.value }
        #expect(await pool.counters.leased == 1, "the other still runs")
        _ = try await other.execute(unlock())
        #expect(try await running.value[0](0, as: Int.self) == 7)
      }
    }
  }

  @Test("A task that was cancelled before sends nothing")
  func cancelledBefore() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await database.psql("CREATE SEQUENCE calls")
      try await withPool(database.conninfo(), connections: 1) { pool in
        let next = Statement("SELECT nextval('calls')")
        let task = Task {
          while !Task.isCancelled { await Task.yield() }
          return try await pool.execute(next())
        }
        task.cancel()
        await #expect(throws: PostgresError.cancelled) { try await task.value }
        let found: Int = try await pool.value(next())
        #expect(found == 1)
      }
    }
  }

  @Test("A task that was cancelled before does not wait for a connection either")
  func cancelledBeforeWaiting() async throws {
    try await withPool(connections: 1) { pool in
      let running = Task { try await pool.execute(SQL.sleep(.int(60_000))) }
      try await expectEventually { await pool.counters.leased == 1 }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<50 {
          group.addTask {
            let task = Task {
              while !Task.isCancelled { await Task.yield() }
              _ = try await pool.execute(SQL.echo(.int(1)))
            }
            task.cancel()
            await #expect(throws: PostgresError.cancelled) { try await task.value }
          }
        }
        try await group.waitForAll()
      }
      #expect(await pool.counters.leased == 1, "the other still runs")
      running.cancel()
      _ = await running.result
    }
  }

  @Test("A cancellation that comes late never hits the next query of the connection")
  func lateCancellation() async throws {
    try await withPool(connections: 1) { pool in
      _ = try await pool.execute(SQL.echo(.int(0)))
      for round in 0..<200 {
        let doomed = Task { try await pool.execute(SQL.sleep(.int(2))) }
        let other = Task { try await pool.execute([SQL.sleep(.int(4)), SQL.echo(.int(Int64(round)))])[1] }
        try await Task.sleep(for: .microseconds(round % 40 * 100))
        doomed.cancel()
        _ = await doomed.result
        #expect(try await other.value[0](0, as: Int.self) == round)
      }
    }
  }

  @Test("A statement that runs longer than it may is cancelled, and the connection goes on")
  func statementTimeout() async throws {
    try await withConnection(statementTimeout: .milliseconds(100)) { connection in
      await #expect(throws: PostgresError.cancelled) {
        try await connection.execute([SQL.sleep(.int(60_000))])
      }
      #expect(await connection.isHealthy)
      let found: Int = try await connection.value(SQL.echo(.int(1)))
      #expect(found == 1)
    }
  }

  @Test("A lock that is not given in time is told as such")
  func lockTimeout() async throws {
    try await TestDatabase.with(migrated: false) { database in
      try await database.psql("CREATE TABLE things ()")
      let lock = Statement("LOCK TABLE things")
      try await withConnection(database.conninfo()) { holder in
        _ = try await holder.execute([Statement("BEGIN")(), lock()])
        try await withConnection(database.conninfo(), lockTimeout: .milliseconds(100)) { connection in
          await #expect {
            try await connection.execute([Statement("SELECT FROM things")()])
          } throws: {
            $0 as? PostgresError == .unavailable("canceling statement due to lock timeout")
          }
          #expect(await connection.isHealthy)
        }
      }
    }
  }

  @Test("A database that never answers is given up, and the connection with it")
  func silentDatabase() async throws {
    try await withConnection(statementTimeout: .seconds(50)) { connection in
      let query = Task { try await connection.execute([SQL.sleep(.int(40_000))]) }
      try await expectEventually { await !connection.isHealthy }
      let now = ContinuousClock.now
      _ = await connection.checkDeadline(now: now + .seconds(54))
      #expect(await !connection.isHealthy, "the database's own time-out has a chance first")
      _ = await connection.checkDeadline(now: now + .seconds(56))
      await #expect { try await query.value } throws: {
        if case PostgresError.connectionLost = $0 { true } else { false }
      }
      await #expect { try await connection.execute([SQL.echo(.int(1))]) } throws: {
        if case PostgresError.unavailable = $0 { true } else { false }
      }
    }
  }
}
