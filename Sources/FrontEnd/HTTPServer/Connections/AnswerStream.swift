import CMicroHTTPD
import Glibc
import Synchronization

/// The body of a long answer, on its way from what makes it to libmicrohttpd.
///
/// libmicrohttpd asks for bytes on the connection's thread. While it sends one piece, a task makes the next one; if there
/// is none yet, the connection is suspended until there is. So at most two pieces exist, however long the answer is and
/// however slowly the client reads.
final class AnswerStream: Sendable {
  /// What the connection waits for.
  enum Phase { case piece, client }

  private struct State {
    var piece: [UInt8]
    /// What libmicrohttpd has taken of the piece.
    var offset = 0
    var next: [UInt8]?
    /// No task has begun the next piece.
    var isNextAwaited = false
    /// The last piece has been made.
    var isLast = false
    var failure: String?
    var task: Task<Void, Never>?
    /// The connection is suspended.
    var isSuspended = false
    /// The exchange has ended, or is to end early.
    var isOver = false
    var taken = 0
  }

  /// How many bytes libmicrohttpd asks for at most.
  static let block = 32_768
  /// MHD_CONTENT_READER_END_OF_STREAM and MHD_CONTENT_READER_END_WITH_ERROR
  private static let end = -1
  static let failed = -2
  /// Memory that an answer of which pieces are to come is counted with, in bytes.
  static let memory = 1 << 20

  private let rest: @Sendable () async throws -> [UInt8]?
  private let connection: MHDConnection
  private let entered: @Sendable (Phase) -> Void
  private let state: Mutex<State>

  /// - Parameters:
  ///   - first: The beginning of the body.
  ///   - rest: The next piece; nil at the end.
  ///   - entered: Is told what the connection waits for, when that changes.
  init(
    first: [UInt8], rest: @escaping @Sendable () async throws -> [UInt8]?, on connection: MHDConnection,
    entered: @escaping @Sendable (Phase) -> Void
  ) {
    self.rest = rest
    self.connection = connection
    self.entered = entered
    state = Mutex(State(piece: first))
  }

  /// Bytes that libmicrohttpd has taken.
  var taken: Int { state.withLock { $0.taken } }

  /// Why the body is incomplete; nil if it is not, as far as is known.
  var failure: String? { state.withLock { $0.failure } }

  // MARK: - The connection's thread

  /// - Returns: The number of bytes written; 0 if there are none yet, with the connection suspended; or one of
  ///   libmicrohttpd's codes.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if let taken = take(into: buffer) { return taken }
    // Before the connection is suspended, as it may be resumed at once.
    entered(.piece)
    if suspendUnlessReady() { return 0 }
    entered(.client)
    return take(into: buffer) ?? Self.failed
  }

  /// - Returns: As `read`; nil if there is nothing yet.
  private func take(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    let (taken, begins) = state.withLock { state -> (Int?, Bool) in
      if state.failure != nil || state.isOver { return (Self.failed, false) }
      if state.offset == state.piece.count, let next = state.next.take() {
        state.piece = next
        state.offset = 0
      }
      let count = min(buffer.count, state.piece.count - state.offset)
      if count > 0 {
        state.piece.withUnsafeBytes { piece in
          buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: piece[state.offset..<state.offset + count]))
        }
        state.offset += count
        state.taken += count
      } else if state.isLast {
        return (Self.end, false)
      }
      let begins = state.next == nil && !state.isLast && !state.isNextAwaited
      if begins { state.isNextAwaited = true }
      return (count > 0 ? count : nil, begins)
    }
    if begins { begin() }
    return taken
  }

  private func suspendUnlessReady() -> Bool {
    state.withLock { state in
      guard state.isNextAwaited, !state.isOver else { return false }
      state.piece = []
      state.offset = 0
      state.isSuspended = true
      connection.suspend()
      return true
    }
  }

  private func begin() {
    let task = Task { [self] in
      do {
        made(try await rest())
      } catch {
        fail("\(error)")
      }
    }
    let isLate = state.withLock { state in
      if state.isNextAwaited { state.task = task }
      return state.isOver
    }
    if isLate { task.cancel() }
  }

  // MARK: - The task

  private func made(_ piece: [UInt8]?) {
    finish { state in
      state.next = piece
      state.isLast = piece == nil
    }
  }

  private func fail(_ reason: String) {
    finish { $0.failure = reason }
  }

  private func finish(_ change: (inout State) -> Void) {
    let resumes = state.withLock { state in
      state.task = nil
      state.isNextAwaited = false
      change(&state)
      defer { state.isSuspended = false }
      return state.isSuspended
    }
    guard resumes else { return }
    entered(.client)
    connection.resume()
  }

  // MARK: - The exchange

  /// Ends the body early, or after all of it has been sent.
  func cancel() {
    let task = state.withLock { state in
      state.isOver = true
      return state.task
    }
    task?.cancel()
  }
}
