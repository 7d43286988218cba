import Testing

@testable import Postgres

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

@Suite("A pool on a random walk")
struct PoolRandomWalkTests {
  @Test("Every rule holds after each of 100,000 random events", arguments: [1, 2, 3] as [UInt64])
  func walk(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var seen: [String: Int] = [:]
    var steps = 0
    while steps < 100_000 {
      let life = PoolLife(using: &generator)
      let length = Int.random(in: 1...3000, using: &generator)
      do {
        try life.start()
        for _ in 0..<length { try life.step(using: &generator) }
        try life.end(using: &generator)
      } catch {
        Issue.record("\(error), in the life of a pool that began at step \(steps) with \(life.limits)")
        return
      }
      steps += length
      seen.merge(life.seen, uniquingKeysWith: +)
    }
    // A walk that does not get everywhere proves nothing about where it was not.
    let answers = ["grant", "queueFull", "timedOut", "unavailable", "shutDown"]
    for what in answers + ["cancelled", "open", "close", "probe", "idle closed", "lost lease", "proved"] {
      #expect(seen[what, default: 0] >= 100, "\(what) hardly ever happened")
    }
  }
}

/// A rule that does not hold.
private struct Violation: Error, CustomStringConvertible {
  let description: String
}

/// One pool from start to drained, beside a model of it that is kept from the actions alone and is as plain
/// as it can be: what the pool may do is checked with every action, what must hold after every event.
private final class PoolLife {
  let limits: PoolStateMachine.Limits
  private(set) var seen: [String: Int] = [:]

  private var machine: PoolStateMachine
  private var now = Duration.zero
  private var timer: Duration?

  private var opening: [ConnectionID] = []
  private var idle: [(connection: ConnectionID, since: Duration)] = []
  private var leased: [(connection: ConnectionID, request: RequestID)] = []
  private var proving: [ConnectionID] = []
  private var waiting: [(request: RequestID, deadline: Duration)] = []
  /// Leases whose connection was lost, which their holders have yet to release.
  private var lostLeases: [ConnectionID] = []
  private var highestConnection: UInt64 = 0
  private var highestRequest: UInt64 = 0
  /// The connection that the event under way reports lost or unhealthy.
  private var broken: ConnectionID?
  /// The request of the event under way, until it is answered or waits.
  private var arriving: (request: RequestID, deadline: Duration)?
  /// An attempt failed and none has succeeded since.
  private var failed = false
  private var retryNotBefore: Duration?
  private var pause: Duration
  private var ending = false
  private var drained = false
  /// Whether attempts fail at the moment; it changes now and then.
  private var outage = false

  private var open: Int { idle.count + leased.count + proving.count }

  init(using generator: inout SeededGenerator) {
    limits = .init(
      connections: Int.random(in: 1...6, using: &generator),
      queueLimit: Int.random(in: 1...12, using: &generator),
      retryInitial: .milliseconds(20), retryMaximum: .milliseconds(300),
      idleLifetime: Bool.random(using: &generator) ? .milliseconds(200) : nil)
    machine = PoolStateMachine(limits: limits)
    pause = limits.retryInitial
  }

  // MARK: - Events

  func start() throws { try carryOut(machine.start(now: now)) }

