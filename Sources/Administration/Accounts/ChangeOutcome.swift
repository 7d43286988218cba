import Repository

extension DirectoryAdministration {
  /// Makes a change.
  ///
  /// - Parameters:
  ///   - kind: The kind of thing that is changed.
  ///   - name: Its name.
  /// - Returns: Whether anything changed.
  /// - Throws: `taken`; `unknown`, with the known names; `repository`.
  func perform(
    _ kind: DirectoryKind, name: String, _ body: () async throws(RepositoryError) -> Change
  ) async throws(AdministrationError) -> Bool {
    switch try await administering(body) {
    case .done: return true
    case .unchanged: return false
    case .taken: throw .taken(kind, name: name)
    case .noSuchUser(let name):
      let known = try await administering { () async throws(RepositoryError) in try await users().map(\.name)
      }
      throw .unknown(.user, name: name, known: known)
    case .noSuchRole(let name):
      let known = try await administering { () async throws(RepositoryError) in try await roles().map(\.name)
      }
      throw .unknown(.role, name: name, known: known)
    case .noSuchFolder(let path):
      let known = try await administering { () async throws(RepositoryError) in try await folders().paths }
      throw .unknown(.folder, name: path, known: known)
    }
  }
}
