/// Why a query failed, by what a caller can do about it.
public enum PostgresError: Error, Sendable, Equatable {
  /// PostgreSQL refused a statement; its transaction has no effect.
  case refused(sqlState: String, message: String)
  /// The transaction lost against another and has no effect; it may succeed at once.
  case rolledBack(String)
  /// The database cannot be reached, or cannot do it now: it is full, read-only, shutting down. Nothing has changed.
  case unavailable(String)
  /// The session ended before the answer arrived: the transaction may have been committed or not.
  case connectionLost(String)
  /// No connection became free in time, or the queue is full. Nothing was sent.
  case busy(String)
  /// The task was cancelled, or the statement exceeded its time-out. Nothing has changed.
  case cancelled
  /// The rows are not those of the statement: a NULL, another type, an unknown word. Outside an explicit transaction
  /// the statement has taken effect.
  case unexpectedAnswer(String)

  /// SQLSTATE of a refused statement (PostgreSQL documentation, appendix A).
  public var sqlState: String? {
    if case .refused(let state, _) = self { return state }
    return nil
  }

  /// For the log.
  var text: String {
    switch self {
    case .refused(let state, let message): "\(message) (SQLSTATE \(state))"
    case .rolledBack(let message), .unavailable(let message), .connectionLost(let message),
      .busy(let message),
      .unexpectedAnswer(let message):
      message
    case .cancelled: "cancelled"
    }
  }

  init(sqlState: String, message: String) {
    let told = SQLState.advice(for: sqlState).map { "\(message): \($0)" } ?? message
    self =
      switch SQLState.meaning(of: sqlState) {
      case .rolledBack: .rolledBack(told)
      case .unavailable: .unavailable(told)
      case .outcomeUnknown: .connectionLost(told)
      case .cancelled: .cancelled
      case .fault: .refused(sqlState: sqlState, message: told)
      }
  }
}