  func step(using generator: inout SeededGenerator) throws {
    if Int.random(in: 0..<(outage ? 50 : 200), using: &generator) == 0 { outage.toggle() }
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<30: try acquire(wait: .milliseconds(Int.random(in: 0...1500, using: &generator)))
    case 30..<34:
      if let request = waiting.randomElement(using: &generator)?.request { try cancel(request) }
    case 34..<35:
      if let request = leased.randomElement(using: &generator)?.request { try cancel(request) }
    case 35..<60:
      if let connection = leased.randomElement(using: &generator)?.connection {
        try release(connection, healthy: Int.random(in: 0..<10, using: &generator) > 0)
      }
    case 60..<78:
      if let connection = opening.randomElement(using: &generator) {
        try report(connection, succeeded: !outage && Int.random(in: 0..<10, using: &generator) > 0)
      }
    case 78..<81:
      let all = idle.map(\.connection) + leased.map(\.connection) + proving
      if let connection = all.randomElement(using: &generator) { try lose(connection) }
    case 81..<82:
      if let connection = opening.randomElement(using: &generator) { try lose(connection) }
    case 82..<84:
      if let connection = lostLeases.popLast() {
        try expect(machine.release(connection, healthy: true, now: now).isEmpty, "a lost lease came back")
      }
    case 84..<86: try tick()
    case 86: if Bool.random(using: &generator) { try suspect() }
    case 87..<89: for connection in proving.shuffled(using: &generator) { try prove(connection) }
    case 89..<91: try advance(.milliseconds(Int.random(in: 1000...6000, using: &generator)))
    default: try advance(.milliseconds(Int.random(in: 0...60, using: &generator)))
    }
  }

  /// Shuts the pool down and gives everything back.
  func end(using generator: inout SeededGenerator) throws {
    ending = true
    let abandoned = opening
    try carryOut(machine.shutDown(now: now))
    try expect(machine.shutDown(now: now).isEmpty, "shut down twice")
    try acquire(wait: .seconds(1))
    for connection in abandoned {
      let late = machine.opened(connection, now: now)
      try expect(late == [.close(connection)], "a late connection stays open: \(late)")
    }
    while let connection = leased.randomElement(using: &generator)?.connection {
      try expect(!drained, "drained too early")
      if Bool.random(using: &generator) {
        try release(connection, healthy: Bool.random(using: &generator))
      } else {
        try lose(connection)
      }
    }
    try expect(drained, "not drained")
    try advance(.seconds(60))
    try acquire(wait: .seconds(1))
  }

  private func acquire(wait: Duration) throws {
    highestRequest += 1
    let request = RequestID(number: highestRequest)
    arriving = (request, now + wait)
    let actions = machine.acquire(request, deadline: now + wait, now: now)
    // Answers to those before it come first; if there is none to it among them, it waits from now on.
    let isAnswered = actions.contains {
      switch $0 {
      case .grant(request, _), .refuse(request, _): true
      default: false
      }
    }
    if !isAnswered, let arriving {
      try expect(wait > .zero, "\(request) waits although its deadline has passed")
      waiting.append(arriving)
      self.arriving = nil
    }
    try carryOut(actions)
    try expect(arriving == nil, "\(request) has no answer and does not wait")
  }

  private func cancel(_ request: RequestID) throws {
    let wasWaiting = waiting.contains { $0.request == request }
    waiting.removeAll { $0.request == request }
    if wasWaiting { count("cancelled") }
    try expect(machine.cancel(request) == wasWaiting, "cancelling \(request) tells something else")
    try carryOut([])
  }

  private func release(_ connection: ConnectionID, healthy: Bool) throws {
    leased.removeAll { $0.connection == connection }
    idle.append((connection, now))
    let actions = machine.release(connection, healthy: healthy, now: now)
    let isClosed = actions.contains(.close(connection))
    broken = healthy ? nil : connection
    try expect(isClosed == (!healthy || ending), "\(connection) released, healthy: \(healthy): \(actions)")
    try carryOut(actions)
  }

  private func suspect() throws {
    let suspects = idle.map(\.connection)
    proving += suspects
    idle = []
    let actions = machine.suspect(now: now)
    let proofs = actions.filter { if case .prove = $0 { true } else { false } }
    try expect(Set(proofs) == Set(suspects.map { .prove($0) }), "\(suspects) are idle, \(proofs) are proved")
    try carryOut(actions)
  }

  private func prove(_ connection: ConnectionID) throws {
    proving.removeAll { $0 == connection }
    idle.append((connection, now))
    count("proved")
    try carryOut(machine.proved(connection, now: now))
  }

  private func report(_ connection: ConnectionID, succeeded: Bool) throws {
    opening.removeAll { $0 == connection }
    if succeeded {
      failed = false
      retryNotBefore = nil
      pause = limits.retryInitial
      idle.append((connection, now))
      try carryOut(machine.opened(connection, now: now))
    } else {
      noteFailure()
      try carryOut(machine.openFailed(connection, now: now))
    }
  }

  private func noteFailure() {
    failed = true
    guard opening.isEmpty else { return }
    retryNotBefore = now + pause
    pause = min(pause * 2, limits.retryMaximum)
  }

  private func lose(_ connection: ConnectionID) throws {
    if let index = opening.firstIndex(of: connection) {
      opening.remove(at: index)
      noteFailure()
      try carryOut(machine.lost(connection, now: now))
      return
    }
    if leased.contains(where: { $0.connection == connection }) {
      lostLeases.append(connection)
      count("lost lease")
    }
    broken = connection
    let actions = machine.lost(connection, now: now)
    try expect(actions.first == .close(connection), "\(connection) was lost: \(actions)")
    try carryOut(actions)
  }

  private func tick() throws {
    timer = nil
    try carryOut(machine.tick(now: now))
    if let lifetime = limits.idleLifetime, open > 1, !ending {
      try expect(idle.allSatisfy { $0.since + lifetime > now }, "idle for too long")
    }
  }

  /// Lets time pass, as a shell with one timer sees it.
  private func advance(_ duration: Duration) throws {
    let end = now + duration
    while let timer, timer <= end {
      now = max(now, timer)
      let before = timer
      try tick()
      try expect(self.timer.map { $0 > before } ?? true, "the timer stands still at \(before)")
    }
    now = end
  }

  // MARK: - Actions

  private func carryOut(_ actions: [PoolStateMachine.Action]) throws {
    for action in actions {
      try expect(!drained || isRefusal(action), "\(action) after drained")
      switch action {
      case .open(let connection): try carryOutOpen(connection)
      case .close(let connection): try carryOutClose(connection)
      case .prove: break
      case .grant(let request, let connection): try carryOutGrant(request, connection)
      case .refuse(let request, let refusal): try carryOutRefuse(request, refusal)
      case .wake(let time):
        try expect(!ending, "a timer is set while the pool shuts down")
        try expect(timer.map { time < $0 } ?? true, "a timer set again without need")
        timer = time
      case .drained:
        try expect(ending && open + opening.count + waiting.count == 0, "drained, but something is left")
        drained = true
      }
    }
    broken = nil
    try checkRules()
  }

  private func isRefusal(_ action: PoolStateMachine.Action) -> Bool {
    if case .refuse = action { true } else { false }
  }

  private func carryOutOpen(_ connection: ConnectionID) throws {
    try expect(connection.number > highestConnection, "\(connection) is used twice")
    highestConnection = connection.number
    opening.append(connection)
    count("open")
    try expect(!ending, "a connection is opened while the pool shuts down")
    try expect(open + opening.count <= limits.connections, "too many connections")
    let wanted = max(waiting.count, open == 0 ? 1 : 0)
    try expect(opening.count <= wanted, "\(opening.count) being opened, \(wanted) wanted")
    if failed {
      try expect(opening.count == 1, "several attempts at a time after a failure")
      try expect(retryNotBefore.map { $0 <= now } ?? false, "an attempt before the pause is over")
      retryNotBefore = nil
      count("probe")
    }
  }

  private func carryOutClose(_ connection: ConnectionID) throws {
    if let index = idle.firstIndex(where: { $0.connection == connection }) {
      if !ending, connection != broken {
        let isOld = limits.idleLifetime.map { idle[index].since + $0 <= now } ?? false
        try expect(isOld && open > 1, "\(connection) is closed without cause")
        count("idle closed")
      }
      idle.remove(at: index)
    } else if let index = leased.firstIndex(where: { $0.connection == connection }) {
      try expect(lostLeases.contains(connection), "\(connection) closed under its holder's hands")
      leased.remove(at: index)
    } else if let index = proving.firstIndex(of: connection) {
      try expect(ending || connection == broken, "\(connection) is closed before it is proved")
      proving.remove(at: index)
    } else {
      try expect(opening.contains(connection) && ending, "\(connection) is closed, but is not there")
      opening.removeAll { $0 == connection }
    }
    count("close")
  }

  private func carryOutGrant(_ request: RequestID, _ connection: ConnectionID) throws {
    let deadline: Duration
    if arriving?.request == request {
      try expect(waiting.isEmpty, "\(request) overtakes those that wait")
      arriving = nil
      deadline = now
    } else {
      try expect(waiting.first?.request == request, "\(request) is granted a connection out of turn")
      deadline = waiting.removeFirst().deadline
      try expect(deadline > now, "\(request) is granted a connection after its deadline")
    }
    try expect(idle.last?.connection == connection, "\(connection) is not the idle one used last")
    idle.removeLast()
    leased.append((connection, request))
    count("grant")
  }

  private func carryOutRefuse(_ request: RequestID, _ refusal: PoolStateMachine.Refusal) throws {
    let deadline: Duration
    if let arriving, arriving.request == request {
      deadline = arriving.deadline
      self.arriving = nil
    } else {
      let index = waiting.firstIndex { $0.request == request }
      guard let index else { throw Violation(description: "\(request) is refused, but does not wait") }
      deadline = waiting.remove(at: index).deadline
      try expect(refusal != .queueFull, "\(request) is refused its place after it had one")
    }
    let isDue =
      switch refusal {
      case .queueFull: waiting.count == limits.queueLimit
      case .timedOut: deadline <= now
      case .unavailable: failed && open == 0
      case .shutDown: ending
      }
    try expect(isDue && idle.isEmpty, "\(request) is refused without cause: \(refusal)")
    count("\(refusal)")
  }

  // MARK: - Rules

  /// What must hold after every event.
  private func checkRules() throws {
    let counters = [machine.open, machine.opening, machine.idle, machine.leased, machine.waiting]
    let model = [open, opening.count, idle.count, leased.count, waiting.count]
    try expect(counters == model, "the counters are \(counters), the connections and requests \(model)")
    try expect(open + opening.count <= limits.connections, "too many connections")
    try expect(waiting.count <= limits.queueLimit, "too many requests wait")
    try expect(Set(leased.map(\.connection)).count == leased.count, "a connection has two holders")
    guard !ending else { return try expect(waiting.isEmpty, "somebody waits for a pool that shuts down") }

    try expect(idle.isEmpty || waiting.isEmpty, "somebody waits beside an idle connection")
    try expect(waiting.allSatisfy { $0.deadline > now }, "somebody waits past the deadline")
    let isAway = failed && open == 0
    try expect(machine.isUnavailable == isAway, "the database is away: \(isAway)")
    try expect(!isAway || waiting.isEmpty, "somebody waits although the database is away")
    if let earliest = waiting.map(\.deadline).min() {
      try expect(timer.map { $0 <= earliest } ?? false, "no timer for the next deadline")
    }
    // As many attempts as are wanted: one if attempts fail, and then perhaps after a pause.
    let room = limits.connections - open
    let wanted = min(max(waiting.count, open == 0 ? 1 : 0), room)
    if !failed {
      try expect(opening.count >= wanted, "\(opening.count) being opened, \(wanted) wanted")
    } else if wanted > 0, opening.isEmpty {
      let retry = try #require(retryNotBefore)
      try expect(retry > now, "the pause is over, but no attempt is made")
      try expect(timer.map { $0 <= retry } ?? false, "no timer for the next attempt")
    }
  }

  private func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw Violation(description: message()) }
  }

  private func count(_ what: String) { seen[what, default: 0] += 1 }
}
