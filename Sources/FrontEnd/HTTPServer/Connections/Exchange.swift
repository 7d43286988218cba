import CMicroHTTPD
import FoundationEssentials
import Observability
import Synchronization

/// One exchange, from the request line to the end of the answer: the shell around `ExchangeStateMachine`.
///
/// Of what follows from an event, the connection is suspended under the lock, so that no other thread can resume it
/// before; all else happens after it, in the order of `ExchangeStateMachine.Actions`.
final class Exchange: Sendable {
  fileprivate struct State {
    var machine = ExchangeStateMachine()
    var connection: MHDConnection?
    /// Nil until the head has been received.
    var request: Request?
    var plan: RequestPlan?
    /// What has arrived of the body, and waits.
    var body: [UInt8] = []
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    var task: Task<Void, Never>?
    var isCancelled = false
    /// Bytes of the memory that all exchanges share.
    var memory = 0
    /// Those of them that `body` has.
    var bodyMemory = 0
    /// The task's answer.
    var answer: Response?
    /// Its body, if that is made while it is sent.
    var stream: AnswerStream?
    /// For the log.
    var sent: (status: Int, bytes: Int, user: String?, detail: String?)?
    /// The whole answer has been sent within the body; libmicrohttpd knows nothing of it.
    var isSentPastQueue = false
    var started = ContinuousClock.now
  }

  /// What an exchange may keep of a body, and its answer may have, without being counted, in bytes: small requests are
  /// answered even when the memory is used up.
  private static let uncounted = 4096
  /// Answers up to this size, such as metrics, fit into a socket's buffer: no client can make them wait.
  private static let brief = 65_536

  /// As clients and logs see it.
  private let id: UUID
  private let idText: String
  private let target: Target
  private let daemon: HTTPSDaemon
  private let state = Mutex(State())

  /// - Parameter target: As it was sent.
  init(target: [UInt8], on daemon: HTTPSDaemon) {
    id = daemon.application.newRequestID()
    idText = id.uuidString.lowercased()
    self.target = Target(target)
    self.daemon = daemon
  }

  var hasBegun: Bool { state.withLock { $0.machine.hasBegun } }

  // MARK: - The connection's thread

  /// The head has been received.
  func begin(_ connection: MHDConnection, method: String, framing: MessageScanner.Framing) -> MHD_Result {
    let request = Request(
      id: id, method: method, target: target, headers: connection.headers, bodyLength: framing.length,
      peer: daemon.registry.begin(self, on: connection))
    let plan = daemon.application.plan(for: request)
    let head = ExchangeStateMachine.Head(
      reception: plan.answer.reception, bodyLimit: plan.bodyLimit, declaredLength: request.bodyLength ?? 0,
      expectsContinue: request.headers["Expect"] != nil)
    return handle { state in
      state.connection = connection
      state.request = request
      state.plan = plan
      return state.machine.headReceived(head) { daemon.takePlace(for: plan) }
    }
  }

  /// A piece of the body has arrived.
  func receive(_ piece: UnsafeRawBufferPointer) -> MHD_Result {
    handle { state in
      var memory = 0
      let isUncounted = state.machine.received + piece.count <= Self.uncounted
      let actions = state.machine.arrived(piece.count) {
        isUncounted || daemon.takeMemory(piece.count, for: &memory)
      }
      state.memory += memory
      state.bodyMemory += memory
      if actions.keeps { state.body.append(contentsOf: piece) }
      return actions
    }
  }

  /// The body is whole, or the connection has been resumed.
  func proceed() -> MHD_Result {
    handle { state in
      let plan = state.plan
      return state.machine.called { plan.map(daemon.takePlace) ?? false }
    }
  }

  /// What follows of the body is malformed.
  ///
  /// - Returns: Whether the request has been answered with that; false if it has its answer.
  func breakOff(_ fault: RequestFault) -> Bool {
    var isSent = false
    _ = handle { state in
      let actions = state.machine.malformed(fault)
      isSent = actions.sends != nil
      return actions
    }
    return isSent
  }

  /// The answer has been sent, or the connection is about to end.
  ///
  /// - Parameter answered: Whether the whole answer has been sent.
  /// - Returns: What is kept for the log; nil if no head was received.
  func end(answered: Bool) -> RequestRecord? {
    let (record, stream) = state.withLock { ($0.record(id: idText, answered: answered), $0.stream) }
    stream?.cancel()
    _ = handle { state in
      defer { state.connection = nil }
      daemon.returnMemory(state.memory, of: &state.memory)
      return state.machine.ended()
    }
    return record
  }

