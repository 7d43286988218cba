import Synchronization

/// Counts the uploads under way, over reloads of the configuration. Each takes memory, and a connection to the database
/// now and then.
public final class UploadSlots: Sendable {
  private let taken = Atomic(0)

  public init() {}

  /// - Returns: Whether there was room for one more.
  func enter(limit: Int) -> Bool {
    if taken.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
    leave()
    return false
  }

  func leave() { taken.wrappingSubtract(1, ordering: .relaxed) }
}
