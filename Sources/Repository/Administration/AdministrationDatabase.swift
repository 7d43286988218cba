import EventLoop
import Postgres
import Synchronization

/// The database of the administration commands: one connection, by a database role of its own.
public final class AdministrationDatabase: Sendable {
  /// How to connect.
  public struct Settings: Sendable {
    /// libpq's connection string or URI, without a password.
    public var connection: String
    public var password: String?
    /// Of one address.
    public var connectTimeout: Duration
    /// Of one statement.
    public var statementTimeout: Duration

    public init(
      connection: String, password: String?, connectTimeout: Duration, statementTimeout: Duration
    ) {
      self.connection = connection
      self.password = password
      self.connectTimeout = connectTimeout
      self.statementTimeout = statementTimeout
    }
  }

  public let directory: DirectoryAdministration
  private let loop = EventLoop(name: "administration")
  private let pool: Pool
  private let lastFailure: FailureNote

  /// Begins to connect. A failure appears in the first call that needs the connection.
  public init(_ settings: Settings) async {
    let note = FailureNote()
    lastFailure = note
    pool = Pool(
      loop: loop,
      settings: ConnectionSettings(
        conninfo: settings.connection, password: settings.password,
        applicationName: "ccs-jobstore administration", connectTimeout: settings.connectTimeout,
        statementTimeout: settings.statementTimeout, lockTimeout: .seconds(30)),
      limits: Pool.Limits(
        // The deadlines of the addresses end the wait.
        connections: 1, queueLimit: 1, queueTimeout: .seconds(600))
    ) { event in
      if case .connectFailed(let message, _) = event { note.text.withLock { $0 = message } }
    }
    directory = DirectoryAdministration(pool: pool)
    await pool.start()
  }

  /// Why the last attempt to connect failed; nil if none did.
  public var connectFailure: String? { lastFailure.text.withLock { $0 } }

  /// The schema of the database.
  public func deployedSchema() async throws(RepositoryError) -> DeployedSchema {
    try await DeployedSchema.found(pool)
  }

  /// Closes the connection.
  public func close() async {
    await pool.shutDown(timeout: .seconds(5))
    loop.stop()
  }

  private final class FailureNote: Sendable {
    let text = Mutex<String?>(nil)
  }
}
