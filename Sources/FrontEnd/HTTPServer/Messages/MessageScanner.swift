/// Checks what a client sends against the grammar of HTTP/1.1 (RFC 9112; RFC 9110, section 5) before libmicrohttpd reads
/// it, and knows where each request ends. No I/O.
///
/// libmicrohttpd 0.9.75 reads leniently: white space before a colon, folded lines, NUL, lines that end with a bare LF. A
/// proxy in front that reads differently could then be made to see other requests than this server does. What passes
/// here leaves nothing to be lenient about. Where a recipient may choose, this type refuses: a bare LF (RFC 9112, section
/// 2.2), chunk extensions (section 7.1.1) and white space behind a length, which libmicrohttpd cannot read.
struct MessageScanner: Sendable {
  struct Limits: Sendable, Equatable {
    /// Maximum length of the target and the fields together, in bytes.
    var head: Int
    /// Maximum number of fields of a head, or of trailers; each cookie counts as one.
    var fields = 128
  }

  /// How the body of a request is delimited (RFC 9112, section 6.3).
  enum Framing: Sendable, Equatable {
    /// In bytes; 0 without `Content-Length`.
    case length(Int)
    case chunked

    /// In bytes; nil if the body comes in chunks.
    var length: Int? { if case .length(let length) = self { length } else { nil } }
  }

  private enum State: Sendable, Equatable {
    case start
    case method
    case target
    case version(matched: Int)
    case fieldStart
    case name
    case beforeValue
    case value
    case body(left: Int)
    case chunkSize(digits: Int)
    case chunk(left: Int)
    /// The end of a line is due, of which CR has been read or not.
    case cr(Line)
    case lf(Line)
    /// The last request of the connection has ended; what follows is not looked at (RFC 9112, section 9.6).
    case over
  }

  private enum Line: Sendable {
    case beforeRequest
    case request
    case field
    case head
    case chunkSize
    case chunk
  }

  /// Fields that are more than text to the server.
  private enum Meaning: Sendable {
    case none
    case host
    case contentLength
    case transferEncoding
    case connection
    case cookie

    init(_ name: [UInt8]) {
      self =
        switch String(decoding: name, as: UTF8.self) {
        case "host": .host
        case "content-length": .contentLength
        case "transfer-encoding": .transferEncoding
        case "connection": .connection
        case "cookie": .cookie
        default: .none
        }
    }
  }

  /// What the fields of a head say.
  private struct Head: Sendable {
    var bytes = 0
    var fields = 0
    var isHTTP10 = false
    var hosts = 0
    var length: Int?
    var isChunked = false
    var options: [Substring] = []
  }

  private static let versions = Array("HTTP/1.1".utf8)
  /// Longest name or value that is compared with anything, in bytes.
  private static let longestCompared = 256

  private let limits: Limits
  private var state = State.start
  private var head = Head()
  private var isTrailer = false
  private var name: [UInt8] = []
  private var value: [UInt8] = []
  private var meaning = Meaning.none
  private var chunkSize = 0
  private var unclaimed: [Framing] = []

  init(limits: Limits) { self.limits = limits }

  /// Whether the next byte belongs to the body of the request whose head was read last.
  var isInBody: Bool {
    switch state {
    case .body, .chunkSize, .chunk, .cr(.chunk), .lf(.chunkSize), .lf(.chunk): true
    default: isTrailer
    }
  }

  /// Whether heads have been read that were not asked for yet.
  var hasNextHead: Bool { !unclaimed.isEmpty }

  /// The framing of the first request whose head was read and that was not asked for yet.
  mutating func nextHead() -> Framing? { unclaimed.isEmpty ? nil : unclaimed.removeFirst() }

