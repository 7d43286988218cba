import Synchronization

/// Counts the slots that each of many has taken, so that none takes those of the others. Whoever finds none may wait.
final class KeyedSlots<Key: Hashable & Sendable>: Sendable {
  private typealias Waiter = CheckedContinuation<Bool, Never>

  private struct Entry {
    var taken = 0
    var waiting: [(number: UInt64, waiter: Waiter)] = []
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var lastNumber: UInt64 = 0

    mutating func take(_ key: Key, limit: Int) -> Bool {
      guard entries[key]?.taken ?? 0 < limit else { return false }
      entries[key, default: Entry()].taken += 1
      return true
    }
  }

  private let state = Mutex(State())

  /// How many keys have slots.
  var count: Int { state.withLock { $0.entries.count } }

  /// How many wait for a slot of a key.
  func waiting(_ key: Key) -> Int { state.withLock { $0.entries[key]?.waiting.count ?? 0 } }

  /// Takes a slot; `giveBack` must follow if there was one.
  ///
  /// - Parameter limit: Maximum number of slots that the key has taken.
  func take(_ key: Key, limit: Int) -> Bool { state.withLock { $0.take(key, limit: limit) } }

  /// Takes a slot, after those who have waited for longer; `giveBack` must follow if there was one.
  ///
  /// - Parameter limit: From 1.
  /// - Returns: Whether there was one; false if the task was cancelled.
  func wait(for key: Key, limit: Int) async -> Bool {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let answer: Bool? = state.withLock { state in
          guard !Task.isCancelled else { return false }
          if state.take(key, limit: limit) { return true }
          state.entries[key]?.waiting.append((number, waiter))
          return nil
        }
        if let answer { waiter.resume(returning: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.entries[key]?.waiting.firstIndex { $0.number == number }.map { index in
          state.entries[key]?.waiting.remove(at: index).waiter
        }
      }
      waiter??.resume(returning: false)
    }
  }

  /// Gives a slot to the next who waits for one of the key.
  func giveBack(_ key: Key) {
    let next = state.withLock { state -> Waiter? in
      guard var entry = state.entries[key] else { return nil }
      let next = entry.waiting.isEmpty ? nil : entry.waiting.removeFirst().waiter
      if next == nil { entry.taken -= 1 }
      state.entries[key] = entry.taken == 0 ? nil : entry
      return next
    }
    next?.resume(returning: true)
  }
}
