import Synchronization

/// A semaphore for tasks: at most `places` at a time, the others queue.
final class ConcurrencyLimit: Sendable {
  private let state: Mutex<(places: Int, queue: [CheckedContinuation<Void, Never>])>

  init(places: Int) { state = Mutex((places, [])) }

  func enter() async {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        guard state.places == 0 else {
          state.places -= 1
          return true
        }
        state.queue.append(continuation)
        return false
      }
      if goesOn { continuation.resume() }
    }
  }

  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.queue.isEmpty else { return state.queue.removeFirst() }
      state.places += 1
      return nil
    }
    next?.resume()
  }
}
