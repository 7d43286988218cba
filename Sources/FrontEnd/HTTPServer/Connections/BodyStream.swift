/// The body of a request while it arrives.
public struct BodyStream: Sendable {
  let exchange: Exchange

  /// The unread bytes, once they are worth reading; nil at the end.
  ///
  /// - Throws: `CancellationError` when the client has gone or the task is cancelled; `RequestFault.bodyTooLarge`.
  public func next() async throws -> [UInt8]? { try await exchange.next() }
}
