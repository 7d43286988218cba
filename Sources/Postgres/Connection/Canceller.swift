import CLibPQ
import Dispatch

/// Cancels the query of a connection. PQcancel may be called from any thread (libpq, "Canceling Queries in Progress"),
/// and the object is immutable; hence unchecked.
final class Canceller: @unchecked Sendable {
  private let handle: OpaquePointer
  init?(_ connection: OpaquePointer) {
    guard let handle = PQgetCancel(connection) else { return nil }
    self.handle = handle
  }
  /// PQcancel blocks on a connection of its own, without a time limit: it runs neither on the loop nor on the threads of
  /// tasks.
  func cancel() {
    Self.queue.async {
      var message = [CChar](repeating: 0, count: 256)
      _ = PQcancel(self.handle, &message, 256)
    }
  }

  private static let queue = DispatchQueue(label: "cancellations", attributes: .concurrent)
  deinit { PQfreeCancel(handle) }
}
