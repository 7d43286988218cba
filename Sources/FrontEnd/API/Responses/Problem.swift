import Authorization
import Domain
import FoundationEssentials
import HTTPServer
import JSON

/// A problem document (RFC 9457), with the documented text in `detail`.
struct Problem: Error, Sendable {
  var status: Int
  var detail: String
  var headers: [(name: String, value: String)] = []
  /// The fields that are wrong, each by a JSON Pointer (RFC 6901) into the body.
  var errors: [(pointer: String, detail: String)] = []
  /// How many more are wrong.
  var moreErrors = 0
  /// What was asked for may have been done or not.
  var outcomeIsUnknown = false
  /// For the log only.
  var cause: String?

  static let fault =
    "Server encountered an error while serving request. Please contact administrator if problem persists."

  init(_ status: Int, _ detail: String, headers: [(name: String, value: String)] = [], cause: String? = nil) {
    self.status = status
    self.detail = detail
    self.headers = headers
    self.cause = cause
  }

  init(_ refusal: Refusal) {
    switch refusal {
    case .unauthenticated(presented: false):
      self.init(
        401, "An access token is needed: Authorization: Bearer, followed by the token.",
        headers: [("WWW-Authenticate", #"Bearer realm="ccs""#)])
    case .unauthenticated(presented: true):
      self.init(
        401, "The access token is invalid or has expired.",
        headers: [("WWW-Authenticate", #"Bearer realm="ccs", error="invalid_token""#)])
    case .invalid(let detail): self.init(400, detail)
    case .forbidden(let detail): self.init(403, detail)
    case .notFound(let detail): self.init(404, detail)
    case .conflict(let detail): self.init(409, detail)
    case .preconditionFailed(let detail): self.init(412, detail)
    case .invalidFields(let problems): self.init(fields: problems)
    case .invalidLines(let problems, let rowsStored): self.init(lines: problems, rowsStored: rowsStored)
    case .unavailable(let cause):
      self.init(
        503, "The service cannot reach its database or has too much to do. Try again later.",
        headers: [("Retry-After", "2")], cause: cause)
    case .outcomeUnknown(let cause):
      self.init(
        503,
        "The database's answer is missing: the request may have taken effect or not. Look, then repeat it.",
        headers: [("Retry-After", "2")], cause: cause)
      outcomeIsUnknown = true
    case .timedOut:
      self.init(
        503, "The request took longer than it may. Try again later.", headers: [("Retry-After", "5")])
    case .failed(let cause): self.init(500, Self.fault, cause: cause)
    }
  }

  /// A body whose fields are wrong: they are in `errors`, the first also in `detail`.
  init(fields problems: JSONProblemList) {
    let errors = problems.listed.map { (pointer: $0.pointer, detail: $0.sentence) }
    let first = errors.first.map { " \($0.pointer.isEmpty ? "The body" : $0.pointer) \($0.detail)." } ?? ""
    let count = errors.count + problems.unlisted
    let listed = problems.unlisted == 0 ? "" : " The first \(errors.count) are listed."
    self.init(400, "\(count == 1 ? "1 field is" : "\(count) fields are") wrong.\(first)\(listed)")
    self.errors = errors
    moreErrors = problems.unlisted
  }

  /// A report some of whose lines are wrong.
  init(lines problems: JSONProblemList, rowsStored: Int) {
    self.init(fields: problems)
    let stored = rowsStored == 1 ? "1 row" : "\(rowsStored) rows"
    detail +=
      " Of this batch \(stored) from its beginning \(rowsStored == 1 ? "is" : "are") stored; correct the others and send the whole batch again."
  }

  /// What the HTTP server refuses by itself.
  init(_ fault: RequestFault) {
    switch fault {
    case .malformed(let part): self.init(400, "The request is not HTTP/1.1: \(Self.expected(part)).")
    case .versionNotSupported: self.init(505, "The version of HTTP is not supported: use HTTP/1.1.")
    case .targetTooLong(let limit):
      self.init(414, "The target of the request is longer than the \(limit) bytes allowed here.")
    case .tooManyFields(let limit):
      self.init(431, "The request has more than the \(limit) header fields allowed here.")
    case .headTooLarge(let limit):
      self.init(431, "The head of the request is larger than the \(limit) bytes allowed here.")
    case .hostMissing: self.init(400, "An HTTP/1.1 request needs exactly one Host field.")
    case .conflictingLengths:
      self.init(400, "Content-Length and Transfer-Encoding conflict, or Content-Length is repeated.")
    case .invalidContentLength:
      self.init(400, "Content-Length is invalid: expected a number of bytes.")
    case .unknownTransferCoding:
      self.init(400, "Transfer-Encoding is invalid: chunked is the only one supported.")
    case .bodyTooLarge(let limit):
      self.init(413, "The body is larger than the \(limit) bytes allowed here.")
    case .busy: self.init(Refusal.unavailable("too many requests in flight"))
    }
  }

  /// What a part of a message must be (RFC 9112; RFC 9110, section 5).
  private static func expected(_ part: RequestFault.Part) -> String {
    switch part {
    case .method: "the method must be a token"
    case .target: "the target must be of visible ASCII characters, others percent-encoded"
    case .version: "the request line must end with one space and HTTP/1.1"
    case .foldedLine: "a line must not begin with white space"
    case .fieldName: "the name of a field must be a token, directly followed by a colon"
    case .fieldValue: "the value of a field must have no control characters, or is too long"
    case .lineEnd: "a line must end with CR LF"
    case .chunkSize: "a chunk must begin with its size, 1 to 8 hexadecimal digits, without extensions"
    case .trailer: "a field that delimits or routes a message must not follow its body"
    case .chunkEnd: "a chunk must be as long as its size says and end with CR LF"
    }
  }

  func response(requestID: UUID) -> Response {
    let body = JSONWriter.object {
      $0.add("type", "about:blank")
      $0.add("title", Self.titles[status] ?? "Error")
      $0.add("status", status)
      $0.add("detail", detail)
      $0.add("requestId", requestID)
      if outcomeIsUnknown { $0.add("outcome", "unknown") }
      if !errors.isEmpty {
        $0.name("errors")
        $0.array(errors) { writer, error in
          writer.object {
            $0.add("pointer", error.pointer)
            $0.add("detail", error.detail)
          }
        }
        if moreErrors > 0 { $0.add("moreErrors", moreErrors) }
      }
    }
    var response = Response.json(status, body, type: "application/problem+json")
    response.headers += headers
    response.detail = cause ?? detail
    return response
  }

  private static let titles = [
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
  ]
}
