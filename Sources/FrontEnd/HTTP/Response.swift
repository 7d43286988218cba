import JSON

/// What is sent back.
struct Response: Sendable {
  var status: Int
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  /// For the log: who asked, and what the operator should know beyond the status.
  var user: String?
  var detail: String?

  static func json(_ status: Int, _ body: JSONWriter, type: String = "application/json") -> Response {
    Response(status: status, headers: [("Content-Type", type)], body: body.bytes)
  }

  static func text(_ status: Int, _ text: String, type: String = "text/plain; charset=utf-8") -> Response {
    Response(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
  }
}
