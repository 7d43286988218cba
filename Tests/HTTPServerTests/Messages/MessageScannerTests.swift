import TestRandom
import Testing

@testable import HTTPServer

private typealias Framing = MessageScanner.Framing

/// A message, and what a scanner finds in it.
struct ScannerCase: Sendable, CustomTestStringConvertible {
  let text: String
  /// Of the requests in it.
  let framings: [MessageScanner.Framing]
  let fault: RequestFault?
  /// How many of its bytes are in order; nil for all.
  let accepted: Int?

  init(
    _ text: String, _ framings: [MessageScanner.Framing] = [], _ fault: RequestFault? = nil,
    at accepted: Int? = nil
  ) {
    (self.text, self.framings, self.fault, self.accepted) = (text, framings, fault, accepted)
  }

  var testDescription: String { text.debugDescription }
}

private let get = "GET / HTTP/1.1\r\n"
private let host = "Host: h\r\n"

private func post(_ fields: String, _ body: String = "") -> String {
  "POST /x HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(body)"
}

private let validMessages: [ScannerCase] = [
  ScannerCase(get + host + "\r\n", [.length(0)]),
  ScannerCase("\r\n" + get + host + "\r\n", [.length(0)]),
  ScannerCase("GET / HTTP/1.0\r\n\r\n", [.length(0)]),
  ScannerCase("a!#$%&'*+-.^_`|~9 /?a=~!@{}|\\^ HTTP/1.1\r\n" + host + "\r\n", [.length(0)]),
  ScannerCase(get + "Host:\r\n\r\n", [.length(0)]),
  ScannerCase(get + "Host: [2001:DB8::1]:12431 \r\n\r\n", [.length(0)]),
  ScannerCase(get + host + "X:\r\nY: \t a b\t\u{E4} \r\n\r\n", [.length(0)]),
  ScannerCase(post("content-LENGTH:\t5\r\n", "abcde") + get + host + "\r\n", [.length(5), .length(0)]),
  ScannerCase(
    post("Content-Length: 0\r\n") + post("Content-Length: 002\r\n", "\r\n"), [.length(0), .length(2)]),
  ScannerCase(
    post("Transfer-Encoding: CHUNKED\r\n", "3\r\n\r\n\0\r\n0a\r\n0123456789\r\n0\r\nX: y\r\n\r\n") + get
      + host + "\r\n",
    [.chunked, .length(0)]),
  ScannerCase(post("Connection: x, Close\r\n") + "anything\0", [.length(0)]),
  ScannerCase("GET / HTTP/1.0\r\n\r\nanything\0", [.length(0)]),
  ScannerCase(
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get + host + "\r\n", [.length(0), .length(0)]),
]

