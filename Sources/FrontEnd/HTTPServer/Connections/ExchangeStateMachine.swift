/// The course of one exchange, a request and its answer: every decision, and no I/O.
///
/// Events come from the connection, on its own thread, from the task that answers, and from its cancellation. Each
/// event returns the actions that follow from it; `Exchange` carries them out.
///
/// A connection is suspended, so that libmicrohttpd neither reads it nor calls for it, while a task works on a request
/// whose body is whole, and as `BodyFlow` says while a task reads the body. Only the connection's own thread may suspend
/// it; it is resumed exactly once for each suspension.
struct ExchangeStateMachine: Sendable, Equatable {
  /// What the head of the request and the plan for it say.
  struct Head: Sendable, Equatable {
    enum Reception: Sendable, Equatable {
      /// Whatever the body, the request is refused.
      case refused
      /// The request is answered without its body, after it.
      case ignored
      case whole
      /// A task decides whether to read the body, as a whole.
      case onDemand
      case streaming
    }

    var reception: Reception
    /// Maximum length of the body, in bytes.
    var bodyLimit: Int
    /// What `Content-Length` says, in bytes; 0 without one.
    var declaredLength = 0
    /// The client sends the body only after `100 Continue`.
    var expectsContinue = false
  }

  /// What is sent to the client.
  enum Outgoing: Sendable, Equatable {
    /// The refusal of the plan.
    case plannedRefusal
    /// The server's own refusal.
    case fault(RequestFault)
    /// The answer of the task.
    case answer
  }

  /// What follows from an event. `entered`, `suspends`, `starts` and `resumes` take effect in this order.
  struct Actions: Sendable, Equatable {
    /// The phase whose time begins now.
    var entered: ConnectionDeadlines.Phase?
    /// The connection is to be suspended.
    var suspends = false
    /// The task that answers is to be started.
    var starts = false
    /// The connection is to be resumed.
    var resumes = false
    /// The bytes that have arrived are to be kept.
    var keeps = false
    /// Bytes that were kept are of no use any more.
    var drops = false
    /// What the waiting reader of the body gets.
    var delivery: BodyFlow.Delivery?
    /// What is to be sent.
    var sends: Outgoing?
    /// What is sent is sent at once, within the body, and the connection is closed.
    var cuts = false
    /// The task that answers is to be cancelled.
    var cancels = false
  }

  private enum Stage: Sendable, Equatable {
    /// The head is arriving.
    case head
    /// The body is arriving, and kept.
    case receiving
    /// The body is arriving, and discarded; the answer is known.
    case discarding(Outgoing)
    /// A task is working on the whole request; the connection is suspended.
    case working
    /// The task has answered; the connection has been resumed and will ask for the answer.
    case worked
    /// A task is working while the body arrives. `isBodyAwaited` until libmicrohttpd has been told to read the body.
    case streaming(BodyFlow, isBodyAwaited: Bool)
    /// The answer is queued.
    case sending
    case over
  }

  /// Maximum length of a body, or of the rest of one, that is read only to be discarded, so that a client which listens
  /// after sending gets its answer. In bytes. If more is to come, the connection is cut with the answer.
  static let mostDiscarded = 256 << 20

  private var stage = Stage.head
  private(set) var phase: ConnectionDeadlines.Phase?
  private var head: Head?
  /// Bytes of the body that have arrived.
  private(set) var received = 0
  /// Those that had arrived when an upload was answered.
  private var receivedAtAnswer = 0

  /// Whether the head has been received, so that the exchange is worth a log line.
  var hasBegun: Bool { head != nil }
  /// Whether a task works on the whole request, and the client waits.
  var isWorking: Bool { stage == .working }
  /// Whether the body is streamed to a task that has not answered.
  var isUploading: Bool { phase == .upload }
  /// Whether a body is not read at the moment, so that its client is not late.
  var isUploadSuspended: Bool {
    if case .streaming(let flow, _) = stage { flow.isSuspended } else { false }
  }

