import CMicroHTTPD
import EventLoop
import Glibc
import Observability
import Synchronization

/// One daemon of libmicrohttpd with one certificate and one set of limits: accepts, reads, limits, answers.
///
/// Requests are read on libmicrohttpd's threads; then the connection is suspended and a task on `executor` takes over, so
/// that none of those threads ever waits. What happens to a request is decided by `ExchangeStateMachine`.
final class HTTPSDaemon: Sendable {
  struct Settings: Sendable {
    /// Memory for a request's head, in bytes.
    var headBytes: Int
    var connections: Int
    var requestsInFlight: Int
    /// For bodies and answers that wait.
    var memoryBytes: Int
    var threads: Int
    var deadlines: ConnectionDeadlines.Limits
  }

  /// The daemon's handle. libmicrohttpd locks what it shares between threads; the pointer itself does not
  /// change between start and stop. Hence unchecked.
  private struct Handle: @unchecked Sendable {
    let daemon: OpaquePointer
  }

  enum Failure: Error, CustomStringConvertible {
    case notStarted
    case unchecked

    var description: String {
      switch self {
      case .notStarted:
        "libmicrohttpd did not start: too few file descriptors are left, or it cannot serve this certificate"
      case .unchecked: "libmicrohttpd does not read through this program's gnutls_record_recv"
      }
    }
  }

  let application: any Application
  let settings: Settings
  let executor: any TaskExecutor
  let registry: ConnectionRegistry
  private let observe: Observer
  private let resumptions: Resumptions
  private let handshakes: Handshakes
  private let closing: ClosingConnections
  private let acceptor: Acceptor
  private let inFlight: Slots
  private let memory: Slots
  /// Those of the requests in flight that may wait for an event.
  private let waiting = Slots()
  /// Exchanges whose head has been received and whose answer has not been sent. libmicrohttpd must not be stopped before.
  private let open = Slots()
  private let draining = Atomic(false)
  private let handle = Mutex<Handle?>(nil)

  /// Room for about 200 header fields beside a head of the largest size, and for more beside a smaller one; beyond it
  /// libmicrohttpd answers with 431.
  private static let fieldsMemory = 16_384

  /// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only (Mozilla, "Intermediate compatibility"). No
  /// finite-field groups: one key exchange with ffdhe8192 costs as much as a thousand with X25519 (CVE-2002-20001).
  private static let priorities = [
    "NONE", "+VERS-TLS1.3", "+VERS-TLS1.2", "+ECDHE-ECDSA", "+ECDHE-RSA", "+AES-128-GCM", "+AES-256-GCM",
    "+CHACHA20-POLY1305", "+AEAD", "+GROUP-X25519", "+GROUP-SECP256R1", "+GROUP-SECP384R1", "+SIGN-ALL",
    "-SIGN-RSA-SHA1", "-SIGN-ECDSA-SHA1", "+CTYPE-X509", "+COMP-NULL", "%SERVER_PRECEDENCE",
  ].joined(separator: ":")

  /// HTTPS only, for two years (RFC 6797); and what is said to be JSON is nothing else to a browser (Fetch, "Should
  /// response to request be blocked due to nosniff?").
  private static let security = [
    ("Strict-Transport-Security", "max-age=63072000"), ("X-Content-Type-Options", "nosniff"),
  ]

  /// - Parameter network: Waits for sockets of clients.
  init(
    application: any Application, settings: Settings, executor: any TaskExecutor, network: EventLoop,
    closing: ClosingConnections, acceptor: Acceptor, inFlight: Slots, memory: Slots, observer: Observer
  ) {
    self.application = application
    self.settings = settings
    self.executor = executor
    self.inFlight = inFlight
    self.memory = memory
    self.closing = closing
    self.acceptor = acceptor
    resumptions = Resumptions(executor: executor)
    handshakes = Handshakes(loop: network)
    observe = observer
    registry = ConnectionRegistry(limits: settings.deadlines, acceptor: acceptor)
  }

  // MARK: - Life