private let faultyMessages: [ScannerCase] = [
  // The request line
  ScannerCase("\n", [], .malformed(.method), at: 0),
  ScannerCase("\r\n\r\n", [], .malformed(.method), at: 2),
  ScannerCase("\rX", [], .malformed(.lineEnd), at: 1),
  ScannerCase(" GET", [], .malformed(.method), at: 0),
  ScannerCase("G(T", [], .malformed(.method), at: 1),
  ScannerCase("GET\0", [], .malformed(.method), at: 3),
  ScannerCase("GET\t/", [], .malformed(.method), at: 3),
  ScannerCase("GET  /", [], .malformed(.target), at: 4),
  ScannerCase("GET /\0", [], .malformed(.target), at: 5),
  ScannerCase("GET /\u{E4}", [], .malformed(.target), at: 5),
  ScannerCase("GET /\r\n", [], .malformed(.target), at: 5),
  ScannerCase("GET /  HTTP/1.1", [], .malformed(.version), at: 6),
  ScannerCase("GET / http/1.1", [], .malformed(.version), at: 6),
  ScannerCase("GET / HTTP/1.1 \r\n", [], .malformed(.version), at: 14),
  ScannerCase("GET / HTTP/1.10\r\n", [], .malformed(.version), at: 14),
  ScannerCase("GET / HTTP/1.1\n", [], .malformed(.version), at: 14),
  ScannerCase("GET / HTTP/2.0\r\n", [], .versionNotSupported, at: 11),
  ScannerCase("GET / HTTP/1.2\r\n", [], .versionNotSupported, at: 13),
  // Lines and fields
  ScannerCase(get + " Host: h", [], .malformed(.foldedLine), at: 16),
  ScannerCase(get + host + "X: a\r\n\tb", [], .malformed(.foldedLine), at: 31),
  ScannerCase(get + "Host : h", [], .malformed(.fieldName), at: 20),
  ScannerCase(get + "Host: a b,c@d\r\n", [], .malformed(.fieldValue), at: 30),
  ScannerCase(get + "Host: h/\r\n", [], .malformed(.fieldValue), at: 25),
  ScannerCase(get + "Host: \u{E4}\r\n", [], .malformed(.fieldValue), at: 24),
  ScannerCase(get + "Host\t: h", [], .malformed(.fieldName), at: 20),
  ScannerCase(get + "Host\r\n", [], .malformed(.fieldName), at: 20),
  ScannerCase(get + ": h", [], .malformed(.fieldName), at: 16),
  ScannerCase(get + "Ho\0st: h", [], .malformed(.fieldName), at: 18),
  ScannerCase(get + "Host: a\0b", [], .malformed(.fieldValue), at: 23),
  ScannerCase(get + "Host: a\nb", [], .malformed(.fieldValue), at: 23),
  ScannerCase(get + "Host: a\u{7F}", [], .malformed(.fieldValue), at: 23),
  ScannerCase(get + "Host: a\rb", [], .malformed(.lineEnd), at: 24),
  ScannerCase(get + host + "\n", [], .malformed(.fieldName), at: 25),
  ScannerCase(get + host + "\r\r", [], .malformed(.lineEnd), at: 26),
  ScannerCase(get + "\r\n", [], .hostMissing, at: 17),
  ScannerCase(get + host + host + "\r\n", [], .hostMissing, at: 35),
  // Where the body ends
  ScannerCase(post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), [], .conflictingLengths),
  ScannerCase(post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), [], .conflictingLengths),
  ScannerCase(post("Content-Length: 1\r\nContent-Length: 1\r\n"), [], .conflictingLengths),
  ScannerCase("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", [], .conflictingLengths),
  ScannerCase(post("Content-Length : 1\r\n"), [], .malformed(.fieldName)),
  ScannerCase(post("Content-Length: 1,1\r\n"), [], .invalidContentLength),
  ScannerCase(post("Content-Length: -0\r\n"), [], .invalidContentLength),
  ScannerCase(post("Content-Length: +1\r\n"), [], .invalidContentLength),
  ScannerCase(post("Content-Length: 1 \r\n"), [], .invalidContentLength),
  ScannerCase(post("Content-Length:\r\n"), [], .invalidContentLength),
  ScannerCase(post("Content-Length: 0x1\r\n"), [], .invalidContentLength),
  ScannerCase(post("Content-Length: 99999999999999999999\r\n"), [], .invalidContentLength),
  ScannerCase(post("Transfer-Encoding: gzip, chunked\r\n"), [], .unknownTransferCoding),
  ScannerCase(post("Transfer-Encoding: chunked \r\n"), [], .unknownTransferCoding),
  ScannerCase(
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), [], .unknownTransferCoding),
  ScannerCase(post("Transfer-Encoding:\r\n"), [], .unknownTransferCoding),
  // Chunks
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "\r\n"), [.chunked], .malformed(.chunkSize)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "1\n"), [.chunked], .malformed(.chunkSize)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "1 \r\n"), [.chunked], .malformed(.chunkSize)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "1;a=b\r\n"), [.chunked], .malformed(.chunkSize)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "000000001\r\n"), [.chunked], .malformed(.chunkSize)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "1\r\nab"), [.chunked], .malformed(.chunkEnd)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "1\r\na\n"), [.chunked], .malformed(.chunkEnd)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "1\r\na\rb"), [.chunked], .malformed(.lineEnd)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "0\r\n x\r\n"), [.chunked], .malformed(.foldedLine)),
  ScannerCase(
    post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 1\r\n"), [.chunked], .malformed(.trailer)),
  ScannerCase(post("Transfer-Encoding: chunked\r\n", "0\r\nHost: x\r\n"), [.chunked], .malformed(.trailer)),
]

