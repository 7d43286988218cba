import CGnuTLS
import CSocket
import EventLoop
import Glibc
import Synchronization

/// TLS handshakes that wait for their clients.
///
/// libmicrohttpd 0.9.75 does not wait: once a client has begun a handshake, it lets GnuTLS try again and again until the
/// client has answered, so that a distant or silent client keeps a processor busy. Therefore GnuTLS reads through this
/// type, which suspends a connection that has nothing to read, and resumes it when its socket is readable or cut.
///
/// libmicrohttpd's manual names only the callbacks of a request as places to suspend a connection in. GnuTLS reads at
/// the same place in libmicrohttpd's loop.
final class Handshakes: Sendable {
  /// One connection, for GnuTLS. Touched by the connection's thread alone. Hence unchecked.
  private final class Handshake: @unchecked Sendable {
    let all: Handshakes
    let connection: MHDConnection
    let session: gnutls_session_t
    let descriptor: Int32
    /// Lives as long as the connection.
    let input: ConnectionInput
    var isOver = false

    init(
      _ all: Handshakes, _ connection: MHDConnection, _ session: gnutls_session_t, _ input: ConnectionInput
    ) {
      self.input = input
      self.all = all
      self.connection = connection
      self.session = session
      descriptor = connection.descriptor
    }

    static func of(_ pointer: UnsafeMutableRawPointer) -> Handshake {
      Unmanaged<Handshake>.fromOpaque(pointer).takeUnretainedValue()
    }
  }

  private struct State {
    /// Suspended connections by their sockets.
    var waiting: [Int32: MHDConnection] = [:]
    var isClosed = false
  }

  private let loop: EventLoop
  private let state = Mutex(State())

  /// - Parameter loop: Waits for the sockets.
  init(loop: EventLoop) { self.loop = loop }

  /// Breaks off the handshakes that wait for their clients, and all that would from now on.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [:] }
      return state.waiting
    }
    for (descriptor, connection) in waiting {
      loop.unwatch(descriptor)
      connection.resume()
    }
  }

  // MARK: - Connections, on their own threads

  /// To be called before the first byte of a connection is read.
  ///
  /// - Returns: For `ended`.
  func begin(
    _ session: gnutls_session_t, of connection: MHDConnection, with input: ConnectionInput
  ) -> UnsafeMutableRawPointer {
    let handshake = Handshake(self, connection, session, input)
    input.attach(to: session)
    let pointer = Unmanaged.passRetained(handshake).toOpaque()
    gnutls_transport_set_ptr2(
      session, pointer, UnsafeMutableRawPointer(bitPattern: Int(handshake.descriptor)))
    gnutls_transport_set_pull_function(session) { handshake, buffer, size in
      guard let handshake, let buffer else { return -1 }
      return Handshakes.read(Handshake.of(handshake), buffer, size)
    }
    // A handshake waits for the client's Finished last (RFC 8446, section 4.4.4; RFC 5246, section 7.4.9).
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED.rawValue, GNUTLS_HOOK_POST) {
      session, _, _, isIncoming, _ in
      if isIncoming != 0, let handshake = gnutls_transport_get_ptr(session) {
        Handshake.of(handshake).isOver = true
      }
      return GNUTLS_E_SUCCESS
    }
    return pointer
  }

  /// Forgets a connection.
  ///
  /// - Returns: Whether its handshake was completed.
  static func ended(_ handshake: UnsafeMutableRawPointer) -> Bool {
    Unmanaged<Handshake>.fromOpaque(handshake).takeRetainedValue().isOver
  }

  /// Reads for GnuTLS; suspends the connection if there is nothing to read yet and its handshake is not over.
  private static func read(_ handshake: Handshake, _ buffer: UnsafeMutableRawPointer, _ size: Int) -> Int {
    guard handshake.isOver || !hasLeft(handshake.descriptor) else {
      gnutls_transport_set_errno(handshake.session, ECONNRESET)
      return -1
    }
    let count = recv(handshake.descriptor, buffer, size, 0)
    guard count < 0 else { return count }
    var problem = errno
    if problem == EAGAIN, !handshake.isOver, !handshake.all.wait(for: handshake) { problem = ECONNRESET }
    gnutls_transport_set_errno(handshake.session, problem)
    return -1
  }

  /// Whether a client has closed its sending side: it cannot complete its handshake, so that none of it is computed.
  private static func hasLeft(_ descriptor: Int32) -> Bool {
    var descriptors = [pollfd(fd: descriptor, events: peer_has_gone, revents: 0)]
    return poll(&descriptors, 1, 0) > 0 && descriptors[0].revents != 0
  }

  /// - Returns: False if clients are not waited for any more.
  private func wait(for handshake: Handshake) -> Bool {
    let descriptor = handshake.descriptor
    return state.withLock { state in
      guard !state.isClosed else { return false }
      guard state.waiting.updateValue(handshake.connection, forKey: descriptor) == nil else { return true }
      handshake.connection.suspend()
      loop.watch(descriptor, for: .read) { [weak self] in self?.resume(descriptor) }
      return true
    }
  }

  private func resume(_ descriptor: Int32) {
    guard let connection = state.withLock({ $0.waiting.removeValue(forKey: descriptor) }) else { return }
    // Before the connection can end, and its descriptor belong to another.
    loop.unwatch(descriptor)
    connection.resume()
  }
}
