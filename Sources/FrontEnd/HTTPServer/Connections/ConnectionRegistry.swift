import CSocket
import Glibc
import Synchronization

/// The client connections of one daemon: who they are, what they exchange, and their deadlines.
final class ConnectionRegistry: Sendable {
  private struct Client {
    var descriptor: Int32
    var address: String
    /// Nil between exchanges.
    var exchange: Exchange?
  }

  private struct State {
    var clients: [UInt: Client] = [:]
    var deadlines: ConnectionDeadlines
  }

  private let acceptor: Acceptor
  private let epoch = ContinuousClock.now
  private let state: Mutex<State>

  /// - Parameter acceptor: Is told which connections are at work.
  init(limits: ConnectionDeadlines.Limits, acceptor: Acceptor) {
    self.acceptor = acceptor
    state = Mutex(State(deadlines: ConnectionDeadlines(limits: limits)))
  }

  private var now: Duration { epoch.duration(to: .now) }

  var count: Int { state.withLock { $0.clients.count } }

  func opened(_ connection: MHDConnection) {
    let client = Client(descriptor: connection.descriptor, address: connection.address)
    state.withLock {
      $0.clients[connection.key] = client
      $0.deadlines.enter(.head, connection: connection.key, now: now)
    }
  }

  /// To be called before the descriptor is closed, so that it is never cut after it belongs to another.
  func closed(_ connection: MHDConnection) {
    acceptor.ended(connection.descriptor)
    state.withLock {
      $0.clients[connection.key] = nil
      $0.deadlines.remove(connection.key)
    }
  }

  /// - Returns: The client's address.
  func begin(_ exchange: Exchange, on connection: MHDConnection) -> String {
    acceptor.begin(connection.descriptor)
    return state.withLock {
      $0.clients[connection.key]?.exchange = exchange
      return $0.clients[connection.key]?.address ?? "unknown"
    }
  }

  /// The exchange whose head has been received, and the client's address.
  func exchange(on connection: MHDConnection) -> (Exchange?, peer: String) {
    let client = state.withLock { $0.clients[connection.key] }
    return (client?.exchange, client?.address ?? "unknown")
  }

  /// - Parameter wait: How long the client may have asked to wait, beyond the phase's own time.
  func enter(_ phase: ConnectionDeadlines.Phase, on connection: MHDConnection, wait: Duration = .zero) {
    state.withLock {
      guard $0.clients[connection.key] != nil else { return }
      switch phase {
      case .idle:
        $0.clients[connection.key]?.exchange = nil
        acceptor.rest(connection.descriptor)
      // A client can take long for a body that is small or discarded: it is closed like an idle one if room runs out.
      case .head, .body: acceptor.rest(connection.descriptor)
      case .request, .upload, .response: acceptor.begin(connection.descriptor)
      }
      $0.deadlines.enter(phase, connection: connection.key, now: now, extra: wait)
    }
  }

  /// Cancels every request that is at work, and cuts the other connections, whose clients send or read slowly or nothing.
  /// Of uploads nothing more is read: a client may send for as long as it likes, and goes on later where it was broken off.
  func cutAll() {
    let exchanges = state.withLock { state in
      state.clients.values.compactMap { client -> Exchange? in
        guard let exchange = client.exchange, exchange.isAtWork else {
          shutdown(client.descriptor, Int32(SHUT_RDWR))
          return nil
        }
        if exchange.isUploading { shutdown(client.descriptor, Int32(SHUT_RD)) }
        return exchange
      }
    }
    for exchange in exchanges { exchange.cancel() }
  }

  /// Cuts or cancels what has taken too long. To be called a few times a second.
  func sweep() {
    let cancelled = state.withLock { state in
      for key in state.deadlines.watched {
        guard let client = state.clients[key] else { continue }
        if client.exchange?.isUploadSuspended == true {
          state.deadlines.paused(key, now: now)
        } else {
          let traffic = tcp_traffic(client.descriptor)
          state.deadlines.look(
            at: key, .init(received: Int(traffic.received), acknowledged: Int(traffic.acknowledged)), now: now
          )
        }
      }
      var cancelled: [Exchange] = []
      for (key, verdict) in state.deadlines.expired(now: now) {
        guard let client = state.clients[key] else { continue }
        switch verdict {
        case .disconnect: shutdown(client.descriptor, Int32(SHUT_RDWR))
        case .cancelRequest: if let exchange = client.exchange { cancelled.append(exchange) }
        }
      }
      return cancelled + Self.abandoned(among: state.clients.values)
    }
    // Outside the lock: cancelling calls handlers of the tasks.
    for exchange in cancelled { exchange.cancel() }
  }

  /// The exchanges that wait for long and whose clients have gone. libmicrohttpd does not look at a suspended
  /// connection, and would notice only when it is answered.
  private static func abandoned(among clients: some Collection<Client>) -> [Exchange] {
    var waiting: [Exchange] = []
    var descriptors: [pollfd] = []
    for client in clients {
      guard let exchange = client.exchange, exchange.isWaiting else { continue }
      waiting.append(exchange)
      descriptors.append(pollfd(fd: client.descriptor, events: peer_has_gone, revents: 0))
    }
    guard !waiting.isEmpty, poll(&descriptors, nfds_t(descriptors.count), 0) > 0 else { return [] }
    return zip(waiting, descriptors).filter { $0.1.revents != 0 }.map(\.0)
  }
}
