/// Every decision of a connection pool, and nothing else: no I/O, no clock, no lock, no task.
///
/// A thin shell keeps one of these behind a lock, tells it what happened, and carries out the actions each
/// event returns, in their order. Times are durations since an epoch, any epoch, but always the same.
///
/// The rules:
/// - Idle connections are used most recently used first, so the surplus grows old and is closed. Requests
///   that wait are served strictly in the order they came. Nobody waits while a connection is idle.
/// - A connection is opened only for a request that has to wait, and only while fewer are being opened than
///   requests wait. The exception is the first, which is opened whenever there is none: a database that is
///   away is then found before the first request is. An attempt whose request is served otherwise goes on all
///   the same: to give it up spares the database little and leaves the next burst to begin anew.
/// - After an attempt has failed, attempts are made one at a time, after pauses that double from
///   `retryInitial` to `retryMaximum`, until one succeeds. They never cease as long as there is no
///   connection, so the pool heals by itself.
/// - As long as there are connections, requests wait out such a time. If there is none, the database is away,
///   and those that wait and those that come are refused at once.
struct PoolStateMachine: Sendable {
  struct Limits: Sendable, Equatable {
    /// The most connections at any time, open or being opened. At least 1.
    var connections: Int
    /// The most requests that wait at any time; one more is refused. At least 1.
    var queueLimit: Int
    /// The pause after the first failed attempt to open a connection. More than zero.
    var retryInitial: Duration = .milliseconds(200)
    /// The longest pause between two attempts. At least `retryInitial`.
    var retryMaximum: Duration = .seconds(5)
    /// How long a connection may be idle before it is closed, if it is not the only one; nil for ever.
    var idleLifetime: Duration? = .seconds(300)
  }

  private enum ConnectionState {
    case opening
    case idle
    case leased
  }

  private enum Phase {
    case running
    case draining
    case drained
  }

  /// Present from a failed attempt until the next that succeeds.
  private struct Backoff {
    /// How long to pause after the next failure.
    var pause: Duration
    /// When the next attempt may be made, if none is under way.
    var retryAt: Duration
  }

  let limits: Limits

  private var phase = Phase.running
  private var connections: [ConnectionID: ConnectionState] = [:]
  /// With the time since when.
  private var idleLine = TimedLine<ConnectionID>()
  /// With their deadlines.
  private var waitingLine = TimedLine<RequestID>()
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

  /// Connections that are open: idle or leased.
  var open: Int { connections.count - opening }
  /// Attempts to open a connection that are under way.
  private(set) var opening = 0
  /// Open connections that nobody uses.
  var idle: Int { idleLine.count }
  /// Open connections that a request has.
  var leased: Int { open - idle }
  /// Requests that wait.
  var waiting: Int { waitingLine.count }

  /// There is no open connection, and the last attempt to open one has failed.
  var databaseIsAway: Bool { backoff != nil && open == 0 }

  // MARK: - Events

  /// The pool begins to work: the first connection is opened.
  mutating func start(now: Duration) -> [Action] {
    var actions: [Action] = []
    settle(now: now, into: &actions)
    return actions
  }

  /// A request for a connection. It is answered by exactly one `.grant` or `.refuse`, now or later, unless it
  /// is cancelled first.
  ///
  /// - Parameters:
  ///   - request: A number that was not used before.
  ///   - deadline: When to give up waiting. One that has passed already asks for an idle connection or none.
  mutating func acquire(_ request: RequestID, deadline: Duration, now: Duration) -> [Action] {
    var actions: [Action] = []
    refuseExpired(now: now, into: &actions)
    if phase != .running {
      actions.append(.refuse(request, .shutDown))
    } else if let connection = takeIdle() {
      actions.append(.grant(request, connection))
    } else if databaseIsAway {
      actions.append(.refuse(request, .unavailable))
    } else if waiting >= limits.queueLimit {
      actions.append(.refuse(request, .queueFull))
    } else {
      waitingLine.append(request, time: deadline)
    }
    settle(now: now, into: &actions)
    return actions
  }

