import COpenSSL

/// Asks a server on this machine whether it is ready.
public enum ServerProbe {
  public struct Answer: Sendable {
    /// The HTTP status.
    public let status: Int
    public let body: [UInt8]
    /// What the server proves itself with; it is not verified.
    public let certificate: CertificateFacts?
  }

  public enum Failure: Error {
    /// No connection; the text says why.
    case notListening(String)
    /// A connection, but no answer of an HTTPS server in time.
    case silent
  }

  private static let longestAnswer = 65_536

  /// Requests `/readyz`.
  ///
  /// - Parameter address: Where the server listens.
  public static func readiness(address: String, port: Int) throws(Failure) -> Answer {
    let socket = try LocalSocket(address: address, port: port, seconds: 5)
    guard let context = SSL_CTX_new(TLS_client_method()), let connection = SSL_new(context) else {
      throw .silent
    }
    defer {
      SSL_free(connection)
      SSL_CTX_free(context)
    }
    guard SSL_set_fd(connection, socket.descriptor) == 1, SSL_connect(connection) == 1 else { throw .silent }
    let request = Array("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    guard SSL_write(connection, request, Int32(request.count)) == request.count else { throw .silent }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count < longestAnswer {
      let count = SSL_read(connection, &buffer, Int32(buffer.count))
      guard count > 0 else { break }
      bytes += buffer[..<Int(count)]
    }
    // HTTP/1.1 200 OK
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("HTTP/1.1 "), let status = Int(text.dropFirst(9).prefix(3)) else { throw .silent }
    let certificate = SSL_get1_peer_certificate(connection)
    defer { X509_free(certificate) }
    let head = text.split(separator: "\r\n\r\n", maxSplits: 1).first?.utf8.count ?? 0
    return Answer(
      status: status, body: Array(bytes.dropFirst(head + 4)),
      certificate: certificate.flatMap { CertificateFacts($0) })
  }
}
