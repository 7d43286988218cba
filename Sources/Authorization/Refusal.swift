import Domain
import Repository

/// Why an operation was not carried out. Texts are for the client, except those of `failed` and `unavailable`.
public enum Refusal: Error, Sendable, Equatable {
  /// The token is missing (`presented` is false), unknown, expired or revoked. RFC 6750, section 3.1.
  case unauthenticated(presented: Bool)
  /// A parameter is wrong.
  case invalid(String)
  case forbidden(String)
  case notFound(String)
  /// The request does not fit what there is now: a name that is taken, a run that is over.
  case conflict(String)
  /// The representation that the client knows is not the present one (RFC 9110, section 13.1.1).
  case preconditionFailed(String)
  /// Fields of a body are wrong; all of them.
  case invalidFields([JSONProblem])
  /// Lines of a report are wrong: the first of them, each problem by a pointer that begins with the line's number.
  /// So many rows of the batch are stored.
  case invalidLines([JSONProblem], rowsStored: Int)
  /// The database is away or busy; the same request may succeed later.
  case unavailable(String)
  /// The request took longer than it may.
  case timedOut
  /// A fault of ours.
  case failed(String)

  /// A job is no longer the one that the client has read.
  static func changed(_ job: String) -> Refusal {
    .preconditionFailed(
      "The job \(job) has changed since: its ETag is none of those in If-Match. Read the job again.")
  }

  init(_ error: RepositoryError) {
    switch error {
    case .unavailable(let message), .rolledBack(let message), .uncertain(let message):
      self = .unavailable(message)
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
