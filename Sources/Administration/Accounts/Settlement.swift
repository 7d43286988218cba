import Repository

extension DirectoryAdministration {
  /// Turns what became of a change into an answer or an error; an unknown name comes with the known ones.
  ///
  /// - Parameters:
  ///   - kind: What the change was about.
  ///   - name: What it is called.
  /// - Returns: Whether anything changed.
  func settle(
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