  /// Reads bytes.
  ///
  /// - Returns: How many of them are in order, and what is wrong with the next one. After a fault nothing more may be
  ///   read.
  mutating func scan(_ bytes: UnsafeRawBufferPointer) -> (accepted: Int, fault: RequestFault?) {
    var position = 0
    while position < bytes.count {
      switch state {
      case .body(let left):
        let taken = min(left, bytes.count - position)
        position += taken
        if taken == left { endRequest() } else { state = .body(left: left - taken) }
      case .chunk(let left):
        let taken = min(left, bytes.count - position)
        position += taken
        state = taken == left ? .cr(.chunk) : .chunk(left: left - taken)
      case .over: position = bytes.count
      default:
        do throws(RequestFault) {
          try take(bytes[position])
        } catch {
          return (position, error)
        }
        position += 1
      }
    }
    return (position, nil)
  }

  // MARK: - One byte

  private mutating func take(_ byte: UInt8) throws(RequestFault) {
    switch state {
    case .start:
      head = Head()
      state = .method
      // An empty line before a request is ignored (RFC 9112, section 2.2).
      if byte == .cr { state = .lf(.beforeRequest) } else { try take(byte) }
    case .method:
      if byte == .space, head.bytes > 0 {
        head.bytes = 0
        state = .target
      } else {
        guard byte.isToken else { throw .malformed(.method) }
        try count()
      }
    case .target:
      if byte == .space, head.bytes > 0 {
        state = .version(matched: 0)
      } else {
        guard (0x21...0x7E).contains(byte) else { throw .malformed(.target) }
        try count()
      }
    case .version(let matched):
      try takeVersion(byte, matched)
    case .fieldStart:
      if byte == .cr {
        state = .lf(.head)
      } else {
        guard byte != .space, byte != .tab else { throw .malformed(.foldedLine) }
        name.removeAll(keepingCapacity: true)
        value.removeAll(keepingCapacity: true)
        state = .name
        try countField()
        try take(byte)
      }
    case .name:
      if byte == UInt8(ascii: ":"), !name.isEmpty {
        meaning = Meaning(name)
        state = .beforeValue
      } else {
        guard byte.isToken else { throw .malformed(.fieldName) }
        if name.count < Self.longestCompared { name.append(byte.lowercase) }
        try count()
      }
    case .beforeValue:
      if byte == .space || byte == .tab {
        try count()
      } else {
        state = .value
        try take(byte)
      }
    case .value:
      if byte == .cr { state = .lf(.field) } else { try takeValue(byte) }
    case .chunkSize(let digits):
      if digits < 8, let digit = PercentEncoding.hexadecimal(byte) {
        chunkSize = chunkSize << 4 | Int(digit)
        state = .chunkSize(digits: digits + 1)
      } else {
        guard byte == .cr, digits > 0 else { throw .malformed(.chunkSize) }
        state = .lf(.chunkSize)
      }
    case .cr(let line):
      guard byte == .cr else { throw .malformed(line == .chunk ? .chunkEnd : .version) }
      state = .lf(line)
    case .lf(let line):
      guard byte == .lf else { throw .malformed(.lineEnd) }
      try end(line)
    case .body, .chunk, .over: break
    }
  }

  private mutating func takeVersion(_ byte: UInt8, _ matched: Int) throws(RequestFault) {
    let expected = Self.versions[matched]
    if byte == expected || matched == Self.versions.count - 1 && byte == UInt8(ascii: "0") {
      head.isHTTP10 = byte == UInt8(ascii: "0")
      state = matched == Self.versions.count - 1 ? .cr(.request) : .version(matched: matched + 1)
    } else {
      let isNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      throw isNumber && expected == UInt8(ascii: "1") ? .versionNotSupported : .malformed(.version)
    }
  }

  private mutating func takeValue(_ byte: UInt8) throws(RequestFault) {
    guard byte >= 0x20 && byte != 0x7F || byte == .tab else { throw .malformed(.fieldValue) }
    try count()
    switch meaning {
    case .none: break
    case .cookie:
      // libmicrohttpd keeps a copy of the field, and of each cookie what it keeps of a field.
      try count()
      if byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") { try countField() }
    case .host, .contentLength, .transferEncoding, .connection:
      guard value.count < Self.longestCompared else { throw .malformed(.fieldValue) }
      value.append(byte.lowercase)
    }
  }

