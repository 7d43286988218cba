/// The body of a request while it arrives.
public struct BodyStream: Sendable {
  let exchange: Exchange

  /// The unread bytes, once they are worth reading; nil at the end.
  ///
  /// - Throws: `CancellationError` when the client has gone or the task is cancelled; `RequestFault.bodyTooLarge`.
  public func next() async throws -> [UInt8]? { try await exchange.next() }

  /// Cancels the task that answers the request.
  @Sendable public func cancel() { exchange.cancel() }

  /// All bytes that `next` would return.
  ///
  /// - Throws: As `next`; `RequestFault.busy` if the memory for waiting bodies is used up.
  public func whole() async throws -> [UInt8] {
    var body: [UInt8] = []
    while let bytes = try await next() { body += bytes }
    return body
  }
}