  func start(certificate: Certificate) throws(Failure) {
    guard ConnectionInput.isInPlace else { throw .unchecked }
    let texts = [certificate.chain, certificate.privateKey, Self.priorities].map { (text: String) in
      strdup(text)
    }
    defer {
      // libmicrohttpd has copied all of them when it has started.
      if let privateKey = texts[1] { memset(privateKey, 0, strlen(privateKey)) }
      for text in texts { free(text) }
    }
    var options = https_daemon_options(
      threads: UInt32(settings.threads),
      // The acceptor has the limit; those that it has told to close may not be gone yet, and each thread has its share.
      connection_limit: UInt32(2 * settings.connections + 64 * settings.threads),
      // The head, 72 bytes for each field of it, and the answer's head. No more than that: libmicrohttpd 0.9.75 fills
      // all of it with zeros after every request, so each connection really has it, and each request pays for it; and
      // beyond 32 KiB it maps and unmaps it anew for each connection.
      connection_memory: settings.headBytes + Self.fieldsMemory, tls_priorities: texts[2],
      certificate_chain: texts[0], private_key: texts[1], context: Unmanaged.passUnretained(self).toOpaque(),
      access: { context, connection, _, method, _, upload, uploadSize, exchange in
        guard let context, let connection, let method, let uploadSize, let pointer = exchange?.pointee
        else { return .NO }
        return Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue().access(
          Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue(), MHDConnection(pointer: connection),
          method, UnsafeRawBufferPointer(start: upload, count: uploadSize.pointee),
          &uploadSize.pointee)
      },
      target: { context, target, _ in
        guard let context else { return nil }
        let bytes = UnsafeBufferPointer(start: target, count: target.map { strlen($0) } ?? 0)
        let exchange = Exchange(
          target: bytes.map(UInt8.init(bitPattern:)),
          on: Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue())
        leave_query_unparsed(target)
        return Unmanaged.passRetained(exchange).toOpaque()
      },
      completed: { context, connection, exchange, code in
        guard let context, let connection, let pointer = exchange?.pointee else { return }
        exchange?.pointee = nil
        Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue().completed(
          Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue(), MHDConnection(pointer: connection),
          answered: was_answered(code))
      },
      connection: { context, connection, handshake, code in
        guard let context, let connection, let handshake else { return }
        let daemon = Unmanaged<HTTPSDaemon>.fromOpaque(context).takeUnretainedValue()
        if has_begun(code) {
          handshake.pointee = daemon.opened(MHDConnection(pointer: connection))
        } else {
          daemon.closed(MHDConnection(pointer: connection), handshake: handshake.pointee)
        }
      })
    let daemon = start_https_daemon(&options)
    guard let daemon else { throw .notStarted }
    handle.withLock { $0 = Handle(daemon: daemon) }
  }

