/// How severe a log line is, least first. The raw value is its name in the configuration and in the log.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  /// For debugging.
  case debug
  /// Normal operation, requests included.
  case info
  /// It works, but an operator should look at it.
  case warning
  /// Something does not work.
  case error

  /// The position in the order, 0...3.
  var rank: UInt8 {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }

  /// What the journal takes for the level at the beginning of a line: a priority of syslog in angle brackets
  /// (sd-daemon(3)).
  public var journalPrefix: String {
    switch self {
    case .debug: "<7>"
    case .info: "<6>"
    case .warning: "<4>"
    case .error: "<3>"
    }
  }

  /// True if `left` is less severe than `right`.
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}
