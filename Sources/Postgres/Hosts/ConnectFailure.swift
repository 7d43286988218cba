/// Why there is no connection, by what an administrator can do about it. Of several hosts the greatest counts.
public enum Outage: Int, Sendable, Comparable {
  /// Nothing answers, or what answers refuses.
  case unreachable
  /// A standby or read-only server answers, and there is no other.
  case readOnly
  /// PostgreSQL was upgraded while it ran, and cannot load its files any more until it is restarted.
  case upgraded
  /// A pooler gives the transactions of one connection to different sessions.
  case withoutSession

  public static func < (left: Outage, right: Outage) -> Bool { left.rawValue < right.rawValue }
}

/// An attempt to connect that failed.
struct ConnectFailure: Error {
  /// For the log.
  var message: String
  var outage: Outage

  init(_ message: String, _ outage: Outage = .unreachable) {
    self.message = message
    self.outage = outage
  }

  /// The failures of several hosts as one.
  init(_ failures: [ConnectFailure]) {
    message = failures.isEmpty ? "given up" : failures.map(\.message).joined(separator: "; ")
    outage = failures.map(\.outage).max() ?? .unreachable
  }
}