  // MARK: - The task

  /// The unread bytes of the body, once they are worth reading; nil at the end.
  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        _ = handle { state in
          state.reader = continuation
          return state.machine.asked()
        }
      }
    } onCancel: {
      _ = handle { $0.machine.readingCancelled() }
    }
  }

  private func answer(_ response: Response) {
    _ = handle { state in
      // After the end of the exchange the answer goes nowhere, and nothing would return the memory.
      let memory = response.rest != nil ? AnswerStream.memory : response.isShared ? 0 : response.body.count
      let hasMemory =
        state.connection == nil || memory <= Self.uncounted
        || daemon.takeMemory(memory, for: &state.memory, isBrief: memory <= Self.brief)
      state.answer = hasMemory ? response : daemon.application.response(to: .busy, requestID: id)
      state.task = nil
      return state.machine.answered()
    }
  }

  private func start(_ plan: RequestPlan, _ request: Request) {
    let respond: @Sendable () async -> Response
    switch plan.answer {
    case .refusal: return
    case .ignoringBody(let answer), .whole(let answer): respond = { await answer(request) }
    case .onDemand(let answer), .streaming(let answer):
      respond = { [self] in await answer(request, BodyStream(exchange: self)) }
    }
    // Streams are not answered on the executor of the others, which must not be kept busy: they parse what they read.
    let task = Task(executorPreference: plan.isStreaming ? nil : daemon.executor) { [self] in
      let response = await respond()
      daemon.returnPlace(of: plan)
      answer(response)
    }
    let isLate = state.withLock { state in
      if state.answer == nil { state.task = task }
      return state.isCancelled
    }
    if isLate { task.cancel() }
  }

  // MARK: - The clock

  /// Cancels the task that answers, if one is at work; an answer that is being sent ends early.
  func cancel() {
    let (task, stream) = state.withLock { state in
      state.isCancelled = true
      return (state.task, state.stream)
    }
    task?.cancel()
    stream?.cancel()
  }

  /// Whether a task works on the request.
  var isAtWork: Bool { state.withLock { $0.task != nil } }

  /// Whether the body is streamed to a task that has not answered.
  var isUploading: Bool { state.withLock { $0.machine.isUploading } }

  /// Whether a body is not read at the moment, so that its client is not late.
  var isUploadSuspended: Bool { state.withLock { $0.machine.isUploadSuspended } }

  /// Whether a task that may wait for an event works on the request; it is to be cancelled if the client disconnects.
  var isWaiting: Bool {
    state.withLock { state in
      state.machine.isWorking && !state.isCancelled && state.plan.map { $0.longestWait > .zero } ?? false
    }
  }

  // MARK: - Actions

  /// Lets the state machine decide on an event, and carries out what follows.
  ///
  /// - Returns: What libmicrohttpd is told, if the event is its own.
  private func handle(_ event: (inout State) -> ExchangeStateMachine.Actions) -> MHD_Result {
    let (actions, deliver, connection, plan, request) = state.withLock { state in
      let former = state.connection
      let actions = event(&state)
      if actions.suspends { state.connection?.suspend() }
      if actions.drops {
        daemon.returnMemory(state.bodyMemory, of: &state.memory)
        state.bodyMemory = 0
        state.body = []
      }
      if actions.delivery == .bytes {
        if state.plan?.isStreaming == true { daemon.returnMemory(state.bodyMemory, of: &state.memory) }
        state.bodyMemory = 0
      }
      let deliver = actions.delivery.flatMap { state.take($0) }
      let request = actions.starts ? state.wholeRequest() : nil
      return (actions, deliver, state.connection ?? former, state.plan, request)
    }
    if let connection, let phase = actions.entered {
      let wait = phase == .request ? plan?.longestWait : nil
      daemon.registry.enter(phase, on: connection, wait: wait ?? .zero)
    }
    deliver?()
    if actions.cancels { cancel() }
    if let plan, let request { start(plan, request) }
    if actions.resumes, let connection {
      daemon.resume(connection, atOnce: plan?.readsWhileAnswering ?? true)
    }
    if let outgoing = actions.sends, let connection {
      return send(outgoing, cuts: actions.cuts, on: connection)
    }
    return .YES
  }

  private func send(
    _ outgoing: ExchangeStateMachine.Outgoing, cuts: Bool, on connection: MHDConnection
  ) -> MHD_Result {
    let (planned, answer, method) = state.withLock { ($0.plan?.answer, $0.answer, $0.request?.method) }
    let response: Response
    switch (outgoing, planned, answer) {
    case (.plannedRefusal, .refusal(let refusal), _): response = refusal
    case (.answer, _, let answer?): response = answer
    case (.fault(let fault), _, _): response = daemon.application.response(to: fault, requestID: id)
    default: return .NO
    }
    state.withLock { $0.sent = (response.status, response.body.count, response.user, response.detail) }
    let fields = daemon.fields(requestID: idText, closes: cuts)
    guard cuts else {
      let stream = response.rest.map { streaming(response, rest: $0, on: connection) }
      return connection.queue(response, fields: fields, stream: stream, isHead: method == "HEAD")
    }
    // What is sent past the queue is sent at once, as a whole.
    guard response.rest == nil else { return .NO }
    // libmicrohttpd takes no answer within a body, so that it is sent past it.
    let isSent = connection.sendPastQueue(response, fields: fields)
    state.withLock { $0.isSentPastQueue = isSent }
    return .NO
  }

  private func streaming(
    _ response: Response, rest: @escaping @Sendable () async throws -> [UInt8]?, on connection: MHDConnection
  ) -> AnswerStream {
    let registry = daemon.registry
    let stream = AnswerStream(first: response.body, rest: rest, on: connection) { phase in
      registry.enter(phase == .piece ? .request : .response, on: connection)
    }
    let isCancelled = state.withLock { state in
      state.stream = stream
      // The stream has it.
      state.answer?.body = []
      return state.isCancelled
    }
    if isCancelled { stream.cancel() }
    return stream
  }
}

