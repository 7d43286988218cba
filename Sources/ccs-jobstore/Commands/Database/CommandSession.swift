import Administration
import Repository

extension AdministrationSession {
  /// Runs `body` in a session with the database of the configuration that the arguments name.
  ///
  /// - Parameter statementTimeout: Of one statement.
  static func run(
    _ arguments: Arguments, statementTimeout: Duration = .seconds(30),
    _ body: (AdministrationSession) async throws(CommandFailure) -> Void
  ) async throws(CommandFailure) {
    let configuration = try Configuration.load(arguments)
    let settings = try configuration.administrationSettings(statementTimeout: statementTimeout)
    let session: AdministrationSession
    do throws(AdministrationError) {
      session = try await AdministrationSession(
        settings, scrypt: configuration.scryptParameters, actor: OperatorName.current())
    } catch {
      throw CommandFailure(error)
    }
    do throws(CommandFailure) {
      try await body(session)
      await session.close()
    } catch {
      await session.close()
      guard error.status == .unavailable, let reason = session.connectFailure else { throw error }
      throw CommandFailure(.unreachable(reason))
    }
  }
}

extension Configuration {
  func administrationSettings(
    statementTimeout: Duration
  ) throws(CommandFailure) -> AdministrationDatabase.Settings {
    do throws(ConfigurationError) {
      return AdministrationDatabase.Settings(
        connection: administration.connection,
        password: try Self.secret(administration.passwordFile, key: "administration.passwordFile"),
        connectTimeout: .seconds(database.connectTimeoutSeconds), statementTimeout: statementTimeout)
    } catch {
      throw CommandFailure(.configuration, lines: error.problems.map(\.description))
    }
  }
}
