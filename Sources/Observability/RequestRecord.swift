/// What is logged and counted of one request.
public struct RequestRecord: Sendable {
  /// The identifier that the client finds in an error body as well.
  public var requestID: String
  /// The method as sent; metrics count unknown ones as `other`.
  public var method: String
  /// The route's template, such as `/ccs/api/v1/Jobs`, or `unmatched`. Never the path as sent: it is a label of the
  /// metrics and must come from a bounded set.
  public var route: String
  /// The documented name of the operation, such as `Delete Job`.
  public var operation: String
  /// The user of the token; nil if unauthenticated.
  public var user: String?
  /// The status sent, 100...599; any other number if none was sent.
  public var status: Int
  /// `ok`, `refused` (the client's doing), `failed` (ours) or `disconnected`.
  public var outcome: String
  /// From the request's head to the end of its response, in seconds.
  public var seconds: Double
  /// Bytes of the request's body.
  public var bytesIn: Int
  /// Bytes of the response's body.
  public var bytesOut: Int
  /// The client's address.
  public var peer: String
  /// What an operator should know beyond the status, such as the cause of a 500; nil for nothing.
  public var detail: String?

  /// Creates a record; each parameter is the property of its name.
  public init(
    requestID: String, method: String, route: String, operation: String, user: String? = nil, status: Int,
    outcome: String, seconds: Double, bytesIn: Int, bytesOut: Int, peer: String, detail: String? = nil
  ) {
    self.requestID = requestID
    self.method = method
    self.route = route
    self.operation = operation
    self.user = user
    self.status = status
    self.outcome = outcome
    self.seconds = seconds
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.peer = peer
    self.detail = detail
  }
}
