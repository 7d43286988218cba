import CSocket
import EventLoop
import Glibc
import Observability
import Synchronization

/// Accepts connections, as many as there is room for, and hands them to the daemon in force.
///
/// libmicrohttpd could accept by itself, but shuts the socket down when a daemon fails to start, and the daemon before it
/// would listen no more.
final class Acceptor: Sendable {
  /// Takes a connection over, or closes it.
  ///
  /// - Returns: Whether it was taken over.
  typealias Receiver = @Sendable (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool

  private struct State {
    var table = ConnectionTable()
    var limits = ConnectionTable.Limits(connections: 0, connectionsPerNetwork: 0)
    var receive: Receiver?
    /// Since the last look.
    var shed: [ConnectionTable.Shortage: (closed: Int, refused: Int)] = [:]
    var ticks = 0
    var isPaused = false
    var isStopped = false
  }

  private let socket: ListeningSocket
  private let loop: EventLoop
  private let observe: Observer
  private let state = Mutex(State())
  private let epoch = ContinuousClock.now

  /// - Parameter loop: Accepts.
  init(socket: ListeningSocket, loop: EventLoop, observer: Observer) {
    self.socket = socket
    self.loop = loop
    observe = observer
  }

  /// Accepts from now on for another receiver, with other limits.
  func accept(limits: ConnectionTable.Limits, for receiver: @escaping Receiver) {
    let isFirst = state.withLock { state in
      defer { (state.limits, state.receive) = (limits, receiver) }
      return state.receive == nil
    }
    guard isFirst else { return }
    loop.every(.milliseconds(250)) { [weak self] in self?.tick() }
    watch()
  }

  /// Accepts no more.
  func stop() {
    state.withLock { $0.isStopped = true }
    loop.unwatch(socket.descriptor)
  }

  // MARK: - Connections

  private var now: Duration { epoch.duration(to: .now) }

  /// A request is under way.
  func begin(_ descriptor: Int32) { state.withLock { $0.table.begin(descriptor) } }

  /// No request is under way any more.
  func rest(_ descriptor: Int32) { state.withLock { $0.table.rest(descriptor, now: now) } }

  /// To be called before the descriptor is closed.
  func ended(_ descriptor: Int32) { state.withLock { $0.table.remove(descriptor) } }

  // MARK: - The loop's thread

  /// How many connections are accepted before the loop looks after its other sockets.
  private static let atOnce = 64

  private static let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  private func watch() { loop.watch(socket.descriptor, for: .read) { [weak self] in self?.acceptSome() } }

  private func acceptSome() {
    for _ in 0..<Self.atOnce {
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let isLeft = withUnsafeMutablePointer(to: &address) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          let descriptor = accept4(socket.descriptor, address, &length, Self.flags)
          guard descriptor >= 0 else { return failed(errno) }
          take(descriptor, address, length)
          return true
        }
      }
      guard isLeft else { return }
    }
  }

  /// - Returns: Whether another connection may be waiting.
  private func failed(_ code: Int32) -> Bool {
    switch code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM:
      // The socket stays ready; it is looked at again when something may have been closed.
      loop.unwatch(socket.descriptor)
      state.withLock { state in
        state.isPaused = true
        let closed = state.table.shed(state.limits)
        state.shed[.descriptors, default: (0, 0)].closed += closed.count
        if closed.isEmpty { state.shed[.descriptors, default: (0, 0)].refused += 1 }
        Self.end(closed)
      }
      return false
    case ECONNABORTED, EINTR: return true
    default: return false
    }
  }

  /// Must be called under the lock: `ended` waits for it, so that the descriptors belong to no other socket yet.
  private static func end(_ connections: [Int32]) {
    for descriptor in connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  private func take(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
    let network = ConnectionTable.Network(address)
    let (admission, receive) = state.withLock { state in
      let admission = state.table.admit(descriptor, from: network, limits: state.limits, now: now)
      if let shortage = admission.shortage {
        state.shed[shortage, default: (0, 0)].closed += admission.closed.count
        state.shed[shortage, default: (0, 0)].refused += admission.isAdmitted ? 0 : 1
      }
      Self.end(admission.closed)
      return (admission, state.isStopped ? nil : state.receive)
    }
    guard admission.isAdmitted, let receive else {
      ended(descriptor)
      close(descriptor)
      return
    }
    // libmicrohttpd closes what it does not take.
    if !receive(descriptor, address, length) { ended(descriptor) }
  }

  private func tick() {
    let (resumes, shed) = state.withLock {
      state -> (Bool, [ConnectionTable.Shortage: (closed: Int, refused: Int)]) in
      defer { state.isPaused = false }
      state.ticks += 1
      guard state.ticks % 4 == 0 else { return (state.isPaused && !state.isStopped, [:]) }
      defer { state.shed = [:] }
      return (state.isPaused && !state.isStopped, state.shed)
    }
    if resumes { watch() }
    for (shortage, count) in shed {
      observe(.connectionsShed(shortage: shortage.rawValue, closed: count.closed, refused: count.refused))
    }
  }
}
