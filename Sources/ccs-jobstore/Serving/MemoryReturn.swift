import CMalloc
import Synchronization

/// Gives memory back to the system after a load: the C library keeps what was freed, in case it is needed again.
final class MemoryReturn: Sendable {
  /// Below it there is nothing worth looking for, in bytes.
  private static let small = 64 << 20

  private let former = Atomic(0)

  /// To be called every few seconds. Does nothing while the load rises.
  func look() {
    let resident = ProcessLimits.residentBytes()
    guard former.exchange(resident, ordering: .relaxed) >= resident, resident > Self.small else { return }
    malloc_trim(0)
  }
}
