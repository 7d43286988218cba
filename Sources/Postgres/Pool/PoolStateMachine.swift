/// The decisions of a connection pool, as a pure state machine: no I/O, no clock, no lock, no task.
///
/// A thin shell owns one, reports events to it, and carries out the actions that each event returns, in their order.
/// Times are durations since an epoch, always the same.
///
/// The rules:
/// - The most recently used idle connection is used first, so that the surplus ages and is closed. Waiting requests are
///   served in the order of their arrival, urgent ones first. No request waits while a connection is idle.
/// - A connection is opened only for a request that waits, and only while fewer are being opened than requests wait. The
///   exception is the first, which is opened whenever there is none, so that an unavailable database is found before the
///   first request is. An attempt whose request was served otherwise goes on, for the next burst.
/// - After a failed attempt, attempts are made one at a time, after pauses that double from `retryInitial` to
///   `retryMaximum`, until one succeeds. They go on as long as there is no connection.
/// - When one connection was silent, all that are idle at that moment are lent again only after each was proved alive.
/// - While there are connections, requests wait through such a time. If there is none, the database is unavailable, and
///   waiting and new requests are refused at once.
struct PoolStateMachine: Sendable {
  struct Limits: Sendable, Equatable {
    /// The most connections at any time, open or being opened. At least 1.
    var connections: Int
    /// The most requests that wait at any time; one more is refused. At least 1.
    var queueLimit: Int
    /// The pause after the first failed attempt to open a connection. More than zero.
    var retryInitial: Duration = .milliseconds(200)
    /// The longest pause between two attempts. At least `retryInitial`.
    var retryMaximum: Duration = .seconds(2)
    /// How long a connection may be idle before it is closed, unless it is the only one; nil for ever.
    var idleLifetime: Duration? = .seconds(300)
  }

  private enum ConnectionState {
    case opening
    case idle
    case proving
    case leased
  }

  private enum Phase {
    case running
    case draining
    case drained
  }

  /// Present from a failed attempt until the next successful one.
  private struct Backoff {
    /// The pause after the next failure.
    var pause: Duration
    /// When the next attempt may be made, if none is under way.
    var retryAt: Duration
  }

  let limits: Limits

  private var phase = Phase.running
  private var connections: [ConnectionID: ConnectionState] = [:]
  /// With the time since when.
  private var idleQueue = TimedQueue<ConnectionID>()
  /// With their deadlines.
  private var waitingQueue = TimedQueue<RequestID>()
  private var backoff: Backoff?
  /// The time of the last `.wake`, until `tick` is called.
  private var nextWake: Duration?
  private var lastConnection: UInt64 = 0

  /// - Precondition: The limits are in their ranges.
  init(limits: Limits) {
    precondition(limits.connections >= 1, "a pool has at least one connection")
    precondition(limits.queueLimit >= 1, "a pool that lets nobody wait would never grow")
    precondition(limits.retryInitial > .zero && limits.retryMaximum >= limits.retryInitial)
    self.limits = limits
  }

  // MARK: - Counters

  /// Open connections: idle, leased, or being proved alive.
  var open: Int { connections.count - opening }
  /// Attempts to open a connection that are under way.
  private(set) var opening = 0
  /// Open connections that no request has.
  var idle: Int { idleQueue.count }
  /// Open connections that a request has.
  var leased: Int { open - idle - proving }
  /// Open connections that are being proved alive.
  private(set) var proving = 0
  /// Waiting requests.
  var waiting: Int { waitingQueue.count }

  /// How long until the next attempt to open a connection, if those under way fail as well; zero if none has failed.
  func pause(now: Duration) -> Duration {
    guard let backoff else { return .zero }
    return opening > 0 ? backoff.pause : max(.zero, backoff.retryAt - now)
  }

  /// There is no open connection, and the last attempt to open one has failed.
  var isUnavailable: Bool { backoff != nil && open == 0 }

  // MARK: - Events

  /// Starts the pool: the first connection is opened.
  mutating func start(now: Duration) -> [Action] {
    var actions: [Action] = []
    settle(now: now, into: &actions)
    return actions
  }

