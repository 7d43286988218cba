import CGnuTLS
import CMicroHTTPD
import Glibc

/// A connection of libmicrohttpd.
///
/// libmicrohttpd calls for it from one thread at a time. Other threads only resume it, and only while it is suspended,
/// when that thread does not touch it and it cannot end. Hence unchecked.
struct MHDConnection: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Different for each connection that is open.
  var key: UInt { UInt(bitPattern: pointer) }

  var descriptor: Int32 { connection_descriptor(pointer) }

  /// The client's address as text.
  var address: String { ListeningSocket.text(of: connection_address(pointer)) }

  /// The session of GnuTLS; nil without TLS.
  var session: OpaquePointer? { connection_session(pointer).map { OpaquePointer($0) } }

  /// What checks the bytes that are read; nil without TLS.
  var input: ConnectionInput? { session.flatMap(ConnectionInput.of) }

  /// Must be called on the connection's own thread, in one of its callbacks.
  func suspend() { MHD_suspend_connection(pointer) }

  /// Must be called once for each suspension.
  func resume() { MHD_resume_connection(pointer) }

  /// The header fields of the request.
  var headers: Headers {
    var headers = Headers()
    withUnsafeMutablePointer(to: &headers) { destination in
      _ = MHD_get_connection_values_n(
        pointer, .HEADER_KIND,
        { context, _, name, nameSize, value, valueSize in
          guard let context, let name else { return .YES }
          func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
            String(
              decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
          }
          context.assumingMemoryBound(to: Headers.self).pointee.append(
            text(name, nameSize), text(value, valueSize))
          return .YES
        }, destination)
    }
    return headers
  }

  /// Queues the answer to the request; must be called in a callback for it.
  ///
  /// - Parameters:
  ///   - fields: In addition to the response's own.
  ///   - stream: The body, if it is not the response's own.
  ///   - isHead: The request's method is HEAD.
  func queue(
    _ response: Response, fields: [(name: String, value: String)], stream: AnswerStream?, isHead: Bool
  ) -> MHD_Result {
    let built =
      stream.map(Self.streamed)
      ?? (response.body.count > AnswerStream.block
        ? Self.uncopied(response.body) : Self.copied(response.body))
    guard let built else { return .NO }
    defer { MHD_destroy_response(built) }
    for (name, value) in response.headers { MHD_add_response_header(built, name, value) }
    for (name, value) in fields { MHD_add_response_header(built, name, value) }
    // libmicrohttpd 0.9.75 sends the last chunk of a chunked body after HEAD, too, where the next answer is expected.
    if isHead, stream != nil { set_response_unchunked(built) }
    return MHD_queue_response(pointer, UInt32(response.status), built)
  }

  private static func copied(_ body: [UInt8]) -> OpaquePointer? {
    body.withUnsafeBytes { body in
      MHD_create_response_from_buffer(
        body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
    }
  }

  /// A response whose body stays where it is, and is read a block at a time.
  private static func uncopied(_ body: [UInt8]) -> OpaquePointer? {
    final class Kept: Sendable {
      let bytes: [UInt8]
      init(_ bytes: [UInt8]) { self.bytes = bytes }
    }
    let context = Unmanaged.passRetained(Kept(body))
    let built = MHD_create_response_from_callback(
      UInt64(body.count), AnswerStream.block,
      { context, position, buffer, size in
        guard let context, let buffer else { return AnswerStream.failed }
        let bytes = Unmanaged<Kept>.fromOpaque(context).takeUnretainedValue().bytes
        let start = Int(position)
        let end = min(bytes.count, start + size)
        bytes.withUnsafeBytes {
          UnsafeMutableRawPointer(buffer).copyMemory(from: $0.baseAddress! + start, byteCount: end - start)
        }
        return end - start
      }, context.toOpaque(),
      { context in context.map { Unmanaged<Kept>.fromOpaque($0).release() } })
    if built == nil { context.release() }
    return built
  }

  /// A response of unknown length: chunked, or up to the connection's end for HTTP/1.0.
  private static func streamed(_ stream: AnswerStream) -> OpaquePointer? {
    let context = Unmanaged.passRetained(stream)
    let built = MHD_create_response_from_callback(
      // MHD_SIZE_UNKNOWN
      .max, AnswerStream.block,
      { context, _, buffer, size in
        guard let context, let buffer else { return AnswerStream.failed }
        return Unmanaged<AnswerStream>.fromOpaque(context).takeUnretainedValue().read(
          into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
      }, context.toOpaque(),
      { context in context.map { Unmanaged<AnswerStream>.fromOpaque($0).release() } })
    if built == nil { context.release() }
    return built
  }

  /// Sends an answer at once, while a body arrives and libmicrohttpd queues none. The connection must be closed then.
  ///
  /// Nothing else is being sent at that time, and the answer is smaller than a socket's buffer: what does not go at once
  /// is given up.
  ///
  /// - Returns: Whether all of it was sent.
  func sendPastQueue(_ response: Response, fields: [(name: String, value: String)]) -> Bool {
    guard let session else { return false }
    var text = "HTTP/1.1 \(response.status) \r\nContent-Length: \(response.body.count)\r\n"
    for (name, value) in response.headers + fields { text += "\(name): \(value)\r\n" }
    var bytes = Array((text + "\r\n").utf8) + response.body
    while !bytes.isEmpty {
      let sent = gnutls_record_send(session, bytes, bytes.count)
      guard sent > 0 || sent == Int(GNUTLS_E_INTERRUPTED) else { return false }
      bytes.removeFirst(max(0, sent))
    }
    return true
  }
}
