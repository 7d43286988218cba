import CMicroHTTPD
import Glibc
import Observability
import Synchronization

/// One daemon of libmicrohttpd with one certificate and one set of limits: accepts, reads, limits, answers.
///
/// A request's head and body are read on libmicrohttpd's threads; then the connection is suspended and a task
/// on `executor` takes over, so that none of those threads ever waits for anything. Where a route streams, the task
/// begins with the head and reads the body while it arrives (`BodyFlow`).
final class HTTPSDaemon: Sendable {
  struct Settings: Sendable {
    /// Memory for a request's head, in bytes.
    var headBytes: Int
    var connections: Int
    /// 0 for no limit.
    var connectionsPerAddress: Int
    var requestsInFlight: Int
    var threads: Int
    var deadlines: ConnectionDeadlines.Limits
  }

  /// The daemon's handle. libmicrohttpd locks what it shares between threads; the pointer itself does not
  /// change between start and stop. Hence unchecked.
  private struct Handle: @unchecked Sendable {
    let daemon: OpaquePointer
    /// The daemon's own descriptor of the listening socket, to be closed after it.
    let descriptor: Int32
  }

  /// A suspended connection. Between suspending and resuming it nobody but the task that answers touches it
  /// (libmicrohttpd, `MHD_suspend_connection`, `MHD_queue_response`). Hence unchecked.
  private struct Suspended: @unchecked Sendable {
    let connection: OpaquePointer
  }

  enum Failure: Error, CustomStringConvertible {
    case notStarted
    var description: String { "libmicrohttpd did not start with these settings" }
  }

  let application: any Application
  let settings: Settings
  private let executor: any TaskExecutor
  private let resumptions: Resumptions
  private let handshakes = Handshakes()
  private let observe: Observer
  let registry: ConnectionRegistry
  let inFlight: InFlight
  /// Of those, the ones that may wait for something to happen.
  private let waiters = InFlight()
  /// Requests whose head has come and whose answer has not wholly gone. libmicrohttpd must not be stopped before.
  private let open = InFlight()
  private let draining = Atomic(false)
  private let handle = Mutex<Handle?>(nil)

  /// Room for about 200 header fields beside a head of the largest size, and for more beside a smaller one; then
  /// libmicrohttpd answers 431.
  private static let fieldsMemory = 16_384

  /// How much of a body that is too large is read, to answer a client that listens only after it has sent.
  static let mostDiscarded = 256 << 20

  init(
    application: any Application, settings: Settings, executor: any TaskExecutor, inFlight: InFlight, observer: Observer
  ) {
    self.application = application
    self.settings = settings
    self.executor = executor
    resumptions = Resumptions(executor: executor)
    self.inFlight = inFlight
    observe = observer
    registry = ConnectionRegistry(limits: settings.deadlines)
  }

  // MARK: - Life

