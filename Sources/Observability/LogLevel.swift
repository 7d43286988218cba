/// How much a log line matters, least first. The raw value is the name in the configuration and in the line.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  /// Of use while searching for a fault.
  case debug
  /// The service's normal course, requests included.
  case info
  /// Works, but somebody should look at it.
  case warning
  /// Something does not work.
  case error

  /// The place in the order, 0...3.
  var rank: UInt8 {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }

  /// True if `left` matters less than `right`.
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}
