import Synchronization

/// Counts those who are in, and admits no more than a limit.
///
/// The limit comes with each entry, so that a reload may change it.
public final class CountingGate: Sendable {
  private let number = Atomic(0)

  public init() {}

  /// How many are in; negative once the gate is closed.
  public var count: Int { number.load(ordering: .relaxed) }

  /// - Returns: Whether there was room for one more. After `close` there never is. `leave` must follow a yes.
  public func enter(limit: Int) -> Bool {
    let number = number.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    if number > 0, number <= limit { return true }
    leave()
    return false
  }

  public func leave() { number.wrappingSubtract(1, ordering: .relaxed) }

  /// Admits nobody from now on, unless somebody is in.
  ///
  /// - Returns: Whether the gate is closed.
  public func close() -> Bool {
    let (exchanged, number) = number.compareExchange(
      expected: 0, desired: .min / 2, ordering: .acquiringAndReleasing)
    return exchanged || number < 0
  }
}