  func start(on socket: ListeningSocket, certificate: Certificate) throws(Failure) {
    let priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
    let texts = [certificate.chain, certificate.privateKey, priorities].map { (text: String) in strdup(text) }
    defer {
      // libmicrohttpd has made its own of all of them when it has started.
      if let privateKey = texts[1] { memset(privateKey, 0, strlen(privateKey)) }
      for text in texts { free(text) }
    }
    // A duplicate: libmicrohttpd closes the socket it was given if it cannot start, and the daemon before this one
    // still accepts on it.
    let descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .notStarted }
    var options = https_daemon_options(
      listen_socket: descriptor, threads: UInt32(settings.threads),
      connection_limit: UInt32(settings.connections),
      connection_limit_per_address: UInt32(settings.connectionsPerAddress),
      // The head, 72 bytes for each field of it, and the answer's head. No more than that: libmicrohttpd 0.9.75 fills
      // all of it with zeros after every request, so each connection really has it, and each request pays for it; and
      // beyond 32 KiB it maps and unmaps it anew for each connection.
      connection_memory: settings.headBytes + Self.fieldsMemory, tls_priorities: texts[2],
      certificate_chain: texts[0], private_key: texts[1], context: Unmanaged.passUnretained(self).toOpaque(),
      access: { context, connection, _, method, version, upload, uploadSize, exchange in
        guard let context, let connection, let method, let version, let uploadSize,
          let pointer = exchange?.pointee
        else { return .NO }
        return Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue().access(
          Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue(), connection, (method, version),
          UnsafeRawBufferPointer(start: upload, count: uploadSize.pointee), &uploadSize.pointee)
      },
      target: { context, target, _ in
        guard let context else { return nil }
        let bytes = UnsafeBufferPointer(start: target, count: target.map { strlen($0) } ?? 0)
        let application = Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue().application
        let exchange = Exchange(
          id: application.newRequestID(), target: bytes.map(UInt8.init(bitPattern:)))
        leave_query_unparsed(target)
        return Unmanaged.passRetained(exchange).toOpaque()
      },
      completed: { context, connection, exchange, code in
        guard let context, let connection, let pointer = exchange?.pointee else { return }
        exchange?.pointee = nil
        Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue().completed(
          Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue(), on: connection,
          answered: was_answered(code))
      },
      connection: { context, connection, handshake, code in
        guard let context, let connection, let handshake else { return }
        Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue().notified(
          connection, begun: has_begun(code), &handshake.pointee)
      })
    let daemon = start_https_daemon(&options)
    guard let daemon else { throw .notStarted }
    handshakes.start()
    handle.withLock { $0 = Handle(daemon: daemon, descriptor: descriptor) }
  }

  /// Accepts no more connections. Those there are go on, and are asked with each answer to go elsewhere.
  func quiesce() {
    guard !draining.exchange(true, ordering: .relaxed) else { return }
    if let daemon = handle.withLock({ $0?.daemon }) { _ = MHD_quiesce_daemon(daemon) }
  }

  /// Takes no more requests, if none is under way. To be called before `stop`, until it says yes.
  func closeIfIdle() -> Bool { open.close() }

  /// Ends the daemon; connections still open are cut.
  func stop() {
    quiesce()
    // Outside the lock: it waits for threads that may be in a callback.
    if let stopping = handle.withLock({ $0.take() }) {
      // libmicrohttpd must not be stopped while a connection is suspended.
      handshakes.close()
      MHD_stop_daemon(stopping.daemon)
      handshakes.stop()
      Glibc.close(stopping.descriptor)
    }
  }

  // MARK: - Connections

  /// - Parameter handshake: The connection's own pointer, kept by libmicrohttpd.
  private func notified(
    _ connection: OpaquePointer, begun: Bool, _ handshake: inout UnsafeMutableRawPointer?
  ) {
    let key = UInt(bitPattern: connection)
    guard begun else {
      if let handshake { Handshakes.ended(handshake) }
      return registry.closed(key)
    }
    let descriptor = connection_descriptor(connection)
    let address = ListeningSocket.text(of: connection_address(connection))
    registry.opened(key, descriptor: descriptor, address: address)
    if let session = connection_session(connection) {
      handshake = handshakes.begin(OpaquePointer(session), of: connection, descriptor: descriptor)
    }
  }

  private func completed(_ exchange: Exchange, on connection: OpaquePointer, answered: Bool) {
    let key = UInt(bitPattern: connection)
    let peer = registry.address(of: key)
    if let stream = exchange.state.withLock({ $0.stream }) {
      stream.disconnect()
      registry.cancel(key)
    }
    if let record = exchange.record(peer: peer, completed: answered) {
      observe(.request(record))
      open.leave()
    }
    registry.enter(.idle, connection: key)
  }

  // MARK: - Requests

  /// libmicrohttpd calls this when the head is there, for each piece of the body, and at the body's end.
  private func access(
    _ exchange: Exchange, _ connection: OpaquePointer,
    _ line: (method: UnsafePointer<CChar>, version: UnsafePointer<CChar>), _ piece: UnsafeRawBufferPointer,
    _ left: inout Int
  ) -> MHD_Result {
    switch exchange.state.withLock({ $0.stage }) {
    case .begun:
      return begin(
        exchange, connection, method: String(cString: line.method), version: String(cString: line.version))
    case .receiving where !piece.isEmpty:
      left = 0
      return receive(piece, for: exchange)
    case .receiving:
      return dispatch(exchange, connection)
    case .deciding:
      return admit(exchange, connection)
    case .streaming where !piece.isEmpty:
      left = 0
      return stream(piece, for: exchange, on: connection)
    case .streaming:
      return finish(exchange, connection)
    case .answering, .answered:
      return .YES
    }
  }

  private func begin(
    _ exchange: Exchange, _ connection: OpaquePointer, method: String, version: String
  ) -> MHD_Result {
    guard open.enter(limit: .max) else { return .NO }
    registry.enter(.body, connection: UInt(bitPattern: connection))
    let request = Request(
      id: exchange.id, method: method, target: exchange.target, headers: Self.headers(of: connection),
      peer: registry.address(of: UInt(bitPattern: connection)))
    let plan = application.plan(for: request)
    let misframed = Framing.fault(
      version: version, headers: request.headers, headBytes: exchange.targetBytes + request.headers.bytes,
      headLimit: settings.headBytes)
    let (refusal, atOnce) = exchange.state.withLock { state -> (Response?, Bool) in
      state.stage = .receiving
      state.request = request
      state.plan = plan
      if let misframed {
        state.mustClose = true
        return (application.response(to: misframed, requestID: exchange.id), true)
      }
      if case .refusal(let response) = plan.answer {
        state.refusal = response
      } else if Framing.length(request.headers) > plan.bodyLimit {
        state.refusal = tooLarge(plan, exchange)
      }
      return (state.refusal, state.refusal != nil && Self.isAnsweredUnread(request.headers))
    }
    if let refusal, atOnce { return queue(refusal, for: exchange, on: connection) }
    if refusal == nil, case .streaming(let respond) = plan.answer {
      return startStreaming(exchange, connection, request, plan, respond)
    }
    return .YES
  }

  /// Whether a refusal is sent before the body is read: a client that waits for 100 Continue has sent none yet, and one
  /// of a huge body is not waited for.
  static func isAnsweredUnread(_ headers: Headers) -> Bool {
    headers["Expect"] != nil || Framing.length(headers) > mostDiscarded
  }

  func busy(_ exchange: Exchange) -> Response {
    application.response(to: .busy, requestID: exchange.id)
  }

  // MARK: - Bodies that are read before

  private func tooLarge(_ plan: RequestPlan, _ exchange: Exchange) -> Response {
    application.response(to: .bodyTooLarge(limit: plan.bodyLimit), requestID: exchange.id)
  }

  private func receive(_ piece: UnsafeRawBufferPointer, for exchange: Exchange) -> MHD_Result {
    exchange.state.withLock { state in
      state.received += piece.count
      guard state.received <= Self.mostDiscarded else { return .NO }
      if let plan = state.plan, state.received > plan.bodyLimit {
        state.refusal = state.refusal ?? tooLarge(plan, exchange)
        state.body = []
      }
      if state.refusal == nil { state.body.append(contentsOf: piece) }
      return .YES
    }
  }

  private func dispatch(_ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
    let key = UInt(bitPattern: connection)
    let (refusal, plan, received) = exchange.state.withLock { ($0.refusal, $0.plan, $0.request) }
    if let refusal { return queue(refusal, for: exchange, on: connection) }
    guard let plan, var request = received, case .whole(let respond) = plan.answer else { return .NO }
    guard inFlight.enter(limit: settings.requestsInFlight) else {
      return queue(busy(exchange), for: exchange, on: connection)
    }
    // Those that may wait for long leave room for the others.
    let waiter = plan.longestWait > .zero
    guard !waiter || waiters.enter(limit: max(1, settings.requestsInFlight / 2)) else {
      inFlight.leave()
      return queue(busy(exchange), for: exchange, on: connection)
    }
    request.body = exchange.state.withLock { state in
      state.stage = .answering
      defer { state.body = [] }
      return state.body
    }
    MHD_suspend_connection(connection)
    let suspended = Suspended(connection: connection)
    // The phase is entered twice: before the task, which may be over before this line's end, and with it.
    registry.enter(.request, connection: key, wait: plan.longestWait)
    let task = Task(executorPreference: executor) { [self, request] in
      let response = await respond(request)
      registry.enter(.response, connection: key)
      _ = queue(response, for: exchange, on: suspended.connection)
      if waiter { waiters.leave() }
      inFlight.leave()
      resumptions.add(suspended.connection)
    }
    registry.attach(task, to: key)
    return .YES
  }

  func queue(_ response: Response, for exchange: Exchange, on connection: OpaquePointer) -> MHD_Result {
    let built = response.body.withUnsafeBytes { body in
      MHD_create_response_from_buffer(
        body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let built else { return .NO }
    defer { MHD_destroy_response(built) }
    for (name, value) in response.headers { MHD_add_response_header(built, name, value) }
    MHD_add_response_header(built, "X-Request-ID", exchange.idText)
    if draining.load(ordering: .relaxed) || exchange.state.withLock({ $0.mustClose }) {
      MHD_add_response_header(built, "Connection", "close")
    }
    exchange.state.withLock {
      $0.stage = .answered
      $0.response = (response.status, response.body.count, response.user, response.detail)
    }
    return MHD_queue_response(connection, UInt32(response.status), built)
  }

  private static func headers(of connection: OpaquePointer) -> Headers {
    var headers = Headers()
    withUnsafeMutablePointer(to: &headers) { pointer in
      _ = MHD_get_connection_values_n(
        connection, .HEADER_KIND,
        { context, _, name, nameSize, value, valueSize in
          guard let context, let name else { return .YES }
          func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
            String(
              decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
          }
          context.assumingMemoryBound(to: Headers.self).pointee.append(
            text(name, nameSize), text(value, valueSize))
          return .YES
        }, pointer)
    }
    return headers
  }
}
