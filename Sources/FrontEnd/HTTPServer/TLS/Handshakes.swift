import CEpoll
import CGnuTLS
import CMicroHTTPD
import Glibc
import Synchronization

/// TLS handshakes whose clients are waited for.
///
/// libmicrohttpd 0.9.75 does not wait. Once a client has begun a handshake, it lets GnuTLS try to go on again and again
/// until the client has answered: one client far away, or one that never answers, keeps a processor busy. So GnuTLS gets
/// its bytes from here, and where there are none, the connection is suspended, as it is while a request is answered, and
/// resumed when its socket has something to read or has been cut.
///
/// libmicrohttpd's manual names only the callbacks of a request as places to suspend a connection in. GnuTLS asks for
/// bytes at the same place in libmicrohttpd's loop.
final class Handshakes: Sendable {
  /// One connection, for GnuTLS. Touched by the connection's thread alone. Hence unchecked.
  private final class Handshake: @unchecked Sendable {
    let all: Handshakes
    let connection: OpaquePointer
    let session: gnutls_session_t
    let descriptor: Int32
    var isOver = false

    init(_ all: Handshakes, _ connection: OpaquePointer, _ session: gnutls_session_t, _ descriptor: Int32) {
      self.all = all
      self.connection = connection
      self.session = session
      self.descriptor = descriptor
    }

    static func of(_ pointer: UnsafeMutableRawPointer) -> Handshake {
      Unmanaged<Handshake>.fromOpaque(pointer).takeUnretainedValue()
    }
  }

  /// Suspended connections by their sockets; nobody touches one before it is resumed. Hence unchecked.
  private struct Waiting: @unchecked Sendable {
    var connections: [Int32: OpaquePointer] = [:]
    var isClosed = false
  }

  private let waiting = Mutex(Waiting())
  private let epoll: Int32
  private let wakeUp: Int32
  private let thread = Mutex<pthread_t?>(nil)

  init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC))
    precondition(epoll >= 0 && wakeUp >= 0, "no descriptors left for TLS handshakes")
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeUp))
    precondition(epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0)
  }

  deinit {
    Glibc.close(epoll)
    Glibc.close(wakeUp)
  }

  // MARK: - Life

  /// Starts the thread that waits. To be called once.
  func start() {
    var started = pthread_t()
    let code = pthread_create(
      &started, nil,
      { context in
        Unmanaged<Handshakes>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "no thread left for TLS handshakes")
    thread.withLock { $0 = started }
  }

  /// Breaks off the handshakes that wait for their clients, and all that would from now on.
  func close() {
    let connections = waiting.withLock { waiting in
      waiting.isClosed = true
      defer { waiting.connections = [:] }
      return Waiting(connections: waiting.connections)
    }
    for connection in connections.connections.values { MHD_resume_connection(connection) }
  }

  /// Ends the thread, after `close`.
  func stop() {
    var one: UInt64 = 1
    _ = Glibc.write(wakeUp, &one, MemoryLayout<UInt64>.size)
    if let started = thread.withLock({ $0.take() }) { pthread_join(started, nil) }
  }

  private func run() {
    name_current_thread("handshakes")
    let capacity = 64
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    defer { events.deallocate() }
    while true {
      let count = epoll_wait(epoll, events, Int32(capacity), -1)
      for index in 0..<max(0, Int(count)) {
        let descriptor = events[index].data.fd
        if descriptor == wakeUp { return }
        let resumed = waiting.withLock { waiting in
          let connection = waiting.connections.removeValue(forKey: descriptor)
          return Waiting(connections: connection.map { [descriptor: $0] } ?? [:])
        }
        for connection in resumed.connections.values { MHD_resume_connection(connection) }
      }
    }
  }

  // MARK: - Connections, on their own threads

  /// To be called before the first byte of a connection is read.
  ///
  /// - Returns: What `ended` wants when the connection has gone.
  func begin(
    _ session: gnutls_session_t, of connection: OpaquePointer, descriptor: Int32
  ) -> UnsafeMutableRawPointer {
    let handshake = Unmanaged.passRetained(Handshake(self, connection, session, descriptor)).toOpaque()
    gnutls_transport_set_ptr2(session, handshake, UnsafeMutableRawPointer(bitPattern: Int(descriptor)))
    gnutls_transport_set_pull_function(session) { handshake, buffer, size in
      guard let handshake, let buffer else { return -1 }
      return Handshakes.read(Handshake.of(handshake), buffer, size)
    }
    // The client's Finished is the last that a handshake waits for (RFC 8446, section 4.4.4; RFC 5246, section 7.4.9).
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED.rawValue, GNUTLS_HOOK_POST) {
      session, _, _, isIncoming, _ in
      if isIncoming != 0, let handshake = gnutls_transport_get_ptr(session) {
        Handshake.of(handshake).isOver = true
      }
      return GNUTLS_E_SUCCESS
    }
    return handshake
  }

  /// Forgets a connection.
  static func ended(_ handshake: UnsafeMutableRawPointer) {
    Unmanaged<Handshake>.fromOpaque(handshake).release()
  }

  /// Reads for GnuTLS; suspends the connection if there is nothing to read yet and its handshake is not over.
  private static func read(_ handshake: Handshake, _ buffer: UnsafeMutableRawPointer, _ size: Int) -> Int {
    let count = recv(handshake.descriptor, buffer, size, 0)
    guard count < 0 else { return count }
    var problem = errno
    if problem == EAGAIN, !handshake.isOver, !handshake.all.wait(for: handshake) { problem = ECONNRESET }
    gnutls_transport_set_errno(handshake.session, problem)
    return -1
  }

  /// - Returns: False if nobody is waited for any more.
  private func wait(for handshake: Handshake) -> Bool {
    waiting.withLock { waiting in
      guard !waiting.isClosed else { return false }
      guard waiting.connections.updateValue(handshake.connection, forKey: handshake.descriptor) == nil else {
        return true
      }
      MHD_suspend_connection(handshake.connection)
      var event = epoll_event(
        events: EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue,
        data: epoll_data_t(fd: handshake.descriptor))
      if epoll_ctl(epoll, EPOLL_CTL_MOD, handshake.descriptor, &event) != 0 {
        epoll_ctl(epoll, EPOLL_CTL_ADD, handshake.descriptor, &event)
      }
      return true
    }
  }
}
