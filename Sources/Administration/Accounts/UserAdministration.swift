import Authorization
import Domain
import Repository

/// The commands about users.
public struct UserAdministration: Sendable {
  private let directory: DirectoryAdministration
  private let scrypt: ScryptParameters
  private let actor: String

  /// - Parameters:
  ///   - scrypt: The cost of new password hashes.
  ///   - actor: Who gives the commands, for the audit trail.
  public init(directory: DirectoryAdministration, scrypt: ScryptParameters, actor: String) {
    self.directory = directory
    self.scrypt = scrypt
    self.actor = actor
  }

  /// All users, by name.
  public func list() async throws(AdministrationError) -> [DirectoryAdministration.User] {
    try await administering { () async throws(RepositoryError) in try await directory.users() }
  }

  /// Throws if a new user cannot have the name; call it before asking for a password.
  public func requireNew(_ name: String) async throws(AdministrationError) {
    try Self.check(name)
    let taken = try await list().first { NameRules.key(of: $0.name) == NameRules.key(of: name) }
    if let taken { throw .taken(.user, name: taken.name) }
  }

  /// Throws if there is no such user; call it before asking for a password.
  public func requireExisting(_ name: String) async throws(AdministrationError) {
    try Self.check(name)
    let users = try await list().map(\.name)
    guard users.contains(where: { NameRules.key(of: $0) == NameRules.key(of: name) }) else {
      throw .unknown(.user, name: name, known: users)
    }
  }

  /// Adds a user.
  ///
  /// - Parameters:
  ///   - password: 1...1024 bytes; nil for a user who cannot log in until a password is set.
  ///   - roles: Roles to assign.
  public func add(
    _ name: String, password: [UInt8]?, roles: [String]
  ) async throws(AdministrationError) {
    try Self.check(name)
    var hash: String?
    if let password { hash = try self.hash(password) }
    let passwordHash = hash
    _ = try await perform(name) { () async throws(RepositoryError) in
      try await directory.addUser(name, passwordHash: passwordHash, roles: roles, by: actor)
    }
  }

  /// Disables a user, which pauses the schedules of the user's jobs, and ends the user's sessions; or enables a user, which
  /// resumes the schedules.
  ///
  /// - Returns: Whether anything changed, and the number of jobs whose schedules were paused or resumed.
  public func set(
    _ name: String, disabled: Bool
  ) async throws(AdministrationError) -> (changed: Bool, scheduledJobs: Int) {
    try Self.check(name)
    var jobs = 0
    let changed = try await perform(name) { () async throws(RepositoryError) in
      let outcome = try await directory.setUser(name, disabled: disabled, by: actor)
      jobs = outcome.scheduledJobs
      return outcome.change
    }
    return (changed, jobs)
  }

  /// Sets a password, 1...1024 bytes, and ends the user's sessions.
  public func setPassword(of name: String, to password: [UInt8]) async throws(AdministrationError) {
    try Self.check(name)
    let hash = try hash(password)
    _ = try await perform(name) { () async throws(RepositoryError) in
      try await directory.setPassword(of: name, hash: hash, by: actor)
    }
  }

  private static func check(_ name: String) throws(AdministrationError) {
    if let rule = NameRules.rule(brokenByUser: name) { throw .invalid(.user, name: name, rule: rule) }
  }

  private func hash(_ password: [UInt8]) throws(AdministrationError) -> String {
    let password = OpaquePassword.normalized(password)
    if let rule = PasswordRules.rule(brokenBy: password) { throw .invalidPassword(rule: rule) }
    do {
      return try PasswordHash.make(password, parameters: scrypt)
    } catch {
      throw .hashingFailed
    }
  }

  private func perform(
    _ name: String, _ body: () async throws(RepositoryError) -> DirectoryAdministration.Change
  ) async throws(AdministrationError) -> Bool {
    try await directory.perform(.user, name: name, body)
  }
}
