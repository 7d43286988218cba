import EventLoop
import Glibc
import TestDatabase
import Testing

@testable import Postgres

@Suite("A database that is away")
struct OutageTests {
  @Test("Queries are refused at once, and attempts to connect go on with growing pauses")
  func nothingThere() async throws {
    let events = Events()
    try await withPool("host=/nonexistent dbname=postgres user=postgres", report: events.append) { pool in
      try await expectEventually { !events.pauses.isEmpty }
      let start = ContinuousClock.now
      for _ in 0..<100 {
        await #expect { try await pool.execute(SQL.echo(.int(1))) } throws: {
          if case PostgresError.unavailable = $0 { true } else { false }
        }
      }
      // To wait in the pool's line would take a minute for each.
      #expect(ContinuousClock.now - start < .seconds(1800))
      try await expectEventually { events.pauses.count >= 3 }
      let pauses = events.pauses
      #expect(pauses[0] <= .milliseconds(200) && pauses[1] <= .milliseconds(400))
      #expect(max(pauses[1], pauses[2]) > .milliseconds(200), "they grow")
      #expect(await pool.counters == Pool.Counters())
    }
  }

  @Test("A database that does not exist is no reason to give up: the pool heals when it does")
  func databaseCreatedLater() async throws {
    try await TestDatabase.with(migrated: false) { database in
      let events = Events()
      let later = "\(database.name)_later"
      try await withPool(database.server.conninfo(database: later), report: events.append) { pool in
        try await expectEventually { !events.pauses.isEmpty }
        try await database.server.psql("CREATE DATABASE \(later) TEMPLATE template0")
        try await expectEventually { events.connects == 1 }
        let found: Int = try await pool.value(SQL.echo(.int(1)))
        #expect(found == 1)
      }
      try await database.server.psql("DROP DATABASE \(later) WITH (FORCE)")
    }
  }

  @Test(
    "A database that is stopped and started again costs errors, and then the pool heals by itself",
    .enabled(if: TestCluster.isInstalled, "PostgreSQL's programs are not installed here"))
  func restart() async throws {
    let cluster = try await TestCluster.start()
    defer { cluster.remove() }
    let events = Events()
    try await withPool(cluster.server.conninfo(), connections: 3, report: events.append) { pool in
      let before = Task { try await pool.execute(SQL.sleep(.int(60_000))) }
      try await expectEventually { await pool.counters.leased == 1 }

      try await cluster.stop()
      await #expect { try await before.value } throws: {
        if case PostgresError.connectionLost = $0 { true } else { false }
      }
      try await expectEventually { !events.pauses.isEmpty }
      await #expect { try await pool.execute(SQL.echo(.int(1))) } throws: {
        if case PostgresError.unavailable = $0 { true } else { false }
      }

      let connects = events.connects
      try await cluster.startAgain()
      try await expectEventually { events.connects > connects }
      let found: Int = try await pool.value(SQL.echo(.int(2)))
      #expect(found == 2)
    }
  }

  @Test("A server that takes connections and says nothing is given up after the time for connecting")
  func silentServer() async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #expect(bind(listener, $0, length) == 0 && listen(listener, 8) == 0)
        #expect(getsockname(listener, $0, &length) == 0)
      }
    }
    let settings = ConnectionSettings(
      conninfo: "host=127.0.0.1 port=\(UInt16(bigEndian: address.sin_port)) dbname=postgres user=postgres",
      applicationName: "tests", connectTimeout: .milliseconds(300))
    let events = Events()
    let loop = EventLoop(name: "tests")
    let pool = Pool(
      loop: loop, settings: settings,
      limits: .init(connections: 4, queueLimit: 10, queueTimeout: .seconds(60)), report: events.append)
    let start = ContinuousClock.now
    await pool.start()
    let others = (0..<3).map { _ in Task { try await pool.execute(SQL.echo(.int(1))) } }
    await #expect { try await pool.execute(SQL.echo(.int(1))) } throws: {
      if case PostgresError.unavailable = $0 { true } else { false }
    }
    #expect(ContinuousClock.now - start > .milliseconds(250))
    #expect(
      events.connects == 0 && !events.pauses.isEmpty, "it is the attempt that has ended, not the query's wait"
    )
    for other in others { _ = await other.result }
    #expect(events.pauses.allSatisfy { $0 > .zero }, "also of attempts that fail side by side")
    await pool.shutDown(timeout: .seconds(60))
    loop.stop()
  }

  @Test("A statement that takes its time is not taken for one whose answer was lost")
  func slowStatement() async throws {
    let events = Events()
    try await withPool(connections: 2, report: events.append) { pool in
      let slow = Task { try await pool.execute([SQL.sleep(.int(6000)), SQL.echo(.int(1))])[1] }
      for _ in 0..<50 {
        _ = try await pool.execute(SQL.echo(.int(2)))
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(try await slow.value[0](0, as: Int.self) == 1)
      #expect(events.losses == 0)
    }
  }

  @Test("A pool that is shut down while it connects ends at once")
  func shutDownWhileConnecting() async throws {
    let events = Events()
    try await withPool("host=/nonexistent dbname=postgres user=postgres", report: events.append) { pool in
      let waiting = Task { try await pool.execute(SQL.echo(.int(1))) }
      await pool.shutDown(timeout: .seconds(60))
      await #expect { try await waiting.value } throws: {
        if case PostgresError.unavailable = $0 { true } else { false }
      }
      #expect(await pool.counters == Pool.Counters())
    }
  }
}
