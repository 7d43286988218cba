import Synchronization

/// Counts the slots that are taken, such as those of requests or uploads or bytes of memory, up to a limit.
///
/// The limit comes with each call, so that a reload may change it.
public final class Slots: Sendable {
  private let number = Atomic(0)

  public init() {}

  /// How many are taken; negative after `close`.
  public var taken: Int { number.load(ordering: .relaxed) }

  /// Takes a slot, or several; `giveBack` must follow if there were enough.
  ///
  /// - Parameter limit: Maximum number of slots taken.
  /// - Returns: Whether there were enough; after `close` there never are.
  public func take(_ count: Int = 1, limit: Int) -> Bool {
    let number = number.wrappingAdd(count, ordering: .acquiringAndReleasing).newValue
    if number > 0, number <= limit { return true }
    giveBack(count)
    return false
  }

  public func giveBack(_ count: Int = 1) { number.wrappingSubtract(count, ordering: .relaxed) }

  /// Allows no slot to be taken any more, provided that none is taken now.
  ///
  /// - Returns: Whether the slots are closed.
  public func close() -> Bool {
    let (exchanged, number) = number.compareExchange(
      expected: 0, desired: .min / 2, ordering: .acquiringAndReleasing)
    return exchanged || number < 0
  }
}
