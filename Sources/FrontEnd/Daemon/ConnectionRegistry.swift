import Glibc
import Synchronization

/// The client connections of one daemon: who they are, and their deadlines.
final class ConnectionRegistry: Sendable {
  private struct Client {
    var descriptor: Int32
    var address: String
    var task: Task<Void, Never>?
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

  func enter(_ phase: ConnectionDeadlines.Phase, connection: UInt) {
    state.withLock {
      guard $0.clients[connection] != nil else { return }
      $0.clients[connection]?.task = nil
      $0.deadlines.enter(phase, connection: connection, now: now)
    }
  }

  /// The task that answers the connection's request, unless it has answered already.
  func attach(_ task: Task<Void, Never>, to connection: UInt) {
    state.withLock {
      if $0.deadlines.phase(of: connection) == .request { $0.clients[connection]?.task = task }
    }
  }

  /// Cancels every request under way.
  func cancelAll() {
    state.withLock { for client in $0.clients.values { client.task?.cancel() } }
  }

  /// Cuts or cancels what has taken too long. To be called a few times a second.
  func sweep() {
    state.withLock { state in
      for (connection, verdict) in state.deadlines.expired(now: now) {
        guard let client = state.clients[connection] else { continue }
        switch verdict {
        case .disconnect: shutdown(client.descriptor, Int32(SHUT_RDWR))
        case .cancelRequest: client.task?.cancel()
        }
      }
    }
  }
}
