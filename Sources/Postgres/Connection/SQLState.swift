/// What an SQLSTATE means for the caller: the one table (PostgreSQL documentation, appendix A).
enum SQLState {
  enum Meaning: Equatable {
    /// The transaction lost against another; it may succeed at once.
    case rolledBack
    /// The database or this session cannot do it now. Nothing has changed.
    case unavailable
    /// The session ended, perhaps while the transaction was being committed.
    case outcomeUnknown
    /// The statement was cancelled or exceeded its time-out. Nothing has changed.
    case cancelled
    /// A fault of the statement or of the schema, which waiting does not mend.
    case fault
  }

  static func meaning(of state: String) -> Meaning {
    switch state {
    // The completion of the statement, or of the transaction, is unknown.
    case "40003", "08007": .outcomeUnknown
    // The server, or a pooler before it, accepts no connection.
    case "08001", "08004": .unavailable
    // 08P01 is also PgBouncer's code for everything.
    case _ where state.hasPrefix("08"): .outcomeUnknown
    // Deadlocks (40P01), serialization failures (40001).
    case _ where state.hasPrefix("40"): .rolledBack
    // A limit of the configuration: it stays.
    case "53400": .fault
    // The disk is full (53100), memory (53200), connections (53300).
    case _ where state.hasPrefix("53"): .unavailable
    // A lock was not given in time.
    case "55P03": .unavailable
    case "57014": .cancelled
    // An administrator or a crash ended the session.
    case "57P01", "57P02": .outcomeUnknown
    // Starting up or shutting down (57P03), the database dropped (57P04), idle for too long (57P05).
    case _ where state.hasPrefix("57"): .unavailable
    // Idle in a transaction for too long: it was rolled back.
    case "25P03": .unavailable
    // A standby, or a read-only session.
    case "25006": .unavailable
    // Input or output failed (58030); a file of PostgreSQL's is missing (58P01).
    case "58030", missingFile: .unavailable
    // A prepared statement is missing or is another's: a pooler changes the session between transactions.
    case "26000", "42P05": .unavailable
    default: .fault
    }
  }

  /// The session is of no use any more: another one may be, at another server or after a restart.
  static func endsSession(_ state: String) -> Bool {
    switch state {
    case readOnly, missingFile, "26000", "42P05", "25P03": true
    default: state.hasPrefix("08") || state.hasPrefix("57P")
    }
  }

  static let readOnly = "25006"
  static let missingFile = "58P01"

  /// What an administrator should do about it, for the log.
  static func advice(for state: String) -> String? {
    switch state {
    case missingFile: "PostgreSQL was upgraded while it ran: restart PostgreSQL"
    case readOnly: "this server is a standby or read-only"
    case "26000", "42P05": "a pooler before PostgreSQL must use session mode"
    default: nil
    }
  }
}
