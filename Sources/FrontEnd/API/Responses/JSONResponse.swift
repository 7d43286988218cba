import HTTPServer
import JSON

extension Response {
  static func json(_ status: Int, _ body: JSONWriter, type: String = "application/json") -> Response {
    Response(status: status, headers: [("Content-Type", type)], body: body.bytes)
  }
}
