import Synchronization

/// Lets so many through at once; the others wait in line.
final class Turnstile: Sendable {
  private let state: Mutex<(places: Int, line: [CheckedContinuation<Void, Never>])>

  init(places: Int) { state = Mutex((places, [])) }

  func enter() async {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        guard state.places == 0 else {
          state.places -= 1
          return true
        }
        state.line.append(continuation)
        return false
      }
      if goesOn { continuation.resume() }
    }
  }

  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.line.isEmpty else { return state.line.removeFirst() }
      state.places += 1
      return nil
    }
    next?.resume()
  }
}