  private mutating func count() throws(RequestFault) {
    head.bytes += 1
    guard head.bytes <= limits.head else {
      throw state == .method || state == .target
        ? .targetTooLong(limit: limits.head) : .headTooLarge(limit: limits.head)
    }
  }

  private mutating func countField() throws(RequestFault) {
    head.fields += 1
    guard head.fields <= limits.fields else { throw .tooManyFields(limit: limits.fields) }
    head.bytes += 3
  }

  // MARK: - The end of something

  private mutating func end(_ line: Line) throws(RequestFault) {
    switch line {
    case .beforeRequest: state = .method
    case .request: state = .fieldStart
    case .field:
      state = .fieldStart
      try endField()
    case .head:
      if isTrailer { endRequest() } else { try endHead() }
    case .chunkSize:
      if chunkSize > 0 {
        state = .chunk(left: chunkSize)
      } else {
        isTrailer = true
        head.bytes = 0
        head.fields = 0
        state = .fieldStart
      }
    case .chunk: startChunk()
    }
  }

  private mutating func endField() throws(RequestFault) {
    // RFC 9110, section 6.5.1.
    guard !isTrailer || meaning == .none else { throw .malformed(.trailer) }
    switch meaning {
    case .none, .cookie: break
    case .host:
      while value.last == .space || value.last == .tab { value.removeLast() }
      guard value.allSatisfy(Self.isOfHost) else { throw .malformed(.fieldValue) }
      head.hosts += 1
    case .contentLength:
      guard head.length == nil else { throw .conflictingLengths }
      let isNumber = value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard isNumber, let length = Int(String(decoding: value, as: UTF8.self)) else {
        throw .invalidContentLength
      }
      head.length = length
    case .transferEncoding:
      guard value == Array("chunked".utf8), !head.isChunked else { throw .unknownTransferCoding }
      head.isChunked = true
    case .connection:
      head.options += String(decoding: value, as: UTF8.self).split(separator: ",").map(\.trimmed)
    }
  }

  /// Whether a byte may be part of a host and port (RFC 3986, section 3.2), in lower case.
  private static func isOfHost(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "-._~%!$&'()*+,;=:[]".utf8.contains(byte)
    }
  }

  private mutating func endHead() throws(RequestFault) {
    // RFC 9112, section 3.2.
    guard head.hosts == 1 || head.hosts == 0 && head.isHTTP10 else { throw .hostMissing }
    // RFC 9112, section 6.1.
    guard !head.isChunked || head.length == nil && !head.isHTTP10 else { throw .conflictingLengths }
    unclaimed.append(head.isChunked ? .chunked : .length(head.length ?? 0))
    if head.isChunked {
      startChunk()
    } else if let length = head.length, length > 0 {
      state = .body(left: length)
    } else {
      endRequest()
    }
  }

  private mutating func startChunk() {
    chunkSize = 0
    state = .chunkSize(digits: 0)
  }

  private mutating func endRequest() {
    isTrailer = false
    let persists =
      head.isHTTP10
      ? head.options.contains("keep-alive") && !head.options.contains("close")
      : !head.options.contains("close")
    state = persists ? .start : .over
  }
}

extension UInt8 {
  fileprivate static let cr = UInt8(ascii: "\r")
  fileprivate static let lf = UInt8(ascii: "\n")
  fileprivate static let space = UInt8(ascii: " ")
  fileprivate static let tab = UInt8(ascii: "\t")

  fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
  fileprivate var lowercase: UInt8 { isLetter ? self | 0x20 : self }

  /// Whether it may be part of a token (RFC 9110, section 5.6.2).
  fileprivate var isToken: Bool {
    switch self {
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x5E...0x60, 0x7C, 0x7E: true
    default: isLetter
    }
  }
}
