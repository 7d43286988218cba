import EventLoop
import Synchronization
import TestDatabase
import Testing

@testable import Postgres

/// A connection with a loop of its own, closed afterwards.
func withConnection<Result>(
  _ conninfo: String? = nil, statementTimeout: Duration = .seconds(60), lockTimeout: Duration = .seconds(60),
  _ body: (Connection) async throws -> Result
) async throws -> Result {
  let settings = ConnectionSettings(
    conninfo: try await found(conninfo), applicationName: "tests", connectTimeout: .seconds(30),
    statementTimeout: statementTimeout, lockTimeout: lockTimeout)
  let loop = EventLoop(name: "tests")
  let connection = Connection(loop: loop, settings: settings, hosts: Hosts(loop: loop, settings: settings))
  let outcome: Swift.Result<Result, any Error>
  do {
    try await connection.open { _ in }
    outcome = .success(try await body(connection))
  } catch {
    outcome = .failure(error)
  }
  await connection.close()
  loop.stop()
  return try outcome.get()
}

/// A pool with a loop of its own, shut down afterwards.
func withPool<Result>(
  _ conninfo: String? = nil, connections: Int = 4, queueLimit: Int = 1000,
  queueTimeout: Duration = .seconds(60), statementTimeout: Duration = .seconds(60),
  report: @escaping @Sendable (Pool.Event) -> Void = { _ in },
  _ body: (Pool) async throws -> Result
) async throws -> Result {
  let settings = ConnectionSettings(
    conninfo: try await found(conninfo), applicationName: "tests", connectTimeout: .seconds(30),
    statementTimeout: statementTimeout, lockTimeout: .seconds(60))
  let loop = EventLoop(name: "tests")
  let pool = Pool(
    loop: loop, settings: settings,
    limits: .init(connections: connections, queueLimit: queueLimit, queueTimeout: queueTimeout),
    report: report)
  await pool.start()
  let outcome: Swift.Result<Result, any Error>
  do { outcome = .success(try await body(pool)) } catch { outcome = .failure(error) }
  await pool.shutDown(timeout: .seconds(60))
  loop.stop()
  return try outcome.get()
}

private func found(_ conninfo: String?) async throws -> String {
  if let conninfo { return conninfo }
  return try await DatabaseServer.shared().conninfo()
}

/// What a pool reported, in order.
final class Events: Sendable {
  private let events = Mutex<[Pool.Event]>([])

  func append(_ event: Pool.Event) { events.withLock { $0.append(event) } }

  var losses: Int { events.withLock { $0.count { if case .lost = $0 { true } else { false } } } }
  var connects: Int { events.withLock { $0.count { if case .connected = $0 { true } else { false } } } }
  /// The pauses that followed failed attempts.
  var pauses: [Duration] {
    events.withLock { $0.compactMap { if case .connectFailed(_, let pause) = $0 { pause } else { nil } } }
  }
}

/// Expects that something is so soon: looks again and again, for 30 seconds.
func expectEventually(
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(30)
  var isSo = try await condition()
  while !isSo, ContinuousClock.now < deadline {
    try await Task.sleep(for: .milliseconds(10))
    isSo = try await condition()
  }
  #expect(isSo, "not within 30 seconds", sourceLocation: sourceLocation)
}

extension Connection {
  /// The first column of a query's first row.
  nonisolated func value<Result: ColumnValue>(_ query: Query) async throws -> Result {
    try await execute([query])[0][0](0)
  }
}

extension Pool {
  /// The first column of a query's first row.
  nonisolated func value<Result: ColumnValue>(_ query: Query) async throws -> Result {
    try await execute(query)[0](0)
  }
}

/// The statements that many tests use.
enum SQL {
  static let backend = Statement("SELECT pg_backend_pid()")
  /// Milliseconds.
  static let sleep = Statement("SELECT pg_sleep($1::float8 / 1000)", .int8)
  static let echo = Statement("SELECT $1", .int8)
  static let terminate = Statement("SELECT pg_terminate_backend($1::integer)", .int8)
  static let activity = Statement(
    "SELECT count(*) FROM pg_stat_activity WHERE pid = $1::integer AND state = 'active' AND query LIKE $2",
    .int8, .text)
}