  /// Takes a connection over. Its descriptor is closed if it cannot be.
  ///
  /// - Returns: Whether it was taken over.
  func add(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Bool {
    // Under the lock, so that the daemon is not stopped meanwhile.
    handle.withLock { handle in
      guard let handle else {
        close(descriptor)
        return false
      }
      return MHD_add_connection(handle.daemon, descriptor, address, length) == .YES
    }
  }

  /// From now on clients are asked with each answer to come anew.
  func quiesce() { draining.store(true, ordering: .relaxed) }

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
    }
  }

  // MARK: - libmicrohttpd's callbacks

  /// - Returns: The connection's own pointer, kept by libmicrohttpd.
  private func opened(_ connection: MHDConnection) -> UnsafeMutableRawPointer? {
    registry.opened(connection)
    return connection.session.map { session in
      let input = ConnectionInput(limits: .init(head: settings.headBytes)) { [unowned self] fault, isInBody in
        refuse(fault, isInBody: isInBody, on: connection)
      }
      return handshakes.begin(session, of: connection, with: input)
    }
  }

  /// The connection has ended; its socket is closed after this.
  private func closed(_ connection: MHDConnection, handshake: UnsafeMutableRawPointer?) {
    registry.closed(connection)
    // Before the end of the handshake nothing was answered.
    if let handshake, Handshakes.ended(handshake) { closing.finish(connection.descriptor) }
  }

  /// The head has been received, or a piece of the body; or the body is whole; or the connection has been resumed.
  private func access(
    _ exchange: Exchange, _ connection: MHDConnection,
    _ method: UnsafePointer<CChar>, _ piece: UnsafeRawBufferPointer, _ left: inout Int
  ) -> MHD_Result {
    if !piece.isEmpty {
      left = 0
      return exchange.receive(piece)
    }
    guard !exchange.hasBegun else { return exchange.proceed() }
    guard let input = connection.input, let framing = input.nextHead(), !input.end(atFaultInBody: true),
      open.take(limit: .max)
    else { return .NO }
    return exchange.begin(connection, method: String(cString: method), framing: framing)
  }

  private func completed(_ exchange: Exchange, _ connection: MHDConnection, answered: Bool) {
    defer {
      if answered, connection.input?.end(atFaultInBody: false) ?? false {
        // libmicrohttpd finds the end when it looks for the next request.
        shutdown(connection.descriptor, Int32(SHUT_RD))
      }
    }
    guard let record = exchange.end(answered: answered) else { return }
    observe(.request(record))
    open.giveBack()
  }

  /// What the client has sent is not HTTP, or larger than allowed. The connection is closed after this.
  ///
  /// - Returns: False if a request that is whole has not been answered yet.
  private func refuse(_ fault: RequestFault, isInBody: Bool, on connection: MHDConnection) -> Bool {
    let (exchange, peer) = registry.exchange(on: connection)
    if let exchange { return isInBody && exchange.breakOff(fault) }
    let id = application.newRequestID()
    let response = application.response(to: fault, requestID: id)
    let idText = id.uuidString.lowercased()
    let isSent = connection.sendPastQueue(response, fields: fields(requestID: idText, closes: true))
    observe(
      .request(
        RequestRecord(
          requestID: idText, method: "-", route: "unmatched", operation: "none", user: nil,
          status: response.status,
          outcome: isSent ? "refused" : "disconnected", seconds: 0, bytesIn: 0, bytesOut: response.body.count,
          peer: peer, detail: response.detail)))
    return true
  }

  // MARK: - For exchanges

  /// Takes a place among the requests in flight, if there is one.
  func takePlace(for plan: RequestPlan) -> Bool {
    guard inFlight.take(limit: settings.requestsInFlight) else { return false }
    // Requests that may wait for long leave room for the others.
    guard plan.longestWait == .zero || waiting.take(limit: max(1, settings.requestsInFlight / 2)) else {
      inFlight.giveBack()
      return false
    }
    return true
  }

  func returnPlace(of plan: RequestPlan) {
    if plan.longestWait > .zero { waiting.giveBack() }
    inFlight.giveBack()
  }

  /// Takes memory for bytes that wait, if there is enough.
  ///
  /// - Parameters:
  ///   - total: What an exchange has taken.
  ///   - isBrief: The bytes will not wait for long. An eighth more is kept for such.
  func takeMemory(_ bytes: Int, for total: inout Int, isBrief: Bool = false) -> Bool {
    let limit = isBrief ? settings.memoryBytes / 8 * 9 : settings.memoryBytes
    guard memory.take(bytes, limit: limit) else { return bytes == 0 }
    total += bytes
    return true
  }

  func returnMemory(_ bytes: Int, of total: inout Int) {
    memory.giveBack(bytes)
    total -= bytes
  }

  /// Header fields that every answer has.
  func fields(requestID: String, closes: Bool) -> [(name: String, value: String)] {
    var fields = [("X-Request-ID", requestID)] + Self.security
    if closes || draining.load(ordering: .relaxed) { fields.append(("Connection", "close")) }
    return fields
  }

  /// Resumes a connection, at once or together with others.
  func resume(_ connection: MHDConnection, atOnce: Bool) {
    if atOnce { connection.resume() } else { resumptions.add(connection) }
  }
}