/// What a scanner finds in bytes that arrive in pieces.
private func scan(
  _ bytes: [UInt8], pieces: () -> Int = { .max }, limits: MessageScanner.Limits = .init(head: 1000)
) -> (framings: [Framing], fault: RequestFault?, accepted: Int) {
  var scanner = MessageScanner(limits: limits)
  var (framings, accepted) = ([Framing](), 0)
  while accepted < bytes.count {
    let end = min(bytes.count, accepted + min(pieces(), bytes.count))
    let found = bytes[accepted..<end].withUnsafeBytes { scanner.scan($0) }
    while let framing = scanner.nextHead() { framings.append(framing) }
    accepted += found.accepted
    if let fault = found.fault { return (framings, fault, accepted) }
  }
  return (framings, nil, accepted)
}

/// Latin-1, so that a character is a byte.
private func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

@Suite("The scanner of what clients send")
struct MessageScannerTests {
  @Test("It finds where requests end", arguments: validMessages)
  func valid(message: ScannerCase) {
    let found = scan(bytes(message.text))
    #expect(found.fault == nil)
    #expect(found.framings == message.framings)
    #expect(found.accepted == bytes(message.text).count)
  }

  @Test("It stops at the first byte that no grammar allows", arguments: faultyMessages)
  func faulty(message: ScannerCase) {
    let found = scan(bytes(message.text))
    #expect(found.fault == message.fault)
    #expect(found.framings == message.framings)
    if let accepted = message.accepted { #expect(found.accepted == accepted) }
  }

  @Test("It finds the same however the bytes are cut")
  func pieces() {
    var random = SeededRandom(seed: 7)
    for message in validMessages + faultyMessages {
      let whole = scan(bytes(message.text))
      for _ in 0..<20 {
        let found = scan(bytes(message.text), pieces: { Int.random(in: 1...9, using: &random) })
        #expect(
          found == whole, "\(message.testDescription)")
      }
    }
  }

  @Test("Of mutated messages it accepts none with NUL, a bare LF or a bare CR outside a body")
  func mutated() {
    var random = SeededRandom(seed: 8)
    var accepted = 0
    for _ in 0..<20_000 {
      var message = bytes(validMessages[[0, 1, 3, 4].randomElement(using: &random)!].text)
      let position = Int.random(in: 0..<message.count, using: &random)
      let byte = bytes("\0\r\n \t:x").randomElement(using: &random)!
      if Bool.random(using: &random) { message[position] = byte } else { message.insert(byte, at: position) }
      let found = scan(message)
      guard found.fault == nil else { continue }
      accepted += 1
      #expect(!message.contains(0), "\(message)")
      for (index, byte) in message.enumerated() where byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      {
        let isPair =
          byte == UInt8(ascii: "\n")
          ? index > 0 && message[index - 1] == UInt8(ascii: "\r")
          : index + 1 == message.count || message[index + 1] == UInt8(ascii: "\n")
        #expect(isPair, "\(message)")
      }
    }
    #expect(accepted > 1000)
  }

  @Test("Heads have a limit in bytes and in fields, which cookies use up, too")
  func limits() {
    let limits = MessageScanner.Limits(head: 100, fields: 3)
    func fault(_ text: String) -> RequestFault? { scan(bytes(text), limits: limits).fault }
    let filler = String(repeating: "a", count: 101)
    #expect(fault(filler) == .targetTooLong(limit: 100))
    #expect(fault("GET /" + filler) == .targetTooLong(limit: 100))
    #expect(fault(get + "X: " + filler) == .headTooLarge(limit: 100))
    #expect(fault(get + filler) == .headTooLarge(limit: 100))
    #expect(fault(get + "X:" + String(repeating: " ", count: 101)) == .headTooLarge(limit: 100))
    #expect(fault(get + host + "A:\r\nB:\r\n\r\n") == nil)
    #expect(fault(get + host + "A:\r\nB:\r\nC:\r\n\r\n") == .tooManyFields(limit: 3))
    #expect(fault(get + host + "Cookie: a;b\r\n\r\n") == nil)
    #expect(fault(get + host + "Cookie: a;b;c\r\n\r\n") == .tooManyFields(limit: 3))
    #expect(fault(get + host + "Cookie: " + filler.prefix(60)) == .headTooLarge(limit: 100))
    // Each request and each list of trailers anew.
    let requests = String(repeating: get + host + "X: 123456789012345678901234567890\r\n\r\n", count: 9)
    #expect(fault(requests) == nil)
    #expect(fault(post("Transfer-Encoding: chunked\r\n", "0\r\nX: \(filler)")) == .headTooLarge(limit: 100))
  }
}
