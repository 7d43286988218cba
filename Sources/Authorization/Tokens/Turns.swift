import Synchronization

/// One at a time for each key, in the order in which they came. Keys that nobody wants take no memory.
final class Turns<Key: Hashable & Sendable>: Sendable {
  enum Turn: Sendable, Equatable {
    /// It is the caller's turn; `pass` must follow.
    case taken
    /// Too many wait already.
    case refused
    /// The task was cancelled.
    case cancelled
  }

  private struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Turn, Never>
  }

  private struct State {
    /// A key is here while it is somebody's turn; with those that wait for it.
    var lines: [Key: [Waiter]] = [:]
    var lastNumber: UInt64 = 0
  }

  private let longestLine: Int
  private let state = Mutex(State())

  /// - Parameter longestLine: How many may wait for one key.
  init(longestLine: Int) { self.longestLine = longestLine }

  /// Waits until it is the caller's turn.
  func take(_ key: Key) async -> Turn {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let atOnce = state.withLock { state -> Turn? in
          // Looked at under the lock: the handler below has run, or will find the waiter.
          if Task.isCancelled { return .cancelled }
          guard let line = state.lines[key] else {
            state.lines[key] = []
            return .taken
          }
          guard line.count < longestLine else { return .refused }
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
      waiter?.continuation.resume(returning: .cancelled)
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
    next?.continuation.resume(returning: .taken)
  }

  /// How many keys are somebody's.
  var count: Int { state.withLock { $0.lines.count } }

  /// How many wait for a key.
  func waiting(_ key: Key) -> Int { state.withLock { $0.lines[key]?.count ?? 0 } }
}
