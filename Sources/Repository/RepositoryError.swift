import Postgres

/// Why the repository could not answer, by what a caller can do about it.
public enum RepositoryError: Error, Sendable {
  /// The database is away, full or locked for too long; the same call may succeed later. Nothing has changed.
  case unavailable(String)
  /// The transaction lost against another (a deadlock, a serialization failure); it may succeed at once. Nothing has
  /// changed.
  case rolledBack(String)
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
    // Transaction Rollback (PostgreSQL documentation, appendix A).
    case .refused(let state, let message) where state.hasPrefix("40"):
      self = .rolledBack(message)
    // A lock that was not given in time.
    case .refused("55P03", let message):
      self = .unavailable(message)
    case .refused(let state, let message):
      self = .failed("\(message) (SQLSTATE \(state))")
    }
  }
}

extension RepositoryError {
  /// Whether one member of a batch may have failed the others, and nothing has changed. What keeps the whole batch
  /// from the database would keep each of its members as well.
  var isWorthTryingOneByOne: Bool {
    switch self {
    case .failed, .cancelled, .rolledBack: true
    case .unavailable, .uncertain: false
    }
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
