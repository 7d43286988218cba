import Domain
import JSON
import Repository

/// The kinds of things that have names in the directory.
public enum DirectoryKind: String, Sendable {
  case folder, role, task, user, job, asset, standard, operation
}

/// Why a command failed, by what the administrator can do about it.
public enum AdministrationError: Error, Sendable {
  /// A name breaks a rule; `rule` completes a sentence that begins with it.
  case invalid(DirectoryKind, name: String, rule: String)
  case invalidPassword(rule: String)
  /// The name is in use.
  case taken(DirectoryKind, name: String)
  /// Nothing has the name; `known` are the names there are.
  case unknown(DirectoryKind, name: String, known: [String])
  /// A password could not be hashed, for lack of memory or of random bytes.
  case hashingFailed
  /// All problems of an import file, at least one. Nothing was changed.
  case wrongFile([JSONProblem])
  /// No connection to the database; the text says why.
  case unreachable(String)
  /// The database has a schema that this program does not work with; their numbers.
  case wrongSchema(found: String, expected: String)
  case repository(RepositoryError)
}

/// Converts the repository's errors.
func administering<Result>(
  _ body: () async throws(RepositoryError) -> Result
) async throws(AdministrationError) -> Result {
  do throws(RepositoryError) {
    return try await body()
  } catch {
    throw .repository(error)
  }
}
