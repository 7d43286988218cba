import Glibc
import Synchronization

/// The client connections of one daemon: who they are, and their deadlines.
final class ConnectionRegistry: Sendable {
  private struct Client {
    var descriptor: Int32
    var address: String
    var task: Task<Void, Never>?
    /// Where the body of an upload goes.
    var stream: BodyStream?
    /// The request may take long, and is for nothing if the client has gone meanwhile.
    var waits = false
  }

  private struct State {
    var clients: [UInt: Client] = [:]
    var deadlines: ConnectionDeadlines
  }

  private let epoch = ContinuousClock.now
  private let state: Mutex<State>

  init(limits: ConnectionDeadlines.Limits) {
    state = Mutex(State(deadlines: ConnectionDeadlines(limits: limits)))
  }

  private var now: Duration { epoch.duration(to: .now) }

  var count: Int { state.withLock { $0.clients.count } }

  func opened(_ connection: UInt, descriptor: Int32, address: String) {
    state.withLock {
      $0.clients[connection] = Client(descriptor: descriptor, address: address)
      $0.deadlines.enter(.head, connection: connection, now: now)
    }
  }

  /// To be called before the descriptor is closed, so that it is never cut after it belongs to another.
  func closed(_ connection: UInt) {
    state.withLock {
      $0.clients[connection] = nil
      $0.deadlines.remove(connection)
    }
  }

  func address(of connection: UInt) -> String {
    state.withLock { $0.clients[connection]?.address ?? "unknown" }
  }

  /// - Parameter wait: How long the client may have asked to wait, beyond the phase's own time.
  func enter(_ phase: ConnectionDeadlines.Phase, connection: UInt, wait: Duration = .zero) {
    state.withLock {
      guard $0.clients[connection] != nil else { return }
      $0.clients[connection]?.task = nil
      $0.clients[connection]?.stream = nil
      $0.clients[connection]?.waits = wait > .zero
      $0.deadlines.enter(phase, connection: connection, now: now, extra: wait)
    }
  }

  /// The task that answers the connection's request, unless it has answered already.
  ///
  /// - Parameter stream: What it reads meanwhile.
  func attach(_ task: Task<Void, Never>, reading stream: BodyStream? = nil, to connection: UInt) {
    state.withLock {
      let phase = $0.deadlines.phase(of: connection)
      guard phase == .request || phase == .upload else { return }
      $0.clients[connection]?.task = task
      $0.clients[connection]?.stream = stream
    }
  }

  /// More of an upload's body has arrived.
  ///
  /// - Parameter answered: Its answer is there, so that the rest is read like any other body, for nothing.
  func progressed(_ connection: UInt, answered: Bool) {
    state.withLock {
      if answered, $0.deadlines.phase(of: connection) == .upload {
        $0.deadlines.enter(.body, connection: connection, now: now)
      } else {
        $0.deadlines.progressed(connection, now: now)
      }
    }
  }

  /// Cancels the connection's request, if one is under way.
  func cancel(_ connection: UInt) {
    state.withLock { $0.clients[connection]?.task }?.cancel()
  }

  /// Cancels every request under way. Of uploads nothing more is read: a client may send for as long as it likes, and
  /// goes on later where it was broken off.
  func cancelAll() {
    state.withLock { state in
      for (connection, client) in state.clients {
        client.task?.cancel()
        if state.deadlines.phase(of: connection) == .upload { shutdown(client.descriptor, Int32(SHUT_RD)) }
      }
    }
  }

  /// Cuts or cancels what has taken too long. To be called a few times a second.
  func sweep() {
    state.withLock { state in
      // Nobody is late with what we do not read.
      for (connection, client) in state.clients where client.stream?.isSuspended == true {
        state.deadlines.progressed(connection, now: now)
      }
      for (connection, verdict) in state.deadlines.expired(now: now) {
        guard let client = state.clients[connection] else { continue }
        switch verdict {
        case .disconnect: shutdown(client.descriptor, Int32(SHUT_RDWR))
        case .cancelRequest: client.task?.cancel()
        }
      }
      Self.cancelAbandoned(in: &state)
    }
  }

  /// POLLRDHUP of poll(2), which Swift's Glibc does not show: the peer will send nothing more.
  private static let peerHasGone: Int16 = 0x2000

  /// Cancels the requests of those that had asked to wait and have gone. libmicrohttpd does not look at a suspended
  /// connection, and would notice only when it is answered.
  private static func cancelAbandoned(in state: inout State) {
    let waiting = state.clients.filter { $0.value.waits && $0.value.task != nil }
    guard !waiting.isEmpty else { return }
    var places: [UInt] = []
    var descriptors: [pollfd] = []
    for (connection, client) in waiting {
      places.append(connection)
      descriptors.append(pollfd(fd: client.descriptor, events: Self.peerHasGone, revents: 0))
    }
    guard poll(&descriptors, nfds_t(descriptors.count), 0) > 0 else { return }
    for (connection, descriptor) in zip(places, descriptors) where descriptor.revents != 0 {
      state.clients[connection]?.task?.cancel()
      state.clients[connection]?.waits = false
    }
  }
}