  /// A request for a connection. It is answered by exactly one `.grant` or `.refuse`, now or later, unless it is
  /// cancelled first.
  ///
  /// - Parameters:
  ///   - request: A number that was not used before.
  ///   - deadline: When to stop waiting. One that has passed asks for an idle connection or none.
  ///   - isUrgent: Whether it goes ahead of all others, even if the queue is full.
  mutating func acquire(
    _ request: RequestID, deadline: Duration, isUrgent: Bool = false, now: Duration
  ) -> [Action] {
    var actions: [Action] = []
    refuseExpired(now: now, into: &actions)
    if phase != .running {
      actions.append(.refuse(request, .shutDown))
    } else if let connection = takeIdle() {
      actions.append(.grant(request, connection))
    } else if isUnavailable {
      actions.append(.refuse(request, .unavailable))
    } else if isUrgent {
      waitingQueue.prepend(request, time: deadline)
    } else if waiting >= limits.queueLimit {
      actions.append(.refuse(request, .queueFull))
    } else {
      waitingQueue.append(request, time: deadline)
    }
    settle(now: now, into: &actions)
    return actions
  }

  /// Cancels a request. There is no action to carry out.
  ///
  /// - Returns: Whether the request was waiting; then it gets no answer. If not, it was answered, and a connection that
  ///   it was granted must be released.
  mutating func cancel(_ request: RequestID) -> Bool {
    waitingQueue.remove(request)
  }

  /// A request returns its connection. Without effect if the connection was lost meanwhile.
  ///
  /// - Parameter healthy: Whether the connection can be used again; if not, it is closed.
  mutating func release(_ connection: ConnectionID, healthy: Bool, now: Duration) -> [Action] {
    guard let state = connections[connection] else { return [] }
    guard state == .leased else {
      assertionFailure("a connection was released that no request had")
      return []
    }
    var actions: [Action] = []
    if healthy, phase == .running {
      putIdle(connection, now: now)
    } else {
      close(connection, into: &actions)
    }
    settle(now: now, into: &actions)
    return actions
  }

  /// An attempt to open a connection succeeded.
  mutating func opened(_ connection: ConnectionID, now: Duration) -> [Action] {
    // An unknown one was given up while it was being opened.
    guard let state = connections[connection] else { return [.close(connection)] }
    guard state == .opening else { return [] }
    opening -= 1
    backoff = nil
    putIdle(connection, now: now)
    var actions: [Action] = []
    settle(now: now, into: &actions)
    return actions
  }

  /// An attempt to open a connection failed. There is nothing to close.
  mutating func openFailed(_ connection: ConnectionID, now: Duration) -> [Action] {
    guard connections[connection] == .opening else { return [] }
    connections[connection] = nil
    opening -= 1
    // Concurrent attempts that fail are one failure, which the last of them completes.
    var backoff = self.backoff ?? Backoff(pause: limits.retryInitial, retryAt: now)
    if opening == 0 {
      backoff.retryAt = now + backoff.pause
      backoff.pause = min(backoff.pause * 2, limits.retryMaximum)
    }
    self.backoff = backoff
    var actions: [Action] = []
    settle(now: now, into: &actions)
    return actions
  }

  /// One connection was silent: so may be the others.
  mutating func suspect(now: Duration) -> [Action] {
    var actions: [Action] = []
    while let connection = idleQueue.popFirst() {
      connections[connection] = .proving
      proving += 1
      actions.append(.prove(connection))
    }
    settle(now: now, into: &actions)
    return actions
  }

  /// A connection was proved alive.
  mutating func proved(_ connection: ConnectionID, now: Duration) -> [Action] {
    guard connections[connection] == .proving else { return [] }
    proving -= 1
    putIdle(connection, now: now)
    var actions: [Action] = []
    settle(now: now, into: &actions)
    return actions
  }

  /// An open connection broke. A request that has it may still release it.
  mutating func lost(_ connection: ConnectionID, now: Duration) -> [Action] {
    guard let state = connections[connection] else { return [] }
    guard state != .opening else { return openFailed(connection, now: now) }
    var actions: [Action] = []
    close(connection, into: &actions)
    settle(now: now, into: &actions)
    return actions
  }

