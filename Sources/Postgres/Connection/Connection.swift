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

  let settings: ConnectionSettings
  let hosts: Hosts
  /// A connection that is opened only to compare its session with another's.
  let isTwin: Bool
  var twin: Connection?
  /// Unique in the world: behind a pooler, no other client's statement has a name that begins with it.
  let mark = String(UInt64.random(in: 0...(.max)), radix: 36)
  var handle: OpaquePointer?
  var watched: Int32?
  private var names: [Statement: String] = [:]
  private var lastName = 0
  var exchange: Exchange?
  var copy: Copy?
  var lastExchange: UInt64 = 0
  var readiness: (continuation: CheckedContinuation<Bool, Never>, deadline: ContinuousClock.Instant)?
  var canceller: Canceller?
  var lossHandler: (@Sendable (String) -> Void)?
  var closed = false
  /// A cancel request was sent. It may arrive late, so no other query may follow on this connection.
  private var isCancelled = false
  /// The SQLSTATE that ended the use of this session.
  var spentBy: String?
  /// The process that serves it.
  var backend = 0
  /// When a statement was sent or something was received.
  private(set) var lastSign = ContinuousClock.now
  /// The same, or when the silence since then was last reported.
  private var silentSince = ContinuousClock.now

  init(loop: EventLoop, settings: ConnectionSettings, hosts: Hosts, isTwin: Bool = false) {
    self.loop = loop
    self.settings = settings
    self.hosts = hosts
    self.isTwin = isTwin
  }

  // MARK: - Closing

  func unwatch() {
    if let socket = watched { loop.unwatch(socket) }
    watched = nil
  }

  /// Closes the connection; statements under way fail.
  public func close() {
    closed = true
    twin?.assumeIsolated { $0.close() }
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
  ///
  /// - Returns: Whether the database has been silent for so long during a statement that connections may be dead. Once
  ///   each time it is silent for so long.
  func checkDeadline(now: ContinuousClock.Instant) -> Bool {
    twin?.assumeIsolated { _ = $0.checkDeadline(now: now) }
    if let waiting = readiness, waiting.deadline <= now { resumeReadiness(false) }
    let deadlines = [exchange?.deadline, copy?.deadline].compactMap(\.self)
    guard !deadlines.isEmpty else { return false }
    let isSuspicious = silentSince + Self.suspiciousSilence <= now
    if isSuspicious { silentSince = now }
    if deadlines.contains(where: { $0 <= now }) { lose("the database has not answered in time") }
    return isSuspicious
  }

  private static let suspiciousSilence = Duration.seconds(2)
  private static let proofTime = Duration.seconds(1)
  private static let isWritable = Statement("SELECT current_setting('transaction_read_only') = 'off'")

  /// Proves by a round trip that the connection is alive and accepts writes.
  func prove() async -> Bool {
    let rows = try? await execute([Self.isWritable()], before: .now + Self.proofTime)
    return (try? rows?[0][0](0, as: Bool.self)) == true
  }

  func noteSign() {
    lastSign = .now
    silentSince = lastSign
  }

  /// Gives the connection up, if the database has said nothing since then.
  func close(ifSilentSince sign: ContinuousClock.Instant) {
    guard lastSign == sign, exchange != nil || copy != nil else { return }
    lose("the answer to the statement was lost")
  }

  /// Whether it is open, with no query or transaction under way.
  var isHealthy: Bool {
    guard let handle else { return false }
    return exchange == nil && copy == nil && !isCancelled && spentBy == nil
      && PQstatus(handle) == CONNECTION_OK
      && PQtransactionStatus(handle) == PQTRANS_IDLE
  }

  // MARK: - Queries

  /// Runs statements in one round trip. Outside an explicit transaction they are one transaction of their own.
  ///
  /// - Returns: The rows of each statement, in order.
  /// - Throws: The first failure; none of the statements has taken effect then, but see `connectionLost`.
  public func execute(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
    try await execute(queries, before: .now + responseTimeout)
  }

  /// - Parameter deadline: When the connection is given up for lack of an answer.
  func execute(
    _ queries: [Query], before deadline: ContinuousClock.Instant
  ) async throws(PostgresError) -> [Rows] {
    guard handle != nil else { throw .unavailable("the connection is closed") }
    precondition(exchange == nil && copy == nil, "a connection carries one exchange at a time")
    if Task.isCancelled { throw .cancelled }
    lastExchange += 1
    let number = lastExchange
    do {
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          begin(queries, number, continuation, deadline: deadline)
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
    noteSign()
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
        name = "\(mark)_\(lastName)"
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

  func socketIsReady() {
    guard let handle else { return }
    noteSign()
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
    if SQLState.endsSession(state) { spentBy = state }
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

func oneLine(_ message: UnsafePointer<CChar>) -> String {
  let lines = String(cString: message).split(whereSeparator: \.isNewline)
  return lines.isEmpty ? "the connection was closed by the database" : lines.joined(separator: "; ")
}
