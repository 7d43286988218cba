import Synchronization

/// Counts the uploads in progress, across reloads of the configuration. Each takes memory, and now and then a database
/// connection.
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
