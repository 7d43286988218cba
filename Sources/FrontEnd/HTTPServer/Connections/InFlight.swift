import Synchronization

/// Counts the requests under way, over all daemons of the process.
final class InFlight: Sendable {
  private let number = Atomic(0)

  var count: Int { number.load(ordering: .relaxed) }

  /// - Returns: Whether there was room for one more. Nobody has room once it is closed.
  func enter(limit: Int) -> Bool {
    let number = number.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    if number > 0, number <= limit { return true }
    leave()
    return false
  }

  /// Lets nobody in any more, if nobody is in.
  func close() -> Bool {
    let (exchanged, number) = number.compareExchange(
      expected: 0, desired: .min / 2, ordering: .acquiringAndReleasing)
    return exchanged || number < 0
  }

  func leave() { number.wrappingSubtract(1, ordering: .relaxed) }
}
