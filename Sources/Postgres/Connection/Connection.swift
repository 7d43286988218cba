import CLibPQ
import EventLoop
import Glibc

/// One connection to PostgreSQL over libpq, non-blocking and in pipeline mode.
///
/// All of libpq's state is touched on the event loop alone, which is this actor's executor.
/// libpq documentation: "Asynchronous Command Processing", "Pipeline Mode".
public actor Connection {
  /// A result that is still to come, in the order of sending.
  enum Expected {
    case preparation(Statement)
    /// Of the statement with this text.
    case rows(sql: String)
  }

  /// Statements under way, up to one synchronisation point: one transaction.
  struct Exchange {
    let number: UInt64
    var expected: [Expected]
    var next = 0
    var rows: [Rows] = []
    var failure: PostgresError?
    var continuation: CheckedContinuation<[Rows], any Error>
    var deadline: ContinuousClock.Instant
  }

  let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let settings: ConnectionSettings
  var handle: OpaquePointer?
  var watched: Int32?
  private var names: [Statement: String] = [:]
  private var lastName = 0
  var exchange: Exchange?
  var copy: Copy?
  var lastExchange: UInt64 = 0
  private var readiness: (continuation: CheckedContinuation<Bool, Never>, deadline: ContinuousClock.Instant)?
  private var canceller: Canceller?
  private var lossHandler: (@Sendable (String) -> Void)?
  private var closed = false
  /// A cancel request was sent. It may arrive late, so no other query may follow on this connection.
  private var isCancelled = false
  /// The last error says that this session is of no use any more.
  private var isSpent = false

  init(loop: EventLoop, settings: ConnectionSettings) {
    self.loop = loop
    self.settings = settings
  }

  // MARK: - Opening and closing

  /// Opens the connection.
  ///
  /// - Parameter onLoss: Called once, on the loop and with libpq's message, if the connection breaks after it was opened.
  func open(onLoss: @escaping @Sendable (String) -> Void) async throws(PostgresError) {
    guard !closed else { throw .unavailable("the connection was given up") }
    let deadline = ContinuousClock.now + settings.connectTimeout
    let parameters = settings.parameters
    guard
      let started = withCStrings(
        parameters.map(\.keyword),
        { keywords in
          withCStrings(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 1) }
        })
    else { throw .unavailable("libpq has no memory for a connection") }
    handle = started
    PQsetNoticeProcessor(started, { _, _ in }, nil)

    var status = PGRES_POLLING_WRITING
    while status != PGRES_POLLING_OK {
      guard PQstatus(started) != CONNECTION_BAD, status != PGRES_POLLING_FAILED else {
        throw failOpening(lastMessage(of: started))
      }
      let ready = await readiness(
        of: PQsocket(started), for: status == PGRES_POLLING_READING ? .read : .write, deadline: deadline)
      // It may have been closed meanwhile.
      guard handle != nil else { throw .unavailable("the connection was given up") }
      guard ready else { throw failOpening("no answer within \(settings.connectTimeout)") }
      status = PQconnectPoll(started)
    }
    guard PQsetnonblocking(started, 1) == 0, PQenterPipelineMode(started) == 1 else {
      throw failOpening(lastMessage(of: started))
    }
    canceller = Canceller(started)
    lossHandler = onLoss
    let socket = PQsocket(started)
    watched = socket
    loop.watch(socket, for: .read) { [self] in assumeIsolated { $0.socketIsReady() } }
  }

  private func failOpening(_ message: String) -> PostgresError {
    close()
    return .unavailable(message)
  }

  /// Waits until a socket is ready.
  ///
  /// - Returns: Whether it was ready before the deadline.
  private func readiness(
    of socket: Int32, for interest: EventLoop.Interest, deadline: ContinuousClock.Instant
  ) async -> Bool {
    guard socket >= 0 else { return false }
    return await withCheckedContinuation { continuation in
      readiness = (continuation, deadline)
      watched = socket
      loop.watch(socket, for: interest) { [self] in assumeIsolated { $0.resumeReadiness(true) } }
    }
  }

  private func resumeReadiness(_ ready: Bool) {
    guard let waiting = readiness else { return }
    readiness = nil
    unwatch()
    waiting.continuation.resume(returning: ready)
  }

  private func unwatch() {
    if let socket = watched { loop.unwatch(socket) }
    watched = nil
  }

  /// Closes the connection; statements under way fail.
  public func close() {
    closed = true
    lossHandler = nil
    lose("the connection was closed")
  }

  func lose(_ message: String) {
    guard let lost = handle else { return }
    handle = nil
    unwatch()
    canceller = nil
    PQfinish(lost)
    resumeReadiness(false)
    if let failed = exchange {
      exchange = nil
      failed.continuation.resume(throwing: failed.failure ?? .connectionLost(message))
    }
    if let failed = copy {
      copy = nil
      failed.continuation.resume(throwing: failed.failure ?? .connectionLost(message))
    }
    if let report = lossHandler {
      lossHandler = nil
      report(message)
    }
  }

  /// Ends waits past their deadline: of an attempt to open, or for an answer that the database's own time-outs should have
  /// brought. To be called several times a second.
  func checkDeadline(now: ContinuousClock.Instant) {
    if let waiting = readiness, waiting.deadline <= now { resumeReadiness(false) }
    let deadlines = [exchange?.deadline, copy?.deadline].compactMap(\.self)
    if deadlines.contains(where: { $0 <= now }) { lose("the database has not answered in time") }
  }

  /// Whether it is open, with no query or transaction under way.
  var isHealthy: Bool {
    guard let handle else { return false }
    return exchange == nil && copy == nil && !isCancelled && !isSpent && PQstatus(handle) == CONNECTION_OK
      && PQtransactionStatus(handle) == PQTRANS_IDLE
  }

  // MARK: - Queries

  /// Runs statements in one round trip. Outside an explicit transaction they are one transaction of their own.
  ///
  /// - Returns: The rows of each statement, in order.
  /// - Throws: The first failure; none of the statements has taken effect then, but see `connectionLost`.
  public func execute(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
    guard handle != nil else { throw .unavailable("the connection is closed") }
    precondition(exchange == nil && copy == nil, "a connection carries one exchange at a time")
    if Task.isCancelled { throw .cancelled }
    lastExchange += 1
    let number = lastExchange
    let timeout = responseTimeout
    do {
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          begin(queries, number, continuation, deadline: ContinuousClock.now + timeout)
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

  /// For a database that does not respond; its own time-outs come first.
  var responseTimeout: Duration {
    settings.statementTimeout > .zero ? settings.statementTimeout + .seconds(5) : .seconds(86_400)
  }

  /// Sends the statements and registers the continuation in one step, so that an early answer finds it.
  private func begin(
    _ queries: [Query], _ number: UInt64, _ continuation: CheckedContinuation<[Rows], any Error>,
    deadline: ContinuousClock.Instant
  ) {
    guard let handle else {
      return continuation.resume(throwing: PostgresError.unavailable("the connection is closed"))
    }
    exchange = Exchange(number: number, expected: [], continuation: continuation, deadline: deadline)
    guard send(queries, on: handle), PQpipelineSync(handle) == 1 else {
      // Without the synchronisation point nothing is committed.
      let message = lastMessage(of: handle)
      exchange?.failure = .unavailable(message)
      return lose(message)
    }
    flush()
  }

  private func send(_ queries: [Query], on handle: OpaquePointer) -> Bool {
    for query in queries {
      let statement = query.statement
      guard statement.isPrepared else {
        guard sendUnprepared(query, on: handle) else { return false }
        exchange?.expected.append(.rows(sql: statement.sql))
        continue
      }
      let name: String
      if let known = names[statement] {
        name = known
      } else {
        lastName += 1
        name = "s\(lastName)"
        names[statement] = name
        let types = statement.parameters.map(\.rawValue)
        guard PQsendPrepare(handle, name, statement.sql, Int32(types.count), types) == 1 else { return false }
        exchange?.expected.append(.preparation(statement))
      }
      guard sendPrepared(name, query.values, on: handle) else { return false }
      exchange?.expected.append(.rows(sql: statement.sql))
    }
    return true
  }

  private func sendPrepared(_ name: String, _ values: [Value], on handle: OpaquePointer) -> Bool {
    withEncoded(values) { pointers, lengths, formats in
      PQsendQueryPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 1) == 1
    }
  }

  private func sendUnprepared(_ query: Query, on handle: OpaquePointer) -> Bool {
    let types = query.statement.parameters.map(\.rawValue)
    return withEncoded(query.values) { pointers, lengths, formats in
      PQsendQueryParams(
        handle, query.statement.sql, Int32(types.count), types, pointers, lengths, formats, 1) == 1
    }
  }

  private func withEncoded(
    _ values: [Value], _ send: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Bool
  ) -> Bool {
    let encoded = EncodedParameters(values)
    return encoded.bytes.withUnsafeBufferPointer { bytes in
      // An empty value is not NULL: it needs an address, any.
      let base = bytes.baseAddress.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) }
      let pointers = encoded.places.map { place -> UnsafePointer<CChar>? in
        place.map { place in base.map { $0 + place.offset } ?? Self.nothing }
      }
      let lengths = encoded.places.map { Int32($0?.length ?? 0) }
      let formats = [Int32](repeating: 1, count: values.count)
      return send(pointers, lengths, formats)
    }
  }

  private static let emptyText: StaticString = ""
  private static var nothing: UnsafePointer<CChar> {
    UnsafeRawPointer(emptyText.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  func cancelExchange(_ number: UInt64) {
    guard exchange?.number == number || copy?.number == number, !isCancelled, let canceller else { return }
    isCancelled = true
    canceller.cancel()
  }

  // MARK: - The socket

  private func flush() {
    guard let handle, let watched else { return }
    switch PQflush(handle) {
    case 0: loop.rewatch(watched, for: .read)
    case 1: loop.rewatch(watched, for: [.read, .write])
    default: lose(lastMessage(of: handle))
    }
  }

  private func socketIsReady() {
    guard let handle else { return }
    guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK else {
      lose(lastMessage(of: handle))
      return
    }
    if copy != nil { return continueCopy() }
    guard exchange != nil else { return }
    flush()
    readResults()
  }

  private func readResults() {
    while let handle, exchange != nil, PQisBusy(handle) == 0 {
      guard let result = PQgetResult(handle) else {
        // NULL ends the results of one statement, unless there are none to come at all.
        if PQpipelineStatus(handle) == PQ_PIPELINE_OFF || PQstatus(handle) != CONNECTION_OK {
          lose(lastMessage(of: handle))
        }
        continue
      }
      accept(result)
    }
  }

  private func accept(_ result: OpaquePointer) {
    let status = PQresultStatus(result)
    switch status {
    case PGRES_PIPELINE_SYNC:
      PQclear(result)
      finishExchange()
    case PGRES_PIPELINE_ABORTED:
      forget(advance())
      PQclear(result)
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
      if case .rows(let sql)? = advance() {
        exchange?.rows.append(Rows(result, sql: sql))
      } else {
        PQclear(result)
      }
    default:
      forget(advance())
      if exchange?.failure == nil { exchange?.failure = failure(of: result) }
      PQclear(result)
    }
  }

  func failure(of result: OpaquePointer) -> PostgresError {
    func field(_ code: UnicodeScalar) -> String? {
      PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }
    // Without an SQLSTATE it is libpq's own: the connection broke.
    guard let state = field("C") else { return .connectionLost(oneLine(PQresultErrorMessage(result))) }
    if SQLState.endsSession(state) { isSpent = true }
    return PostgresError(sqlState: state, message: field("M") ?? "no message")
  }

  private func advance() -> Expected? {
    guard let waiting = exchange, waiting.next < waiting.expected.count else { return nil }
    exchange?.next += 1
    return waiting.expected[waiting.next]
  }

  /// A statement whose preparation failed must be prepared again next time.
  private func forget(_ expected: Expected?) {
    if case .preparation(let statement)? = expected { names[statement] = nil }
  }

  private func finishExchange() {
    guard let finished = exchange else { return }
    exchange = nil
    if let failure = finished.failure {
      finished.continuation.resume(throwing: failure)
    } else {
      finished.continuation.resume(returning: finished.rows)
    }
  }
}

func lastMessage(of handle: OpaquePointer) -> String { oneLine(PQerrorMessage(handle)) }

private func oneLine(_ message: UnsafePointer<CChar>) -> String {
  let lines = String(cString: message).split(whereSeparator: \.isNewline)
  return lines.isEmpty ? "the connection was closed by the database" : lines.joined(separator: "; ")
}

/// Calls `body` with an array of C strings that ends with NULL.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { body($0.baseAddress!) }
}
