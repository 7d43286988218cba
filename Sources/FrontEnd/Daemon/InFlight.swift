import Synchronization

/// Counts the requests under way, over all daemons of the process.
final class InFlight: Sendable {
  private let number = Atomic(0)

  var count: Int { number.load(ordering: .relaxed) }

  /// - Returns: Whether there was room for one more.
  func enter(limit: Int) -> Bool {
    if number.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
    leave()
    return false
  }

  func leave() { number.wrappingSubtract(1, ordering: .relaxed) }
}
