import CLibPQ

/// Why a query failed, by what a caller can do about it.
public enum PostgresError: Error, Sendable, Equatable {
  /// PostgreSQL refused a statement; its transaction has no effect.
  case refused(sqlState: String, message: String)
  /// The database cannot be reached or accepts no sessions now. Nothing was sent.
  case unavailable(String)
  /// The connection broke before the answer arrived: the transaction may have been committed or not.
  case connectionLost(String)
  /// No connection became free in time, or the queue is full. Nothing was sent.
  case busy(String)
  /// The task was cancelled.
  case cancelled
  /// The rows are not those of the statement: a NULL, another type, an unknown word. Outside an explicit transaction
  /// the statement has taken effect.
  case unexpectedAnswer(String)

  /// SQLSTATE, where PostgreSQL gave one (PostgreSQL documentation, appendix A).
  public var sqlState: String? {
    if case .refused(let state, _) = self { return state }
    return nil
  }
}

extension PostgresError {
  /// The error of a result.
  init(_ result: OpaquePointer) {
    func field(_ code: UnicodeScalar) -> String? {
      PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }
    self.init(sqlState: field("C") ?? "XX000", message: field("M") ?? "no message")
  }

  /// Maps SQLSTATE to what the caller can do (PostgreSQL documentation, appendix A).
  private init(sqlState: String, message: String) {
    self =
      switch sqlState {
      case "57014": .cancelled
      case "57P01", "57P02", "57P03", "57P05", "53300", "25006": .unavailable(message)
      case _ where sqlState.hasPrefix("08"): .connectionLost(message)
      default: .refused(sqlState: sqlState, message: message)
      }
  }
}
