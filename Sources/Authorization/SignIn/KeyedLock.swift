import Synchronization

/// A lock for each key, acquired in the order of the calls. Keys that nobody holds take no memory.
final class KeyedLock<Key: Hashable & Sendable>: Sendable {
  enum Acquisition: Sendable, Equatable {
    /// The caller holds the lock; `release` must follow.
    case acquired
    /// Too many are waiting already.
    case refused
    /// The task was cancelled.
    case cancelled
  }

  private struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Acquisition, Never>
  }

  private struct State {
    /// The waiters of each key that is held.
    var queues: [Key: [Waiter]] = [:]
    var lastNumber: UInt64 = 0
  }

  private let maximumWaiters: Int
  private let state = Mutex(State())

  /// - Parameter maximumWaiters: How many may wait for one key.
  init(maximumWaiters: Int) { self.maximumWaiters = maximumWaiters }

  /// Waits for the key's lock.
  func acquire(_ key: Key) async -> Acquisition {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let immediate = state.withLock { state -> Acquisition? in
          // Checked under the lock: the handler below has run, or will find the waiter.
          if Task.isCancelled { return .cancelled }
          guard let queue = state.queues[key] else {
            state.queues[key] = []
            return .acquired
          }
          guard queue.count < maximumWaiters else { return .refused }
          state.queues[key]?.append(Waiter(number: number, continuation: continuation))
          return nil
        }
        if let immediate { continuation.resume(returning: immediate) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        guard let place = state.queues[key]?.firstIndex(where: { $0.number == number }) else { return nil }
        return state.queues[key]?.remove(at: place)
      }
      waiter?.continuation.resume(returning: .cancelled)
    }
  }

  /// Hands the key's lock to the next waiter.
  func release(_ key: Key) {
    let next = state.withLock { state -> Waiter? in
      guard let queue = state.queues[key], !queue.isEmpty else {
        state.queues[key] = nil
        return nil
      }
      return state.queues[key]?.removeFirst()
    }
    next?.continuation.resume(returning: .acquired)
  }

  /// How many keys are held.
  var count: Int { state.withLock { $0.queues.count } }

  /// How many wait for a key.
  func waiting(_ key: Key) -> Int { state.withLock { $0.queues[key]?.count ?? 0 } }
}
