import Domain
import JSON
import Repository

/// The kinds of things that have names in the directory.
public enum DirectoryKind: String, Sendable {
  case folder, role, task, user, job
}

/// Why a command could not be carried out, by what the administrator can do about it.
public enum AdministrationError: Error, Sendable {
  /// Something given is not what it must be.
  case invalid(DirectoryKind, name: String, rule: String)
  case invalidPassword(rule: String)
  /// There is such a thing already.
  case taken(DirectoryKind, name: String)
  /// There is no such thing; `known` are the ones there are.
  case unknown(DirectoryKind, name: String, known: [String])
  /// A password could not be hashed, for lack of memory or of random bytes.
  case hashingFailed
  /// Everything that is wrong with an import file, at least one problem. Nothing was changed.
  case wrongFile([JSONProblem])
  case repository(RepositoryError)
}

/// Runs a call of the repository with this layer's errors.
func administering<Result>(
  _ body: () async throws(RepositoryError) -> Result
) async throws(AdministrationError) -> Result {
  do throws(RepositoryError) {
    return try await body()
  } catch {
    throw .repository(error)
  }
}
