import CGnuTLS
import Glibc

/// The decrypted bytes of one connection on their way to libmicrohttpd, which sees only what `MessageScanner` has found
/// in order.
///
/// libmicrohttpd offers no place between TLS and its parser. So this program defines `gnutls_record_recv` itself: the
/// dynamic linker binds libmicrohttpd's calls to the program's function rather than to GnuTLS's.
///
/// Touched by the connection's thread alone. Hence unchecked.
final class ConnectionInput: @unchecked Sendable {
  private var scanner: MessageScanner
  private var fault: RequestFault?
  private var isOver = false
  private let refuse: (RequestFault, _ isInBody: Bool) -> Bool

  /// - Parameter refuse: Answers what is not HTTP, in the body of the request at hand or behind it, unless that request
  ///   is still to be answered. Returns whether it has; then nothing more is read.
  init(limits: MessageScanner.Limits, refuse: @escaping (RequestFault, Bool) -> Bool) {
    scanner = MessageScanner(limits: limits)
    self.refuse = refuse
  }

  /// Whether libmicrohttpd's calls reach this type: the name must lead to the program's function, not to GnuTLS's.
  static var isInPlace: Bool {
    let library = dlopen("libgnutls.so.30", RTLD_LAZY | RTLD_NOLOAD)
    defer { if let library { dlclose(library) } }
    return dlsym(nil, "gnutls_record_recv") != dlsym(library, "gnutls_record_recv")
  }

  // MARK: - The connection's session

  // GnuTLS keeps a pointer for a server's cache of sessions, which is not used here; so it is null in the sessions of
  // other libraries in this process.

  /// To be called before the first byte is read. The session does not keep this object alive.
  func attach(to session: gnutls_session_t) {
    gnutls_db_set_ptr(session, Unmanaged.passUnretained(self).toOpaque())
  }

  static func of(_ session: gnutls_session_t) -> ConnectionInput? {
    gnutls_db_get_ptr(session).map { Unmanaged<ConnectionInput>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: - Reading

  /// How the body of the request is delimited whose head libmicrohttpd has read; nil if that head was not checked.
  func nextHead() -> MessageScanner.Framing? { scanner.nextHead() }

  /// Answers a fault that has been found, if it is its turn: in the body of the request that libmicrohttpd has read, or
  /// behind it. To be called when that request begins, and when it has been answered.
  ///
  /// - Returns: Whether the connection is to be closed.
  func end(atFaultInBody isInBody: Bool) -> Bool { scanner.isInBody == isInBody && endAtFault() }

  private func endAtFault() -> Bool {
    guard let fault, !isOver, !scanner.hasNextHead, refuse(fault, scanner.isInBody) else { return false }
    isOver = true
    return true
  }

  /// - Parameter read: Reads bytes into memory that begins at `data`, as `gnutls_record_recv` does.
  fileprivate func receive(_ data: UnsafeMutableRawPointer, _ read: () -> Int) -> Int {
    if isOver { return Int(GNUTLS_E_SESSION_EOF) }
    if fault == nil {
      let count = read()
      guard count > 0 else { return count }
      let (accepted, fault) = scanner.scan(UnsafeRawBufferPointer(start: data, count: count))
      self.fault = fault
      if accepted > 0 { return accepted }
    }
    // The requests before the one at fault are answered first. libmicrohttpd reads before it sends an answer.
    return Int(endAtFault() ? GNUTLS_E_SESSION_EOF : GNUTLS_E_AGAIN)
  }
}

/// `gnutls_record_recv` of this program: as GnuTLS describes it, but that bytes are checked for the sessions that have a
/// `ConnectionInput`.
@_cdecl("gnutls_record_recv")
public func receiveChecked(
  _ session: gnutls_session_t?, _ data: UnsafeMutableRawPointer?, _ size: Int
) -> Int {
  func read() -> Int {
    var sequence: UInt64 = 0
    return withUnsafeMutableBytes(of: &sequence) {
      gnutls_record_recv_seq(session, data, size, $0.baseAddress)
    }
  }
  guard let session, let data, let input = ConnectionInput.of(session) else { return read() }
  return input.receive(data, read)
}
