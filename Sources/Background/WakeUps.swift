import Synchronization

/// Wakes the background tasks that listen. It outlives them: what causes work need not know which task does it now.
///
/// A reload replaces the eraser, while requests of the configuration before go on and may still leave work to it.
public final class WakeUps: Sendable {
  private struct State {
    var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    var lastNumber = 0
  }

  private let state = Mutex(State())

  public init() {}

  /// There may be work.
  public func wake() {
    let listeners = state.withLock { Array($0.listeners.values) }
    for listener in listeners { listener.yield() }
  }

  /// Yields with every wake-up from now on, until the listener is removed.
  func add(_ listener: AsyncStream<Void>.Continuation) -> Int {
    state.withLock { state in
      state.lastNumber += 1
      state.listeners[state.lastNumber] = listener
      return state.lastNumber
    }
  }

  func remove(_ number: Int) {
    _ = state.withLock { $0.listeners.removeValue(forKey: number) }
  }
}
