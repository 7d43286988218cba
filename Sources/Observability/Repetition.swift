import Domain

/// What log lines have in common that anybody can cause: the event, who caused it, and how it ended.
///
/// Of one kind ten are written a second; the others are counted into one log line. So a flood neither fills the disk nor
/// hides what else happens.
public struct Repetition: Hashable, Sendable {
  public enum Event: String, Sendable {
    case request
    case loginFailed
  }

  public let event: Event
  /// As ``ClientNetwork`` writes it; nil for all those that there was no room to tell apart.
  public let network: String?
  /// Nil without a token.
  public let user: String?
  /// Of the answer; nil if there is none.
  public let status: Int?

  var level: LogLevel {
    switch event {
    case .loginFailed: .warning
    case .request: status.map { $0 >= 500 } ?? false ? .error : .info
    }
  }
}

extension Observation {
  /// What its log line is counted as; nil if it is always written. Requests with a token that were carried out, even if the
  /// client has left before its answer, and those that fail by a fault of the service, are always written.
  var repetition: Repetition? {
    switch self {
    case .request(let record)
    where record.outcome == "failed"
      ? record.status == 503 : record.user == nil || record.outcome == "refused":
      Repetition(
        event: .request, network: "\(ClientNetwork(address: record.peer))", user: record.user,
        status: record.status)
    case .loginFailed(_, let peer, _):
      Repetition(event: .loginFailed, network: "\(ClientNetwork(address: peer))", user: nil, status: nil)
    default: nil
    }
  }
}
