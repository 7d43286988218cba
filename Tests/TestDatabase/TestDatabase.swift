import Foundation
import Synchronization

/// A database of the shared server, for one test.
public struct TestDatabase: Sendable {
  public let server: DatabaseServer
  public let name: String

  /// The folder of the package.
  public static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// More tests at once would exceed each other's timeouts.
  private static let limit = ConcurrencyLimit(places: 6)
  private static let made = Mutex(0)

  /// Runs a test with its own database, and drops it afterwards.
  ///
  /// - Parameter migrated: Whether `scripts/migrate deploy` has been run on it; else it is empty.
  public static func with<Result>(
    migrated: Bool, _ body: (TestDatabase) async throws -> Result
  ) async throws -> Result {
    await limit.enter()
    defer { limit.leave() }
    let server = try await DatabaseServer.shared()
    let database = TestDatabase(server: server, name: try await newName())
    let template = migrated ? try await pristine.value : "template0"
    try await server.psql("CREATE DATABASE \(database.name) TEMPLATE \(template)")
    let outcome: Swift.Result<Result, any Error>
    do { outcome = .success(try await body(database)) } catch { outcome = .failure(error) }
    try await server.psql("DROP DATABASE \(database.name) WITH (FORCE)")
    return try outcome.get()
  }

  /// How libpq finds it.
  ///
  /// - Parameter user: nil for the superuser.
  public func conninfo(user: String? = nil) -> String { server.conninfo(database: name, user: user) }

  /// Runs SQL as the superuser, the statements one by one.
  ///
  /// - Returns: The rows, a line each, columns separated by `|`.
  @discardableResult
  public func psql(_ sql: String) async throws -> String { try await server.psql(sql, database: name) }

  /// Runs `scripts/migrate` on it.
  ///
  /// - Returns: What it wrote.
  @discardableResult
  public func migrate(_ arguments: String...) async throws -> String {
    try await Self.migrate(arguments + ["--database", name], on: server)
  }

  private static func migrate(_ arguments: [String], on server: DatabaseServer) async throws -> String {
    try await Command.run(["\(package)/scripts/migrate"] + arguments, environment: server.environment)
  }

  /// What migrated databases are copies of: `scripts/migrate` takes longer than a copy.
  private static let pristine = Task {
    let server = try await DatabaseServer.shared()
    let name = try await newName()
    _ = try await migrate(["deploy", "--create", "--database", name], on: server)
    return name
  }

  private static func newName() async throws -> String {
    let number = made.withLock { made in
      made += 1
      return made
    }
    let name = "test_\(getpid())_\(number)"
    try await cleanup.value.add(name)
    return name
  }

  /// Drops what a run leaves behind that did not come to its end, on a server that outlives it.
  private static let cleanup = Task {
    try CleanupProcess(
      #"for name in $lines; do psql -XAtq -d postgres -c "DROP DATABASE IF EXISTS $name WITH (FORCE)"; done"#,
      [], environment: try await DatabaseServer.shared().environment)
  }
}
