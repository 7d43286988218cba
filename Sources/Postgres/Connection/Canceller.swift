import CLibPQ
import Dispatch

/// Cancels what runs on a connection. PQcancel may be called from any thread (libpq, "Canceling Queries in
/// Progress"), and nothing changes the object between its creation and its end; hence unchecked.
final class Canceller: @unchecked Sendable {
  private let handle: OpaquePointer
  init?(_ connection: OpaquePointer) {
    guard let handle = PQgetCancel(connection) else { return nil }
    self.handle = handle
  }
  /// PQcancel opens a connection of its own and waits for it, without any time limit: it is kept from the loop
  /// and from the threads that run tasks.
  func cancel() {
    Self.queue.async {
      var message = [CChar](repeating: 0, count: 256)
      _ = PQcancel(self.handle, &message, 256)
    }
  }

  private static let queue = DispatchQueue(label: "cancellations", attributes: .concurrent)
  deinit { PQfreeCancel(handle) }
}