  /// The time of a `.wake` has come. Other calls are harmless.
  mutating func tick(now: Duration) -> [Action] {
    nextWake = nil
    var actions: [Action] = []
    if let lifetime = limits.idleLifetime {
      while open > 1, let longest = idleQueue.earliest, longest.time + lifetime <= now {
        close(longest.element, into: &actions)
      }
    }
    settle(now: now, into: &actions)
    return actions
  }

  /// Shuts the pool down: refuses all requests, closes idle connections at once and leased ones when they are released,
  /// then returns `.drained`. Leases have no deadline here; the shell may call `lost` for connections that it does not
  /// wait for.
  mutating func shutDown(now: Duration) -> [Action] {
    guard phase == .running else { return [] }
    phase = .draining
    var actions: [Action] = []
    refuseExpired(now: now, into: &actions)
    refuseWaiting(.shutDown, into: &actions)
    let unused = connections.filter { $0.value != .leased }.keys
    for connection in unused.sorted(by: { $0.number < $1.number }) {
      close(connection, into: &actions)
    }
    settle(now: now, into: &actions)
    return actions
  }

  // MARK: - Rules

  /// Applies the rules. Every event ends here, so that they hold after each.
  private mutating func settle(now: Duration, into actions: inout [Action]) {
    guard phase == .running else {
      if phase == .draining, connections.isEmpty {
        phase = .drained
        actions.append(.drained)
      }
      return
    }
    refuseExpired(now: now, into: &actions)
    if isUnavailable { refuseWaiting(.unavailable, into: &actions) }
    while let request = waitingQueue.first, let connection = takeIdle() {
      waitingQueue.remove(request)
      actions.append(.grant(request, connection))
    }
    while wantsConnection, (backoff?.retryAt ?? now) <= now {
      lastConnection += 1
      let connection = ConnectionID(number: lastConnection)
      connections[connection] = .opening
      opening += 1
      actions.append(.open(connection))
    }
    if let time = nextDue, nextWake.map({ time < $0 }) ?? true {
      nextWake = time
      actions.append(.wake(at: time))
    }
  }

  /// One more attempt should be made, after a pause if there is one.
  private var wantsConnection: Bool {
    let wanted = max(waiting, open == 0 ? 1 : 0)
    return opening < (backoff == nil ? wanted : min(wanted, 1)) && open + opening < limits.connections
  }

  /// When `tick` has something to do, if nothing else happens.
  private var nextDue: Duration? {
    let longestIdle = open > 1 ? idleQueue.earliest?.time : nil
    let expiry = limits.idleLifetime.flatMap { lifetime in longestIdle.map { $0 + lifetime } }
    let retry = wantsConnection ? backoff?.retryAt : nil
    return [waitingQueue.earliest?.time, expiry, retry].compactMap(\.self).min()
  }

  private mutating func refuseExpired(now: Duration, into actions: inout [Action]) {
    while let next = waitingQueue.earliest, next.time <= now {
      waitingQueue.remove(next.element)
      actions.append(.refuse(next.element, .timedOut))
    }
  }

  private mutating func refuseWaiting(_ refusal: Refusal, into actions: inout [Action]) {
    while let request = waitingQueue.popFirst() {
      actions.append(.refuse(request, refusal))
    }
  }

  private mutating func takeIdle() -> ConnectionID? {
    guard let connection = idleQueue.popLast() else { return nil }
    connections[connection] = .leased
    return connection
  }

  private mutating func putIdle(_ connection: ConnectionID, now: Duration) {
    connections[connection] = .idle
    idleQueue.append(connection, time: now)
  }

  private mutating func close(_ connection: ConnectionID, into actions: inout [Action]) {
    switch connections.removeValue(forKey: connection) {
    case .opening: opening -= 1
    case .idle: idleQueue.remove(connection)
    case .proving: proving -= 1
    case .leased, nil: break
    }
    actions.append(.close(connection))
  }
}
