import Administration
import Repository

extension CommandFailure {
  /// The message and the exit status for an error.
  init(_ error: AdministrationError) {
    switch error {
    case .invalid(let kind, let name, let rule):
      self.init(.failed, "the \(kind.rawValue) name \(name.debugDescription) \(rule)")
    case .invalidPassword(let rule):
      self.init(.failed, "the password \(rule)")
    case .taken(let kind, let name):
      self.init(.failed, "the \(kind.rawValue) \(NameHint.quoted(name)) exists already")
    case .unknown(let kind, let name, let known):
      self.init(
        .failed,
        "unknown \(kind.rawValue) \(NameHint.quoted(name))"
          + NameHint.of(name, among: known, listing: kind == .operation ? known.count : 12))
    case .hashingFailed:
      self.init(.failed, "the password could not be hashed, for lack of memory or of random bytes")
    case .wrongFile(let problems):
      self.init(.failed, lines: problems.map(\.text))
    case .unreachable(let reason):
      self.init(.unavailable, WrongUser.advice(reason) ?? "the database is not available: \(reason)")
    case .wrongSchema(let found, let expected):
      self.init(
        .configuration,
        "the database has schema \(found), but this program needs schema \(expected); run 'migrate deploy', "
          + "or the program of that schema")
    case .repository(.unavailable(let message)):
      self.init(.unavailable, "the database is not available: \(message)")
    case .repository(.rolledBack(let message)):
      self.init(.unavailable, "a concurrent change won; try again: \(message)")
    case .repository(.uncertain(let message)):
      self.init(
        .unavailable, "the connection broke, and whether the change was made is unknown: \(message)")
    case .repository(.cancelled):
      self.init(.failed, "the database took too long; nothing was changed")
    case .repository(.failed(let message)):
      self.init(.failed, "the database refused: \(message)")
    case .repository(.unexpectedAnswer(let message)):
      self.init(.failed, "the database returned an unexpected answer: \(message)")
    }
  }
}

/// Converts the errors of a command's work.
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

/// Suggestions for an unknown name.
enum NameHint {
  static func quoted(_ name: String) -> String { "'\(name)'" }

  /// - Parameter most: The number of names up to which all are listed.
  /// - Returns: The end of a sentence: the most similar name, or all names if there are few.
  static func of(_ name: String, among known: [String], listing most: Int = 12) -> String {
    if let nearest = NearestName.of(name, among: known) { return "; did you mean \(quoted(nearest))?" }
    guard !known.isEmpty, known.count <= most else { return "" }
    return "; expected one of \(known.map(quoted).joined(separator: ", "))"
  }
}
