import Authorization
import Repository

/// The database session of one command, on the schema that this build works with.
public struct AdministrationSession: Sendable {
  public let users: UserAdministration
  public let roles: RoleAdministration
  public let audit: AuditReading
  public let directoryImport: DirectoryImport
  /// The release of the database's schema.
  public let schema: String
  private let database: AdministrationDatabase

  /// Connects.
  ///
  /// - Parameters:
  ///   - scrypt: The cost of new password hashes.
  ///   - actor: Who gives the command, for the audit trail.
  /// - Throws: `unreachable`, `wrongSchema` or `repository`.
  public init(
    _ settings: AdministrationDatabase.Settings, scrypt: ScryptParameters, actor: String
  ) async throws(AdministrationError) {
    database = await AdministrationDatabase(settings)
    let directory = database.directory
    users = UserAdministration(directory: directory, scrypt: scrypt, actor: actor)
    roles = RoleAdministration(directory: directory, actor: actor)
    audit = AuditReading(directory: directory)
    directoryImport = DirectoryImport(directory: directory, actor: actor)
    do throws(AdministrationError) {
      schema = try await Self.requireSchema(database)
    } catch {
      await database.close()
      throw error
    }
  }

  /// - Returns: The release.
  private static func requireSchema(_ database: AdministrationDatabase) async throws(AdministrationError)
    -> String
  {
    let found: DeployedSchema
    do throws(RepositoryError) {
      found = try await database.deployedSchema()
    } catch {
      if case .unavailable = error, let reason = database.connectFailure { throw .unreachable(reason) }
      throw .repository(error)
    }
    guard found.isUsable else {
      throw .wrongSchema(found: found.description, expected: SchemaRelease.required.description)
    }
    return found.description
  }

  /// The runs that wait for a collector.
  public func queue() async throws(AdministrationError) -> RunQueue {
    try await administering { () async throws(RepositoryError) in try await database.directory.queue() }
  }

  /// Why the last attempt to connect failed; nil if none did.
  public var connectFailure: String? { database.connectFailure }

  /// Ends the session.
  public func close() async { await database.close() }
}
