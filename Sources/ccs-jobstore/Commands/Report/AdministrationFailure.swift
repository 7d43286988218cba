import Administration
import Repository

extension CommandFailure {
  /// What the administrator is told of an error, and how the program ends.
  init(_ error: AdministrationError) {
    switch error {
    case .invalid(let kind, let name, let rule):
      self.init(.failed, "the \(kind.rawValue) name \(name.debugDescription) \(rule)")
    case .invalidPassword(let rule):
      self.init(.failed, "the password \(rule)")
    case .taken(let kind, let name):
      self.init(.failed, "there is a \(kind.rawValue) \(NameHint.quoted(name)) already")
    case .unknown(let kind, let name, let known):
      self.init(
        .failed, "there is no \(kind.rawValue) \(NameHint.quoted(name))" + NameHint.of(name, among: known))
    case .hashingFailed:
      self.init(.failed, "the password could not be hashed, for lack of memory or of random bytes")
    case .wrongFile(let problems):
      self.init(.failed, lines: problems.map(\.text))
    case .repository(.unavailable(let message)):
      self.init(.unavailable, "the database is not available: \(message)")
    case .repository(.rolledBack(let message)):
      self.init(.unavailable, "somebody else changed the same at this moment, try again: \(message)")
    case .repository(.uncertain(let message)):
      self.init(
        .unavailable, "the connection broke, and it is not known whether the change was made: \(message)")
    case .repository(.cancelled):
      self.init(.failed, "the database took too long; nothing was changed")
    case .repository(.failed(let message)):
      self.init(.failed, "the database refused: \(message)")
    case .repository(.unexpectedAnswer(let message)):
      self.init(.failed, "the database returned an unexpected answer: \(message)")
    }
  }
}

/// Runs what a command does with the program's errors.
func reporting<Result>(
  _ body: () async throws -> Result
) async throws(CommandFailure) -> Result {
  do {
    return try await body()
  } catch let error as AdministrationError {
    throw CommandFailure(error)
  } catch let error as CommandFailure {
    throw error
  } catch {
    throw CommandFailure(.failed, "\(error)")
  }
}

/// Helps with a name that nothing has.
enum NameHint {
  static func quoted(_ name: String) -> String { "'\(name)'" }

  /// - Returns: The end of a sentence: the name that was probably meant, or all if there are not many.
  static func of(_ name: String, among known: [String]) -> String {
    if let nearest = NearestName.of(name, among: known) { return "; did you mean \(quoted(nearest))?" }
    guard (1...12).contains(known.count) else { return "" }
    return "; there are \(known.map(quoted).joined(separator: ", "))"
  }
}
