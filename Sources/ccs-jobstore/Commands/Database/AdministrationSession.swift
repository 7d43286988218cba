import Administration
import EventLoop
import FoundationEssentials
import Postgres
import Repository
import Synchronization

/// The database as an administrator's command sees it: one connection, on a schema that this build knows.
struct AdministrationSession: Sendable {
  let configuration: Configuration
  let directory: DirectoryAdministration
  /// Who gives the command.
  let actor: String

  /// Runs `body` with the database of the configuration that the arguments name.
  ///
  /// - Parameter statementTimeout: How long one statement may take.
  static func run(
    _ arguments: Arguments, statementTimeout: Duration = .seconds(30),
    _ body: (AdministrationSession) async throws(CommandFailure) -> Void
  ) async throws(CommandFailure) {
    let configuration = try Configuration.load(arguments)
    let settings = try configuration.administrationSettings(statementTimeout: statementTimeout)
    let connectFailure = Mutex("")
    let loop = EventLoop(name: "administration")
    defer { loop.stop() }
    let pool = Pool(
      loop: loop, settings: settings,
      limits: Pool.Limits(connections: 1, queueLimit: 1, queueTimeout: settings.connectTimeout + .seconds(1))
    ) { event in
      if case .connectFailed(let message, _) = event { connectFailure.withLock { $0 = message } }
    }
    await pool.start()
    do throws(CommandFailure) {
      try await requireSchema(pool)
      try await body(
        AdministrationSession(
          configuration: configuration, directory: DirectoryAdministration(pool: pool),
          actor: OperatorName.current()))
      await pool.shutDown(patience: .seconds(5))
    } catch {
      await pool.shutDown(patience: .seconds(5))
      let reason = connectFailure.withLock { $0 }
      guard error.status == .unavailable, !reason.isEmpty else { throw error }
      throw CommandFailure(.unavailable, "the database is not available: \(reason)")
    }
  }

  private static func requireSchema(_ pool: Pool) async throws(CommandFailure) {
    let deployed: String?
    do throws(RepositoryError) {
      deployed = try await SchemaVersion.deployed(pool)
    } catch {
      throw CommandFailure(.repository(error))
    }
    guard deployed == SchemaVersion.wanted else {
      throw CommandFailure(
        .configuration,
        "the database's schema is at '\(deployed ?? "nothing")', and this program works with "
          + "'\(SchemaVersion.wanted)'; bring it there with 'migrate deploy', or use the program that belongs to it"
      )
    }
  }

  var users: UserAdministration {
    UserAdministration(directory: directory, scrypt: configuration.scryptParameters, actor: actor)
  }

  var roles: RoleAdministration { RoleAdministration(directory: directory, actor: actor) }

  var directoryImport: DirectoryImport { DirectoryImport(directory: directory, actor: actor) }
}

extension Configuration {
  /// How the administrator's commands connect.
  fileprivate func administrationSettings(
    statementTimeout: Duration
  ) throws(CommandFailure) -> ConnectionSettings {
    do {
      return ConnectionSettings(
        conninfo: administration.connection, password: try Self.secret(administration.passwordFile),
        applicationName: "ccs-jobstore administration",
        connectTimeout: .seconds(database.connectTimeoutSeconds), statementTimeout: statementTimeout,
        lockTimeout: .seconds(30))
    } catch {
      throw CommandFailure(
        .configuration, "administration.passwordFile cannot be read; it must be a file that you may read")
    }
  }
}
