/// Whether it is beyond doubt where a request ends and the next one begins. Where it is not, the request is
/// refused and the connection closed, or a proxy in front could be made to see other requests than we do.
enum Framing {
  /// - Parameters:
  ///   - version: As in the request line: `HTTP/1.1`.
  ///   - headBytes: The length of the target and the fields together.
  ///   - headLimit: The most that it may be.
  /// - Returns: What is wrong; nil if nothing.
  static func problem(version: String, headers: Headers, headBytes: Int, headLimit: Int) -> Problem? {
    guard headBytes <= headLimit else {
      return Problem(431, "The head of the request is larger than the \(headLimit) bytes allowed here.")
    }
    // RFC 9112, section 3.2.
    if version == "HTTP/1.1", headers.values("Host").count != 1 {
      return Problem(400, "HTTP/1.1 wants exactly one Host field.")
    }
    let lengths = headers.values("Content-Length")
    let codings = headers.values("Transfer-Encoding")
    // RFC 9112, section 6.1.
    guard lengths.isEmpty || codings.isEmpty, lengths.count <= 1 else {
      return Problem(400, "Content-Length and Transfer-Encoding conflict, or Content-Length is repeated.")
    }
    if let length = lengths.first, Int(length).map({ $0 < 0 }) ?? true || length.first == "+" {
      return Problem(400, "Content-Length is invalid: a number of bytes is wanted.")
    }
    guard codings.count <= 1, codings.first.map({ $0.equalsIgnoringASCIICase("chunked") }) ?? true else {
      return Problem(400, "Transfer-Encoding is not known: chunked is the only one.")
    }
    return nil
  }

  /// The body's length, where the head tells it.
  static func length(_ headers: Headers) -> Int {
    headers["Content-Length"].flatMap { Int($0) } ?? 0
  }
}
