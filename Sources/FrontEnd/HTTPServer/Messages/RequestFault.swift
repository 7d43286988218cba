/// Why the server itself refuses a request, before or while the application works on it.
public enum RequestFault: Error, Sendable, Equatable {
  /// A part of a message that is not as its grammar says (RFC 9112).
  public enum Part: Sendable, Equatable {
    case method
    case target
    case version
    /// A line that continues the one before (RFC 9112, section 5.2).
    case foldedLine
    case fieldName
    case fieldValue
    case lineEnd
    case chunkSize
    case chunkEnd
    /// A field behind a body that belongs before it (RFC 9110, section 6.5.1).
    case trailer
  }

  case malformed(Part)
  /// Neither HTTP/1.1 nor HTTP/1.0.
  case versionNotSupported
  /// The target alone is longer than `limit` bytes.
  case targetTooLong(limit: Int)
  /// The target and the fields are longer than `limit` bytes together.
  case headTooLarge(limit: Int)
  case tooManyFields(limit: Int)
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
