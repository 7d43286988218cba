import Synchronization

/// One at a time for each key, in the order in which they came. Keys that nobody wants take no memory.
final class Turns<Key: Hashable & Sendable>: Sendable {
  private struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    /// A key is here while it is somebody's turn; with those that wait for it.
    var lines: [Key: [Waiter]] = [:]
    var lastNumber: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Waits until it is the caller's turn.
  ///
  /// - Returns: Whether it is; not if the task was cancelled meanwhile. If so, `pass` must follow.
  func take(_ key: Key) async -> Bool {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let atOnce = state.withLock { state -> Bool? in
          // Looked at under the lock: the handler below has run, or will find the waiter.
          if Task.isCancelled { return false }
          guard state.lines[key] != nil else {
            state.lines[key] = []
            return true
          }
          state.lines[key]?.append(Waiter(number: number, continuation: continuation))
          return nil
        }
        if let atOnce { continuation.resume(returning: atOnce) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        guard let place = state.lines[key]?.firstIndex(where: { $0.number == number }) else { return nil }
        return state.lines[key]?.remove(at: place)
      }
      waiter?.continuation.resume(returning: false)
    }
  }

  /// Ends the caller's turn; the next one's begins.
  func pass(_ key: Key) {
    let next = state.withLock { state -> Waiter? in
      guard let line = state.lines[key], !line.isEmpty else {
        state.lines[key] = nil
        return nil
      }
      return state.lines[key]?.removeFirst()
    }
    next?.continuation.resume(returning: true)
  }

  /// How many keys are somebody's.
  var count: Int { state.withLock { $0.lines.count } }

  /// How many wait for a key.
  func waiting(_ key: Key) -> Int { state.withLock { $0.lines[key]?.count ?? 0 } }
}
