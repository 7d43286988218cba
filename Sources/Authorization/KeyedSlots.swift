import Synchronization

/// Counts the slots that each of many has taken, so that none takes those of the others.
final class KeyedSlots<Key: Hashable & Sendable>: Sendable {
  private let taken = Mutex<[Key: Int]>([:])

  /// Takes a slot; `giveBack` must follow if there was one.
  ///
  /// - Parameter limit: Maximum number of slots that the key has taken.
  func take(_ key: Key, limit: Int) -> Bool {
    taken.withLock { taken in
      guard taken[key, default: 0] < limit else { return false }
      taken[key, default: 0] += 1
      return true
    }
  }

  func giveBack(_ key: Key) {
    taken.withLock { taken in
      taken[key, default: 0] -= 1
      if taken[key] == 0 { taken[key] = nil }
    }
  }
}
