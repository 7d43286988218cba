import CLibPQ

extension Connection {
  /// A COPY under way. libpq has none in pipeline mode, so that mode is left for it and entered again.
  struct Copy {
    enum Stage {
      /// The statement was sent; the answer is that data may be sent.
      case starting
      case sending
      /// All data was sent; the answer is the result.
      case ending
    }

    let number: UInt64
    let data: [ArraySlice<UInt8>]
    var stage = Stage.starting
    /// The slice that is sent next, and how much of it was sent.
    var slice = 0
    var sent = 0
    var rows = 0
    var failure: PostgresError?
    var continuation: CheckedContinuation<Int, any Error>
    var deadline: ContinuousClock.Instant
  }

  /// Runs `COPY … FROM STDIN`, as part of the transaction that is open, if one is.
  ///
  /// - Parameter data: All data, in its order.
  /// - Returns: The number of rows.
  /// - Throws: `refused` if PostgreSQL rejects the data; the connection stays usable.
  public func copyIn(_ sql: String, _ data: [ArraySlice<UInt8>]) async throws(PostgresError) -> Int {
    guard handle != nil else { throw .unavailable("the connection is closed") }
    precondition(exchange == nil && copy == nil, "a connection carries one exchange at a time")
    if Task.isCancelled { throw .cancelled }
    lastExchange += 1
    let number = lastExchange
    let deadline = ContinuousClock.now + responseTimeout
    do {
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          beginCopy(sql, Copy(number: number, data: data, continuation: continuation, deadline: deadline))
        }
      } onCancel: {
        Task(executorPreference: loop) { await self.cancelExchange(number) }
      }
    } catch let error as PostgresError {
      throw error
    } catch {
      throw .cancelled
    }
  }

  private func beginCopy(_ sql: String, _ begun: Copy) {
    guard let handle else {
      return begun.continuation.resume(throwing: PostgresError.unavailable("the connection is closed"))
    }
    copy = begun
    noteSign()
    guard PQexitPipelineMode(handle) == 1, PQsendQuery(handle, sql) == 1 else {
      return lose(lastMessage(of: handle))
    }
    continueCopy()
  }

  /// Sends and reads as much as is possible without waiting.
  func continueCopy() {
    guard let handle, let watched else { return }
    if copy?.stage == .sending, !sendCopyData(on: handle) { return }
    // A refusal while data is still being sent is reported at the end.
    switch PQflush(handle) {
    case 0: loop.rewatch(watched, for: .read)
    case 1: return loop.rewatch(watched, for: [.read, .write])
    default: return lose(lastMessage(of: handle))
    }
    while let stage = copy?.stage, stage != .sending, PQisBusy(handle) == 0 {
      guard let result = PQgetResult(handle) else { return finishCopy(handle) }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_COPY_IN where stage == .starting:
        copy?.stage = .sending
        return continueCopy()
      case PGRES_COMMAND_OK:
        copy?.rows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
      case PGRES_FATAL_ERROR:
        if copy?.failure == nil { copy?.failure = failure(of: result) }
      default:
        return lose("COPY was answered out of order")
      }
    }
  }

  /// The most bytes that are passed to libpq at once: it keeps the memory for the life of the connection.
  private static let copyPiece = 65_536

  /// - Returns: Whether all data was sent; if not, it goes on when the socket is ready.
  private func sendCopyData(on handle: OpaquePointer) -> Bool {
    while let sending = copy, sending.slice < sending.data.count {
      let slice = sending.data[sending.slice]
      let piece = slice.dropFirst(sending.sent).prefix(Self.copyPiece)
      if piece.isEmpty {
        copy?.slice += 1
        copy?.sent = 0
        continue
      }
      let put = piece.withUnsafeBytes {
        PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
      }
      guard put >= 0 else {
        lose(lastMessage(of: handle))
        return false
      }
      if put == 1 { copy?.sent += piece.count }
      switch PQflush(handle) {
      case 0 where put == 1: continue
      case 0, 1:
        if let watched { loop.rewatch(watched, for: [.read, .write]) }
        return false
      default:
        lose(lastMessage(of: handle))
        return false
      }
    }
    switch PQputCopyEnd(handle, nil) {
    case 1: copy?.stage = .ending
    case 0:
      if let watched { loop.rewatch(watched, for: [.read, .write]) }
      return false
    default:
      lose(lastMessage(of: handle))
      return false
    }
    return true
  }

  private func finishCopy(_ handle: OpaquePointer) {
    guard PQenterPipelineMode(handle) == 1 else { return lose(lastMessage(of: handle)) }
    guard let finished = copy else { return }
    copy = nil
    if let failure = finished.failure {
      finished.continuation.resume(throwing: failure)
    } else {
      finished.continuation.resume(returning: finished.rows)
    }
  }
}
