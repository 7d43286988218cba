import EventLoop
import Glibc
import Synchronization

/// Connections that the server has closed while their clients may still send: closing in stages (RFC 9112, section 9.6).
///
/// If a socket is closed before everything that arrives has been read, the kernel sends a reset, and the client's kernel
/// discards what its program has not read yet, such as a 413 or 431. So the sending side alone is closed at first, and
/// what arrives is discarded until the client closes its side or reaches a bound.
final class ClosingConnections: Sendable {
  private let loop: EventLoop
  private let state: Mutex<(table: ClosingTable, isStopped: Bool)>
  private let epoch = ContinuousClock.now

  init(bounds: ClosingTable.Bounds = .init(), loop: EventLoop) {
    self.loop = loop
    state = Mutex((ClosingTable(bounds: bounds), false))
    loop.every(.milliseconds(500)) { [weak self] in self?.closeExpired() }
  }

  /// How many wait for their clients.
  var count: Int { state.withLock { $0.table.count } }

  /// Connections that end from now on are closed at once.
  func stop() { state.withLock { $0.isStopped = true } }

  /// Takes a connection over whose last answer has been sent. The caller closes the descriptor afterwards.
  func finish(_ descriptor: Int32) {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    // A client that has closed its side, or the connection, loses nothing.
    guard count > 0 || (count < 0 && errno == EAGAIN) else { return }
    let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard own >= 0 else { return }
    let isTaken = state.withLock { !$0.isStopped && $0.table.add(own, now: now) }
    guard isTaken else {
      close(own)
      return
    }
    shutdown(own, Int32(SHUT_WR))
    loop.watch(own, for: .read) { [weak self] in self?.discard(own) }
  }

  // MARK: - The loop's thread, which alone closes what was taken over

  private var now: Duration { epoch.duration(to: .now) }

  private func discard(_ descriptor: Int32) {
    // MSG_TRUNC: bytes are discarded without being copied (tcp(7)).
    let count = recv(descriptor, nil, 1 << 20, Int32(MSG_TRUNC) | Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    guard count > 0, state.withLock({ $0.table.received(count, from: descriptor, now: now) }) else {
      return end(descriptor)
    }
  }

  private func closeExpired() {
    for descriptor in state.withLock({ $0.table.expired(now: now) }) { end(descriptor) }
  }

  private func end(_ descriptor: Int32) {
    loop.unwatch(descriptor)
    state.withLock { $0.table.remove(descriptor) }
    close(descriptor)
  }
}
