/// What is sent back.
public struct Response: Sendable {
  public var status: Int
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
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
