/// Whether the end of a request is beyond doubt. If it is not, the request is refused and the connection closed:
/// otherwise a proxy in front could be made to see other requests than this server does.
enum Framing {
  /// - Parameters:
  ///   - version: As in the request line: `HTTP/1.1`.
  ///   - headBytes: The length of the target and the fields together.
  ///   - headLimit: Its maximum.
  /// - Returns: What is wrong; nil if nothing is.
  static func fault(version: String, headers: Headers, headBytes: Int, headLimit: Int) -> RequestFault? {
    guard headBytes <= headLimit else { return .headTooLarge(limit: headLimit) }
    // RFC 9112, section 3.2.
    if version == "HTTP/1.1", headers.values("Host").count != 1 { return .hostMissing }
    let lengths = headers.values("Content-Length")
    let codings = headers.values("Transfer-Encoding")
    // RFC 9112, section 6.1.
    guard lengths.isEmpty || codings.isEmpty, lengths.count <= 1 else { return .conflictingLengths }
    if let length = lengths.first, Int(length).map({ $0 < 0 }) ?? true || length.first == "+" {
      return .invalidContentLength
    }
    guard codings.count <= 1, codings.first.map({ $0.equalsIgnoringASCIICase("chunked") }) ?? true else {
      return .unknownTransferCoding
    }
    return nil
  }

  /// The body's length, if the head states it.
  static func length(_ headers: Headers) -> Int {
    headers["Content-Length"].flatMap { Int($0) } ?? 0
  }
}