  /// The caller of a request does not want the connection any more. There is nothing to carry out.
  ///
  /// - Returns: Whether the request was waiting. If so it gets no answer. If not it has had its answer, and a
  ///   connection it was granted must be released.
  mutating func cancel(_ request: RequestID) -> Bool {
    waitingLine.remove(request)
  }

  /// A request gives its connection back. That of a connection which was lost meanwhile is without effect.
  ///
  /// - Parameter healthy: Whether the connection can be used again; if not it is closed.
  mutating func release(_ connection: ConnectionID, healthy: Bool, now: Duration) -> [Action] {
    guard let state = connections[connection] else { return [] }
    guard state == .leased else {
      assertionFailure("a connection was released that nobody had")
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
    // One that is unknown was given up while the report was under way: it is open, and nobody's.
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
    // Attempts made side by side fail side by side: that is one failure, which the last of them completes.
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

  /// A connection broke, idle or leased. A request that has it may still release it.
  mutating func lost(_ connection: ConnectionID, now: Duration) -> [Action] {
    guard let state = connections[connection] else { return [] }
    guard state != .opening else { return openFailed(connection, now: now) }
    var actions: [Action] = []
    close(connection, into: &actions)
    settle(now: now, into: &actions)
    return actions
  }

  /// The time of a `.wake` has come. Other calls, early ones too, do no harm.
  mutating func tick(now: Duration) -> [Action] {
    nextWake = nil
    var actions: [Action] = []
    if let lifetime = limits.idleLifetime {
      while open > 1, let longest = idleLine.earliest, longest.time + lifetime <= now {
        close(longest.element, into: &actions)
      }
    }
    settle(now: now, into: &actions)
    return actions
  }

  /// The pool is to end: refuses all requests, closes what is idle at once and what is leased when it is
  /// released, then says `.drained`. Leases have no deadline here; the shell may call `lost` for those it
  /// will not wait for.
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

  /// Draws the conclusions from whatever has happened. Every event ends here, so the rules hold after each.
  private mutating func settle(now: Duration, into actions: inout [Action]) {
    guard phase == .running else {
      if phase == .draining, connections.isEmpty {
        phase = .drained
        actions.append(.drained)
      }
      return
    }
    refuseExpired(now: now, into: &actions)
    if databaseIsAway { refuseWaiting(.unavailable, into: &actions) }
    while let request = waitingLine.first, let connection = takeIdle() {
      waitingLine.remove(request)
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

  /// One more attempt should be made, as soon as there is no pause to wait for.
  private var wantsConnection: Bool {
    let wanted = max(waiting, open == 0 ? 1 : 0)
    return opening < (backoff == nil ? wanted : min(wanted, 1)) && open + opening < limits.connections
  }

  /// When `tick` will have something to do, if nothing else happens.
  private var nextDue: Duration? {
    let longestIdle = open > 1 ? idleLine.earliest?.time : nil
    let expiry = limits.idleLifetime.flatMap { lifetime in longestIdle.map { $0 + lifetime } }
    let retry = wantsConnection ? backoff?.retryAt : nil
    return [waitingLine.earliest?.time, expiry, retry].compactMap(\.self).min()
  }

  private mutating func refuseExpired(now: Duration, into actions: inout [Action]) {
    while let next = waitingLine.earliest, next.time <= now {
      waitingLine.remove(next.element)
      actions.append(.refuse(next.element, .timedOut))
    }
  }

  private mutating func refuseWaiting(_ refusal: Refusal, into actions: inout [Action]) {
    while let request = waitingLine.popFirst() {
      actions.append(.refuse(request, refusal))
    }
  }

  private mutating func takeIdle() -> ConnectionID? {
    guard let connection = idleLine.popLast() else { return nil }
    connections[connection] = .leased
    return connection
  }

  private mutating func putIdle(_ connection: ConnectionID, now: Duration) {
    connections[connection] = .idle
    idleLine.append(connection, time: now)
  }

  private mutating func close(_ connection: ConnectionID, into actions: inout [Action]) {
    switch connections.removeValue(forKey: connection) {
    case .opening: opening -= 1
    case .idle: idleLine.remove(connection)
    case .leased, nil: break
    }
    actions.append(.close(connection))
  }
}
