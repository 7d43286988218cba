/// Why the server itself refuses a request, before or while the application works on it.
public enum RequestFault: Error, Sendable, Equatable {
  /// The request line and the fields are longer than `limit` bytes together.
  case headTooLarge(limit: Int)
  /// HTTP/1.1 without exactly one `Host` (RFC 9112, section 3.2).
  case hostMissing
  /// The body's end is ambiguous (RFC 9112, section 6.1).
  case conflictingLengths
  case invalidContentLength
  case unknownTransferCoding
  /// The body is longer than `limit` bytes.
  case bodyTooLarge(limit: Int)
  /// The server works on as many requests as it may.
  case busy
}
