import FoundationEssentials

/// What is known of a request, whatever it asks for. Gates add the caller's name as soon as a token has proved it, so
/// that the log names the user of refused requests, too.
public struct RequestContext: Sendable {
  public let requestID: UUID
  /// The access token; nil if the request has none.
  public let bearer: String?
  /// The client's address.
  public let peer: String
  /// The caller's name, once known.
  public internal(set) var userName: String?

  /// Creates a context; each parameter is the property of its name.
  public init(requestID: UUID, bearer: String? = nil, peer: String = "") {
    self.requestID = requestID
    self.bearer = bearer
    self.peer = peer
  }
}
