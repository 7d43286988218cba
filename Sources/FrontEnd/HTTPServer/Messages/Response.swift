/// What is sent back.
public struct Response: Sendable {
  public var status: Int
  public var headers: [(name: String, value: String)]
  /// All of the body, or its beginning.
  public var body: [UInt8]
  /// The body exists once for all answers, so that this one takes no memory for it.
  public var isShared = false
  /// What follows the beginning of a long body: its next piece; nil at the end. It is called for one piece at a time,
  /// when the client is about to take it. If it throws, the connection is cut, so that the client sees an incomplete
  /// answer (RFC 9112, section 8).
  public var rest: (@Sendable () async throws -> [UInt8]?)?
  /// For the log: the user who asked; nil if nobody was authenticated.
  public var user: String?
  /// For the log: what the operator should know beyond the status.
  public var detail: String?

  public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public static func text(
    _ status: Int, _ text: String, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
  }
}
