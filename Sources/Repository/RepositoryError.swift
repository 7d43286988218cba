import Postgres

/// Why the repository could not answer, by what a caller can do about it.
public enum RepositoryError: Error, Sendable {
  /// The database cannot be reached, is full or read-only, or a lock was not given in time; the same call may succeed
  /// later. Nothing has changed.
  case unavailable(String)
  /// The transaction lost against another (a deadlock, a serialization failure); it may succeed at once. Nothing has
  /// changed.
  case rolledBack(String)
  /// The connection broke, or the caller's task was cancelled, before the answer arrived: what was asked for may have
  /// taken effect or not.
  case uncertain(String)
  /// The caller's task was cancelled, or the statement exceeded its time-out.
  case cancelled
  /// The database refused a statement: a fault of ours. Nothing has changed; the text is for the log only.
  case failed(String)
  /// The database's answer is not what the statement should return. What was asked for may have taken effect, so it is
  /// not tried again; the text is for the log only.
  case unexpectedAnswer(String)

  init(_ error: PostgresError) {
    switch error {
    case .unavailable(let message), .busy(let message):
      self = .unavailable(message)
    case .connectionLost(let message):
      self = .uncertain(message)
    case .cancelled:
      self = .cancelled
    case .unexpectedAnswer(let message):
      self = .unexpectedAnswer(message)
    case .rolledBack(let message):
      self = .rolledBack(message)
    case .refused(let state, let message):
      self = .failed("\(message) (SQLSTATE \(state))")
    }
  }
}

extension RepositoryError {
  /// Whether it is a fault of ours or of the schema, which waiting does not mend.
  public var isFault: Bool {
    switch self {
    case .failed, .unexpectedAnswer: true
    case .unavailable, .rolledBack, .uncertain, .cancelled: false
    }
  }

  /// Whether nothing has changed and one member of a batch may be the cause, so that the others can succeed without it.
  var isWorthTryingOneByOne: Bool {
    switch self {
    case .failed, .cancelled, .rolledBack: true
    case .unavailable, .uncertain, .unexpectedAnswer: false
    }
  }
}
