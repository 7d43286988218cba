import Domain
import JSON
import Repository

/// Why an operation was not carried out. Texts are for the client, but those of `failed`, `unavailable` and
/// `outcomeUnknown` for the log.
public enum Refusal: Error, Sendable, Equatable {
  /// The token is missing (`presented` is false), unknown, expired or revoked. RFC 6750, section 3.1.
  case unauthenticated(presented: Bool)
  /// A parameter is wrong.
  case invalid(String)
  case forbidden(String)
  case notFound(String)
  /// The request conflicts with the present state: a name that is taken, a run that is over.
  case conflict(String)
  /// A precondition of the request does not hold (RFC 9110, section 13.1).
  case preconditionFailed(String)
  /// Fields of a body are wrong; all of them.
  case invalidFields(JSONProblemList)
  /// Rows of a report are wrong: the first of them, each problem with a pointer that begins with the row's line number.
  /// `rowsStored` rows of the batch are stored.
  case invalidLines(JSONProblemList, rowsStored: Int)
  /// The database is away or busy; the same request may succeed later. Nothing has changed.
  case unavailable(String)
  /// The answer of the database is missing: what was asked for may have been done or not.
  case outcomeUnknown(String)
  /// The request took longer than its limit.
  case timedOut
  /// An internal error.
  case failed(String)

  init(_ error: RepositoryError) {
    switch error {
    case .unavailable(let message), .rolledBack(let message): self = .unavailable(message)
    case .uncertain(let message): self = .outcomeUnknown(message)
    case .cancelled: self = .timedOut
    case .failed(let message), .unexpectedAnswer(let message): self = .failed(message)
    }
  }
}

/// Runs a call of the repository with this layer's errors.
func refusing<Result>(
  _ body: () async throws(RepositoryError) -> Result
) async throws(Refusal) -> Result {
  do throws(RepositoryError) {
    return try await body()
  } catch {
    throw Refusal(error)
  }
}

/// The same for a call that changes nothing, whose outcome is never in doubt.
func refusingReads<Result>(
  _ body: () async throws(RepositoryError) -> Result
) async throws(Refusal) -> Result {
  do throws(Refusal) {
    return try await refusing(body)
  } catch {
    if case .outcomeUnknown(let message) = error { throw .unavailable(message) }
    throw error
  }
}
