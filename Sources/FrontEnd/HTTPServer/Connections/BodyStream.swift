import CMicroHTTPD
import Synchronization

/// The body of a request while it arrives, and the answer while the rest of it does: the shell around `BodyFlow`.
///
/// The connection is touched under the lock alone, and not at all after it was lost. libmicrohttpd's own lock, which
/// resuming takes, is never held by it while it calls us.
public final class BodyStream: Sendable {
  /// Unchecked: see above.
  private struct State: @unchecked Sendable {
    var connection: OpaquePointer?
    var flow = BodyFlow()
    var bytes: [UInt8] = []
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    var answer: Response?
  }

  /// Maximum length of the body, in bytes.
  let limit: Int
  private let state: Mutex<State>

  /// - Parameter connection: Nil in tests.
  init(limit: Int, connection: OpaquePointer?) {
    self.limit = limit
    state = Mutex(State(connection: connection))
  }

  // MARK: - The connection's thread

  /// To be called within libmicrohttpd's callback when the task has been started.
  func begin() { update { $0.flow.begin() } }

  func append(_ piece: UnsafeRawBufferPointer) {
    update { state in
      if !state.flow.discards { state.bytes.append(contentsOf: piece) }
      return state.flow.arrived(piece.count)
    }
  }

  /// The body is whole.
  ///
  /// - Returns: The answer, if it is there; else the connection is suspended until it is.
  func finish() -> Response? {
    update { $0.flow.finished() }
    return answer
  }

  /// The connection ends; nobody touches it from now on.
  func disconnect() {
    update { state in
      state.connection = nil
      state.flow.failed(.disconnected)
      return false
    }
  }

  /// The body is too large, or its reader is not to wait any longer.
  func fail(_ failure: BodyFlow.Failure) {
    update { state in
      state.flow.failed(failure)
      return false
    }
  }

  // MARK: - The task

  var answer: Response? { state.withLock { $0.answer } }

  /// Whether nothing is read from the connection now.
  var isSuspended: Bool { state.withLock { $0.flow.isSuspended } }

  /// The next bytes, as many as wait; nil at the end.
  ///
  /// - Throws: `CancellationError` when the client has gone or the task is cancelled; `RequestFault.bodyTooLarge`.
  public func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        update { state in
          state.reader = continuation
          state.flow.asked()
          return false
        }
      }
    } onCancel: {
      fail(.cancelled)
    }
  }

  /// What is to be sent as soon as the connection allows.
  func answer(_ response: Response) {
    update { state in
      state.answer = response
      state.bytes = []
      state.flow.answered()
      return false
    }
  }

  // MARK: - Changes

  /// Carries out what follows from a change.
  ///
  /// - Parameter change: Answers whether the connection is to be suspended, for which it must be on its own thread.
  private func update(_ change: (inout State) -> Bool) {
    let delivery = state.withLock { state -> (() -> Void)? in
      let suspends = change(&state)
      if suspends, let connection = state.connection { MHD_suspend_connection(connection) }
      let delivery = deliver(&state)
      if state.flow.resumeIfPossible(), let connection = state.connection {
        MHD_resume_connection(connection)
      }
      return delivery
    }
    // Outside the lock, as the reader may go on at once.
    delivery?()
  }

  private func deliver(_ state: inout State) -> (() -> Void)? {
    guard let delivery = state.flow.delivery(), let reader = state.reader.take() else { return nil }
    switch delivery {
    case .bytes:
      let bytes = state.bytes
      state.bytes = []
      return { reader.resume(returning: bytes) }
    case .end: return { reader.resume(returning: nil) }
    case .failure(.tooLarge): return { [limit] in reader.resume(throwing: RequestFault.bodyTooLarge(limit: limit)) }
    case .failure: return { reader.resume(throwing: CancellationError()) }
    }
  }
}