  // MARK: - Events of the connection, on its thread

  /// The head has been received.
  ///
  /// - Parameter hasRoom: Takes a place among the requests in flight, if there is one. Called at most once.
  mutating func headReceived(_ head: Head, hasRoom: () -> Bool) -> Actions {
    precondition(stage == .head, "an exchange has one head")
    self.head = head
    switch head.reception {
    case .refused: return refuse(.plannedRefusal)
    case .ignored, .whole, .onDemand, .streaming:
      guard head.declaredLength <= head.bodyLimit else {
        return refuse(.fault(.bodyTooLarge(limit: head.bodyLimit)))
      }
    }
    guard head.reception == .streaming || head.reception == .onDemand else {
      stage = .receiving
      return Actions(entered: enter(.body))
    }
    guard hasRoom() else { return refuse(.fault(.busy)) }
    var flow = BodyFlow()
    let suspends = flow.begin()
    stage = .streaming(flow, isBodyAwaited: true)
    return Actions(entered: enter(.upload), suspends: suspends, starts: true)
  }

  /// Bytes of the body have arrived.
  ///
  /// - Parameter hasMemory: Takes memory for them, if there is any. Called at most once, and only if they are kept.
  mutating func arrived(_ count: Int, hasMemory: () -> Bool) -> Actions {
    received += count
    switch stage {
    case .receiving:
      let isTooLarge = received > bodyLimit
      if !isTooLarge {
        guard head?.reception == .whole else { return Actions() }
        if hasMemory() { return Actions(keeps: true) }
      }
      stage = .discarding(.fault(isTooLarge ? .bodyTooLarge(limit: bodyLimit) : .busy))
      return Actions(drops: true)
    case .discarding(let outgoing):
      return received > Self.mostDiscarded ? cut(outgoing) : Actions()
    case .streaming(let flow, _) where flow.isAnswered:
      // The rest is read like any other body, to be discarded.
      return isRestTooLong ? cut(.answer) : Actions(entered: enter(.body))
    case .streaming(var flow, let isBodyAwaited):
      if received > bodyLimit { flow.failed(.tooLarge) }
      guard received - bodyLimit <= Self.mostDiscarded else {
        var actions = cut(.fault(.bodyTooLarge(limit: bodyLimit)))
        actions.delivery = flow.delivery()
        return actions
      }
      if !flow.discards, !hasMemory() { flow.failed(.noMemory) }
      var actions = Actions(keeps: !flow.discards)
      actions.suspends = flow.arrived(count)
      return proceed(flow, isBodyAwaited: isBodyAwaited, actions)
    case .head, .working, .worked, .sending, .over:
      return Actions()
    }
  }

  /// What follows of the body is not as its framing says; nothing more is read of the connection.
  mutating func malformed(_ fault: RequestFault) -> Actions {
    switch stage {
    case .receiving:
      var actions = cut(.fault(fault))
      actions.drops = true
      return actions
    case .discarding(let outgoing): return cut(outgoing)
    case .streaming(var flow, _):
      if flow.isAnswered { return cut(.answer) }
      flow.failed(.disconnected)
      var actions = cut(.fault(fault))
      actions.delivery = flow.delivery()
      return actions
    case .head, .working, .worked, .sending, .over: return Actions()
    }
  }

  /// libmicrohttpd asks what is to be done: the body is whole, or the connection has been resumed.
  ///
  /// - Parameter hasRoom: As for `headReceived`.
  mutating func called(hasRoom: () -> Bool) -> Actions {
    switch stage {
    case .receiving:
      guard hasRoom() else { return send(.fault(.busy)) }
      stage = .working
      return Actions(entered: enter(.request), suspends: true, starts: true)
    case .discarding(let outgoing): return send(outgoing)
    case .worked: return send(.answer)
    case .streaming(let flow, isBodyAwaited: true):
      if flow.isAnswered, isAnsweredUnread { return send(.answer) }
      // Other clients send the body whatever happens, and listen afterwards.
      return proceed(flow, isBodyAwaited: false, Actions())
    case .streaming(var flow, isBodyAwaited: false):
      if flow.isAnswered { return send(.answer) }
      let suspends = flow.finished()
      // A body that is read as a whole is worked on when it is whole.
      let entered = head?.reception == .onDemand ? enter(.request) : nil
      return proceed(flow, isBodyAwaited: false, Actions(entered: entered, suspends: suspends))
    case .head, .working, .sending, .over: return Actions()
    }
  }