extension Exchange.State {
  /// The request with what has been kept of its body.
  fileprivate mutating func wholeRequest() -> Request? {
    guard var request else { return nil }
    request.body = body
    body = []
    return request
  }

  /// Hands what is delivered to the reader that waits; to be called outside the lock, as the reader may go on at once.
  fileprivate mutating func take(_ delivery: BodyFlow.Delivery) -> (() -> Void)? {
    guard let reader = reader.take() else { return nil }
    switch delivery {
    case .bytes:
      let bytes = body
      body = []
      return { reader.resume(returning: bytes) }
    case .end: return { reader.resume(returning: nil) }
    case .failure(.tooLarge):
      let limit = plan?.bodyLimit ?? 0
      return { reader.resume(throwing: RequestFault.bodyTooLarge(limit: limit)) }
    case .failure(.noMemory): return { reader.resume(throwing: RequestFault.busy) }
    case .failure(.disconnected), .failure(.cancelled):
      return { reader.resume(throwing: CancellationError()) }
    }
  }

  fileprivate func record(id: String, answered: Bool) -> RequestRecord? {
    guard let request, let plan else { return nil }
    // A client that has gone before its answer was sent: what was decided has happened nevertheless.
    let sent = sent ?? answer.map { ($0.status, 0, $0.user, $0.detail) }
    let status = sent?.status ?? 0
    let isSent = answered || isSentPastQueue
    let failure = answered ? nil : stream?.failure
    let outcome =
      failure != nil
      ? "failed" : !isSent ? "disconnected" : status >= 500 ? "failed" : status >= 400 ? "refused" : "ok"
    return RequestRecord(
      requestID: id, method: request.method, route: plan.route, operation: plan.operation, user: sent?.user,
      status: status, outcome: outcome, seconds: (ContinuousClock.now - started) / .seconds(1),
      bytesIn: machine.received, bytesOut: stream?.taken ?? sent?.bytes ?? 0, peer: request.peer,
      detail: failure.map { "the answer broke off: \($0)" } ?? sent?.detail)
  }
}

extension RequestPlan {
  fileprivate var isStreaming: Bool { answer.reception == .streaming }
  fileprivate var readsWhileAnswering: Bool { isStreaming || answer.reception == .onDemand }
}

extension RequestPlan.Answer {
  fileprivate var reception: ExchangeStateMachine.Head.Reception {
    switch self {
    case .refusal: .refused
    case .ignoringBody: .ignored
    case .whole: .whole
    case .onDemand: .onDemand
    case .streaming: .streaming
    }
  }
}
