import Synchronization

/// Counts the slots that are taken, such as those of requests or uploads, up to a limit.
///
/// The limit comes with each call, so that a reload may change it.
public final class Slots: Sendable {
  private let number = Atomic(0)

  public init() {}

  /// How many are taken; negative after `close`.
  public var taken: Int { number.load(ordering: .relaxed) }

  /// Takes a slot; `giveBack` must follow if there was one.
  ///
  /// - Parameter limit: Maximum number of slots taken.
  /// - Returns: Whether there was one; after `close` there never is.
  public func take(limit: Int) -> Bool {
    let number = number.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    if number > 0, number <= limit { return true }
    giveBack()
    return false
  }

  public func giveBack() { number.wrappingSubtract(1, ordering: .relaxed) }

  /// Allows no slot to be taken any more, provided that none is taken now.
  ///
  /// - Returns: Whether the slots are closed.
  public func close() -> Bool {
    let (exchanged, number) = number.compareExchange(
      expected: 0, desired: .min / 2, ordering: .acquiringAndReleasing)
    return exchanged || number < 0
  }
}