  /// The answer has been sent, or the connection has ended. Nothing follows any more.
  mutating func ended() -> Actions {
    defer { stage = .over }
    var actions = Actions(entered: enter(.idle))
    switch stage {
    case .streaming(var flow, _):
      flow.failed(.disconnected)
      actions.delivery = flow.delivery()
      actions.cancels = !flow.isAnswered
    case .working: actions.cancels = true
    case .head, .receiving, .discarding, .worked, .sending, .over: break
    }
    return actions
  }

  // MARK: - Events of the task

  /// The reader of the body wants more.
  mutating func asked() -> Actions {
    guard case .streaming(var flow, let isBodyAwaited) = stage else {
      return Actions(delivery: .failure(.disconnected))
    }
    flow.asked()
    return proceed(flow, isBodyAwaited: isBodyAwaited, Actions())
  }

  /// The task has its answer.
  mutating func answered() -> Actions {
    switch stage {
    case .working:
      stage = .worked
      return Actions(entered: enter(.response), resumes: true)
    case .streaming(var flow, let isBodyAwaited):
      flow.answered()
      receivedAtAnswer = received
      return proceed(flow, isBodyAwaited: isBodyAwaited, Actions(drops: true))
    case .head, .receiving, .discarding, .worked, .sending, .over: return Actions()
    }
  }

  /// The task that reads the body has been cancelled.
  mutating func readingCancelled() -> Actions {
    guard case .streaming(var flow, let isBodyAwaited) = stage else { return Actions() }
    flow.failed(.cancelled)
    return proceed(flow, isBodyAwaited: isBodyAwaited, Actions())
  }

  // MARK: - What follows

  private var bodyLimit: Int { head?.bodyLimit ?? 0 }

  /// Whether a refusal is sent before the body is read: a client that waits for `100 Continue` has sent none yet, and a
  /// huge body is not waited for.
  private var isAnsweredUnread: Bool {
    guard let head else { return false }
    return head.expectsContinue || head.declaredLength > Self.mostDiscarded
  }

  /// Whether more of an upload that has its answer is to come, or has been discarded, than is worth reading.
  private var isRestTooLong: Bool {
    let declared = head?.declaredLength ?? 0
    return max(declared - received, received - receivedAtAnswer) > Self.mostDiscarded
  }

  private mutating func refuse(_ outgoing: Outgoing) -> Actions {
    if isAnsweredUnread { return send(outgoing) }
    stage = .discarding(outgoing)
    return Actions(entered: enter(.body))
  }

  private mutating func send(_ outgoing: Outgoing) -> Actions {
    stage = .sending
    return Actions(entered: enter(.response), sends: outgoing)
  }

  private mutating func cut(_ outgoing: Outgoing) -> Actions {
    var actions = send(outgoing)
    actions.cuts = true
    return actions
  }

  private mutating func proceed(_ flow: BodyFlow, isBodyAwaited: Bool, _ actions: Actions) -> Actions {
    var flow = flow
    var actions = actions
    actions.delivery = flow.delivery()
    if flow.resumeIfPossible() {
      // What this very event was to suspend needs no resumption.
      actions.resumes = !actions.suspends
      actions.suspends = false
    }
    stage = .streaming(flow, isBodyAwaited: isBodyAwaited)
    return actions
  }

  /// Each phase is entered once.
  private mutating func enter(_ next: ConnectionDeadlines.Phase) -> ConnectionDeadlines.Phase? {
    guard phase != next else { return nil }
    phase = next
    return next
  }
}
