import Repository

/// Why an operation was not carried out. Texts are for the client, except those of `failed` and `unavailable`.
public enum Refusal: Error, Sendable, Equatable {
  /// The token is missing (`presented` is false), unknown, expired or revoked. RFC 6750, section 3.1.
  case unauthenticated(presented: Bool)
  /// A parameter is wrong.
  case invalid(String)
  case forbidden(String)
  case notFound(String)
  /// The database is away or busy; the same request may succeed later.
  case unavailable(String)
  /// The request took longer than it may.
  case timedOut
  /// A fault of ours.
  case failed(String)

  init(_ error: RepositoryError) {
    switch error {
    case .unavailable(let message), .uncertain(let message): self = .unavailable(message)
    case .cancelled: self = .timedOut
    case .failed(let message): self = .failed(message)
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
