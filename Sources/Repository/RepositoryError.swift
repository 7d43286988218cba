import Postgres

/// Why the repository could not answer, by what a caller can do about it.
public enum RepositoryError: Error, Sendable {
  /// The database is away, full or locked for too long; the same call may succeed later. Nothing has changed.
  case unavailable(String)
  /// The connection broke while the answer was awaited: what was asked for is done, or it is not.
  case uncertain(String)
  /// The caller's task was cancelled, or the statement ran longer than it may.
  case cancelled
  /// A fault of ours; the text is for the log only.
  case failed(String)

  init(_ error: PostgresError) {
    switch error {
    case .unavailable(let message), .busy(let message):
      self = .unavailable(message)
    case .connectionLost(let message):
      self = .uncertain(message)
    case .cancelled:
      self = .cancelled
    // Locks that were not given in time, deadlocks and serialization failures pass (SQLSTATE classes 40, 55).
    case .refused(let state, let message) where state.hasPrefix("40") || state == "55P03":
      self = .unavailable(message)
    case .refused(let state, let message):
      self = .failed("\(message) (SQLSTATE \(state))")
    }
  }
}

extension RepositoryError {
  /// Whether the transaction is known to be undone.
  var leavesNothingDone: Bool {
    if case .uncertain = self { false } else { true }
  }
}

extension Pool {
  /// Runs statements in one transaction, with the repository's errors.
  func run(_ queries: [Query]) async throws(RepositoryError) -> [Rows] {
    do throws(PostgresError) {
      return try await execute(queries)
    } catch {
      throw RepositoryError(error)
    }
  }

  /// Runs one statement, with the repository's errors.
  func run(_ query: Query) async throws(RepositoryError) -> Rows {
    try await run([query])[0]
  }
}
