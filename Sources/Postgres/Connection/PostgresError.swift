/// What can go wrong with a query, by what a caller can do about it.
public enum PostgresError: Error, Sendable, Equatable {
  /// PostgreSQL refused a statement; nothing of its transaction has happened.
  case refused(sqlState: String, message: String)
  /// The database cannot be reached, or has said that it will serve nobody now. Nothing was sent.
  case unavailable(String)
  /// The connection broke while the answer was awaited: the transaction may have happened or not.
  case connectionLost(String)
  /// No connection became free in time, or too many wait already. Nothing was sent.
  case busy(String)
  /// The task was cancelled.
  case cancelled

  /// SQLSTATE, where PostgreSQL gave one (PostgreSQL documentation, appendix A).
  public var sqlState: String? {
    if case .refused(let state, _) = self { return state }
    return nil
  }
}
