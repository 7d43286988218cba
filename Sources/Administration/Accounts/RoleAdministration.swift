import Domain
import Repository

/// The commands about roles.
public struct RoleAdministration: Sendable {
  private let directory: DirectoryAdministration
  private let actor: String

  /// - Parameter actor: Who gives the commands, for the audit trail.
  public init(directory: DirectoryAdministration, actor: String) {
    self.directory = directory
    self.actor = actor
  }

  /// All roles, by name.
  public func list() async throws(AdministrationError) -> [DirectoryAdministration.Role] {
    try await administering { () async throws(RepositoryError) in try await directory.roles() }
  }

  /// Creates a role without grants.
  public func create(_ name: String, description: String) async throws(AdministrationError) {
    if let rule = NameRules.rule(brokenBy: name) { throw .invalid(.role, name: name, rule: rule) }
    _ = try await perform(name) { () async throws(RepositoryError) in
      try await directory.createRole(name, description: description, by: actor)
    }
  }

  /// Assigns a role to a user, or takes it away.
  ///
  /// - Returns: Whether anything changed.
  public func set(_ role: String, of user: String, assigned: Bool) async throws(AdministrationError) -> Bool {
    try await perform(role) { () async throws(RepositoryError) in
      try await directory.setRole(role, of: user, assigned: assigned, by: actor)
    }
  }

  /// Grants tasks to a role, or revokes them.
  ///
  /// - Parameter tasks: Their names, in any case.
  /// - Returns: Whether anything changed.
  public func set(
    tasks: [String], of role: String, granted: Bool
  ) async throws(AdministrationError) -> Bool {
    var permissions: [Permission] = []
    for task in tasks {
      guard let permission = Permission(task: task) else {
        throw .unknown(.task, name: task, known: Permission.allCases.map(\.rawValue))
      }
      permissions.append(permission)
    }
    let granting = permissions
    return try await perform(role) { () async throws(RepositoryError) in
      try await directory.setTasks(granting, of: role, granted: granted, by: actor)
    }
  }

  /// Grants folders, with everything below them, to a role, or revokes them.
  ///
  /// - Parameter folders: Their paths, in any case.
  /// - Returns: Whether anything changed.
  public func set(
    folders: [String], of role: String, granted: Bool
  ) async throws(AdministrationError) -> Bool {
    var paths: [String] = []
    for folder in folders {
      do throws(FolderPath.Invalid) {
        paths.append(try FolderPath(folder).description)
      } catch {
        throw .invalid(.folder, name: folder, rule: error.rule)
      }
    }
    let granting = paths
    return try await perform(role) { () async throws(RepositoryError) in
      try await directory.setFolders(granting, of: role, granted: granted, by: actor)
    }
  }

  private func perform(
    _ name: String, _ body: () async throws(RepositoryError) -> DirectoryAdministration.Change
  ) async throws(AdministrationError) -> Bool {
    try await directory.perform(.role, name: name, body)
  }
}

extension Permission {
  /// - Parameter task: A task's name, in any case.
  init?(task: String) {
    guard let found = Self.allCases.first(where: { $0.rawValue.lowercased() == task.lowercased() }) else {
      return nil
    }
    self = found
  }
}
