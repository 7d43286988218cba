import Testing

@testable import Postgres

extension ConnectionID: ExpressibleByIntegerLiteral {
  public init(integerLiteral number: UInt64) { self.init(number: number) }
}

extension RequestID: ExpressibleByIntegerLiteral {
  public init(integerLiteral number: UInt64) { self.init(number: number) }
}

/// A pool with a clock and the one timer a shell would have. Requests are numbered by the tests; connections
/// are numbered by the pool, from 1.
private final class TimedPool {
  private(set) var machine: PoolStateMachine
  /// The time of all events to come.
  var now = Duration.zero
  /// The time of the last `.wake`, which the methods leave out of the actions they return.
  private(set) var timer: Duration?

  init(connections: Int = 4, queueLimit: Int = 10, idleLifetime: Duration? = .seconds(300)) {
    machine = PoolStateMachine(
      limits: .init(connections: connections, queueLimit: queueLimit, idleLifetime: idleLifetime))
  }

  /// A pool with this many idle connections; the last was used last.
  static func idle(
    _ count: UInt64, of connections: Int = 4, queueLimit: Int = 10, idleLifetime: Duration? = .seconds(300)
  ) -> TimedPool {
    let pool = TimedPool(connections: connections, queueLimit: queueLimit, idleLifetime: idleLifetime)
    _ = pool.start()
    for number in 1...count { _ = pool.acquire(RequestID(number: 1000 + number)) }
    for number in 1...count { _ = pool.opened(ConnectionID(number: number)) }
    for number in 1...count { _ = pool.release(ConnectionID(number: number)) }
    _ = pool.tick(at: .zero)  // the timer is still set for the deadlines of those requests
    return pool
  }

  /// A pool whose connections, this many, are all leased.
  static func leased(_ count: UInt64, of connections: Int = 4, queueLimit: Int = 10) -> TimedPool {
    let pool = TimedPool.idle(count, of: connections, queueLimit: queueLimit)
    for number in 1...count { _ = pool.acquire(RequestID(number: 2000 + number)) }
    return pool
  }

  typealias Action = PoolStateMachine.Action

  func start() -> [Action] { note(machine.start(now: now)) }
  func acquire(_ request: RequestID, wait: Duration = .seconds(30)) -> [Action] {
    note(machine.acquire(request, deadline: now + wait, now: now))
  }
  func cancel(_ request: RequestID) -> Bool { machine.cancel(request) }
  func release(_ connection: ConnectionID, healthy: Bool = true) -> [Action] {
    note(machine.release(connection, healthy: healthy, now: now))
  }
  func opened(_ connection: ConnectionID) -> [Action] { note(machine.opened(connection, now: now)) }
  func openFailed(_ connection: ConnectionID) -> [Action] { note(machine.openFailed(connection, now: now)) }
  func lost(_ connection: ConnectionID) -> [Action] { note(machine.lost(connection, now: now)) }
  func shutDown() -> [Action] { note(machine.shutDown(now: now)) }
  func tick(at time: Duration) -> [Action] {
    now = time
    timer = nil
    return note(machine.tick(now: now))
  }

  /// Open, opening, idle, leased, waiting.
  var counters: [Int] {
    [machine.open, machine.opening, machine.idle, machine.leased, machine.waiting]
  }

  private func note(_ actions: [Action]) -> [Action] {
    actions.filter {
      guard case .wake(let time) = $0 else { return true }
      timer = time
      return false
    }
  }
}

@Suite("A pool that works")
struct PoolServiceTests {
  @Test("Starting opens one connection before anyone asks for it")
  func start() {
    let pool = TimedPool()
    #expect(pool.start() == [.open(1)])
    #expect(pool.start() == [], "once")
    #expect(pool.opened(1) == [])
    #expect(pool.counters == [1, 0, 1, 0, 0])
  }

  @Test("The first request waits for the connection that is being opened already")
  func firstRequest() {
    let pool = TimedPool()
    _ = pool.start()
    #expect(pool.acquire(1) == [])
    #expect(pool.counters == [0, 1, 0, 0, 1])
    #expect(pool.opened(1) == [.grant(1, 1)])
    #expect(pool.counters == [1, 0, 0, 1, 0])
  }

  @Test("An idle connection is granted at once, and none is opened")
  func idleConnection() {
    let pool = TimedPool.idle(1)
    #expect(pool.acquire(1) == [.grant(1, 1)])
    #expect(pool.release(1) == [])
    #expect(pool.acquire(2) == [.grant(2, 1)])
  }

  @Test("Of several idle connections the one used last is used first")
  func mostRecentlyUsed() {
    let pool = TimedPool.idle(3)
    #expect(pool.acquire(1) == [.grant(1, 3)])
    #expect(pool.acquire(2) == [.grant(2, 2)])
    #expect(pool.release(3) == [])
    #expect(pool.acquire(3) == [.grant(3, 3)])
    #expect(pool.acquire(4) == [.grant(4, 1)])
  }

  @Test("Requests that wait are served in the order they came, whatever their deadlines")
  func firstComeFirstServed() {
    let pool = TimedPool.leased(1, of: 1)
    #expect(pool.acquire(1, wait: .seconds(30)) == [])
    #expect(pool.acquire(2, wait: .seconds(10)) == [])
    #expect(pool.acquire(3, wait: .seconds(20)) == [])
    #expect(pool.release(1) == [.grant(1, 1)])
    #expect(pool.release(1) == [.grant(2, 1)])
    #expect(pool.release(1) == [.grant(3, 1)])
    #expect(pool.release(1) == [])
  }

  @Test("A connection is opened for each request that has to wait, up to the maximum")
  func growth() {
    let pool = TimedPool.leased(1, of: 3)
    #expect(pool.acquire(1) == [.open(2)])
    #expect(pool.acquire(2) == [.open(3)])
    #expect(pool.acquire(3) == [])
    #expect(pool.counters == [1, 2, 0, 1, 3])
    #expect(pool.opened(3) == [.grant(1, 3)], "the one that opens first serves the one that came first")
    #expect(pool.opened(2) == [.grant(2, 2)])
    #expect(pool.counters == [3, 0, 0, 3, 1])
  }

  @Test("An attempt goes on when its request is served otherwise, and the next request opens no other")
  func attemptGoesOn() {
    let pool = TimedPool.leased(1)
    #expect(pool.acquire(1) == [.open(2)])
    #expect(pool.release(1) == [.grant(1, 1)])
    #expect(pool.acquire(2) == [])
    #expect(pool.counters == [1, 1, 0, 1, 1])
    #expect(pool.opened(2) == [.grant(2, 2)])
  }

  @Test("One request more than may wait is refused, and a place that becomes free can be taken")
  func queueFull() {
    let pool = TimedPool.leased(1, of: 1, queueLimit: 2)
    #expect(pool.acquire(1) == [])
    #expect(pool.acquire(2) == [])
    #expect(pool.acquire(3) == [.refuse(3, .queueFull)])
    #expect(pool.release(1) == [.grant(1, 1)])
    #expect(pool.acquire(4) == [])
    #expect(pool.acquire(5) == [.refuse(5, .queueFull)])
  }

  @Test("A place in the queue whose deadline has passed is free")
  func queueOfExpired() {
    let pool = TimedPool.leased(1, of: 1, queueLimit: 1)
    #expect(pool.acquire(1, wait: .seconds(1)) == [])
    pool.now = .seconds(1)
    #expect(pool.acquire(2) == [.refuse(1, .timedOut)])
    #expect(pool.counters == [1, 0, 0, 1, 1])
  }

  @Test("A request that is cancelled while it waits gets no answer, and the next gets the connection")
  func cancelWaiting() {
    let pool = TimedPool.leased(1, of: 1)
    _ = pool.acquire(1, wait: .seconds(1))
    _ = pool.acquire(2)
    #expect(pool.cancel(1))
    #expect(pool.tick(at: .seconds(1)) == [])
    #expect(pool.release(1) == [.grant(2, 1)])
  }

  @Test("Cancelling a request that has had its answer changes nothing and says so")
  func cancelAnswered() {
    let pool = TimedPool.idle(1, of: 1)
    _ = pool.acquire(1)
    #expect(!pool.cancel(1))
    #expect(pool.counters == [1, 0, 0, 1, 0])
    #expect(!pool.cancel(99))
  }
}

@Suite("The deadlines of a pool")
struct PoolDeadlineTests {
  @Test("A request is refused at its deadline, and the timer is set for the next")
  func timedOut() {
    let pool = TimedPool.leased(1, of: 1)
    _ = pool.acquire(1, wait: .seconds(3))
    #expect(pool.timer == .seconds(3))
    _ = pool.acquire(2, wait: .seconds(2))
    #expect(pool.timer == .seconds(2), "an earlier one replaces it")
    _ = pool.acquire(3, wait: .seconds(9))
    #expect(pool.timer == .seconds(2), "a later one does not")
    #expect(pool.tick(at: .seconds(2)) == [.refuse(2, .timedOut)])
    #expect(pool.timer == .seconds(3))
    #expect(pool.tick(at: .seconds(3)) == [.refuse(1, .timedOut)])
    #expect(pool.timer == .seconds(9))
    #expect(pool.release(1) == [.grant(3, 1)])
  }

  @Test("A tick too early changes nothing and sets the timer again")
  func earlyTick() {
    let pool = TimedPool.leased(1, of: 1)
    _ = pool.acquire(1, wait: .seconds(3))
    #expect(pool.tick(at: .milliseconds(2999)) == [])
    #expect(pool.timer == .seconds(3))
  }

  @Test("A connection that comes free after the deadline is not granted, even if the tick is late")
  func lateTick() {
    let pool = TimedPool.leased(1, of: 1)
    _ = pool.acquire(1, wait: .seconds(1))
    _ = pool.acquire(2, wait: .seconds(5))
    pool.now = .seconds(2)
    #expect(pool.release(1) == [.refuse(1, .timedOut), .grant(2, 1)])
  }

  @Test("A request whose deadline has passed already gets an idle connection or none")
  func noWait() {
    let pool = TimedPool.idle(1)
    #expect(pool.acquire(1, wait: .zero) == [.grant(1, 1)])
    #expect(pool.acquire(2, wait: .zero) == [.refuse(2, .timedOut)])
    #expect(pool.counters == [1, 0, 0, 1, 0])
  }
}

@Suite("A pool whose database is away")
struct PoolOutageTests {
  @Test("Attempts are made one at a time, for ever, after pauses that double up to the maximum")
  func backoff() {
    let pool = TimedPool()
    _ = pool.start()
    var connection: UInt64 = 1
    for milliseconds in [200, 400, 800, 1600, 2000, 2000, 2000] {
      pool.now += .milliseconds(70)  // how long the attempt takes
      #expect(pool.openFailed(ConnectionID(number: connection)) == [])
      let due = pool.now + .milliseconds(milliseconds)
      #expect(pool.timer == due)
      #expect(pool.tick(at: due - .milliseconds(1)) == [])
      connection += 1
      #expect(pool.tick(at: due) == [.open(ConnectionID(number: connection))])
      #expect(pool.timer == nil && pool.counters == [0, 1, 0, 0, 0])
    }
  }

  @Test("Those that wait are refused when the first attempt fails, and those that come at once")
  func unavailable() {
    let pool = TimedPool()
    _ = pool.start()
    _ = pool.acquire(1)
    _ = pool.acquire(2)
    #expect(!pool.machine.isUnavailable)
    #expect(pool.openFailed(1) == [.refuse(1, .unavailable), .refuse(2, .unavailable)])
    #expect(pool.machine.isUnavailable)
    #expect(pool.acquire(3) == [.refuse(3, .unavailable)])
    #expect(pool.openFailed(2) == [])
    #expect(pool.acquire(4) == [.refuse(4, .unavailable)])
    #expect(pool.tick(at: .milliseconds(200)) == [.open(3)])
    #expect(pool.acquire(5) == [.refuse(5, .unavailable)], "while the next attempt is under way, too")
  }

  @Test("An attempt that succeeds heals the pool, and the next pause is the first again")
  func healing() {
    let pool = TimedPool()
    _ = pool.start()
    _ = pool.openFailed(1)
    _ = pool.tick(at: .milliseconds(200))
    _ = pool.openFailed(2)
    #expect(pool.tick(at: .milliseconds(600)) == [.open(3)])
    #expect(pool.opened(3) == [])
    #expect(!pool.machine.isUnavailable)
    #expect(pool.acquire(1) == [.grant(1, 3)])
    #expect(pool.acquire(2) == [.open(4)])
    #expect(pool.acquire(3) == [.open(5)], "several at a time again")
    _ = pool.openFailed(4)
    _ = pool.openFailed(5)
    #expect(pool.timer == .milliseconds(800))
  }

  @Test("With a connection open requests wait out the pauses, while one attempt at a time is made")
  func partialOutage() {
    let pool = TimedPool.leased(1, of: 4)
    #expect(pool.acquire(1) == [.open(2)])
    #expect(pool.acquire(2) == [.open(3)])
    #expect(pool.openFailed(2) == [], "the other attempt is still under way")
    #expect(pool.acquire(3) == [])
    #expect(pool.openFailed(3) == [])
    #expect(pool.counters == [1, 0, 0, 1, 3])
    #expect(pool.tick(at: .milliseconds(200)) == [.open(4)])
    #expect(pool.acquire(4) == [])
    #expect(pool.release(1) == [.grant(1, 1)])
    #expect(pool.opened(4) == [.grant(2, 4), .open(5), .open(6)], "then for all that wait")
  }

  @Test("Attempts that fail side by side are one failure, and the pause begins with the last")
  func sideBySide() {
    let pool = TimedPool.leased(1)
    for request in 1...3 { _ = pool.acquire(RequestID(number: UInt64(request))) }
    #expect(pool.machine.pause(now: pool.now) == .zero)
    _ = pool.openFailed(2)
    #expect(pool.machine.pause(now: pool.now) == .milliseconds(200), "at least, if the others fail now")
    _ = pool.openFailed(3)
    pool.now = .seconds(1)
    #expect(pool.tick(at: .seconds(1)) == [])
    _ = pool.openFailed(4)
    #expect(pool.timer == .milliseconds(1200))
    #expect(pool.machine.pause(now: .milliseconds(1050)) == .milliseconds(150))
    #expect(pool.tick(at: .milliseconds(1200)) == [.open(5)])
  }

  @Test("With a connection open and nobody waiting no attempt is made until somebody has to wait")
  func noDemand() {
    let pool = TimedPool.leased(1)
    #expect(pool.acquire(1) == [.open(2)])
    _ = pool.openFailed(2)
    #expect(pool.release(1) == [.grant(1, 1)])
    #expect(pool.tick(at: .milliseconds(200)) == [])
    #expect(pool.timer == nil)
    #expect(pool.acquire(2) == [.open(3)])
  }

  @Test("When the last connection breaks after a failed attempt, those that wait are refused")
  func lastConnectionLost() {
    let pool = TimedPool.leased(1)
    _ = pool.acquire(1)
    _ = pool.openFailed(2)
    #expect(pool.lost(1) == [.close(1), .refuse(1, .unavailable)])
    #expect(pool.timer == .milliseconds(200))
    #expect(pool.tick(at: .milliseconds(200)) == [.open(3)])
  }
}

@Suite("Connections of a pool that break or grow old")
struct PoolConnectionLossTests {
  @Test("A connection released unhealthy is closed, and replaced if somebody waits")
  func unhealthy() {
    let pool = TimedPool.leased(2, of: 2)
    _ = pool.acquire(1)
    #expect(pool.release(1, healthy: false) == [.close(1), .open(3)])
    #expect(pool.opened(3) == [.grant(1, 3)])
    #expect(pool.release(3, healthy: false) == [.close(3)], "nobody waits")
    #expect(pool.counters == [1, 0, 0, 1, 0])
  }

  @Test("An idle connection that breaks is closed and not granted")
  func idleLost() {
    let pool = TimedPool.idle(3)
    #expect(pool.lost(2) == [.close(2)])
    #expect(pool.acquire(1) == [.grant(1, 3)])
    #expect(pool.acquire(2) == [.grant(2, 1)])
    #expect(pool.lost(2) == [], "it is known already")
  }

  @Test("A leased connection that breaks is replaced, and its release later is without effect")
  func leasedLost() {
    let pool = TimedPool.leased(1, of: 1)
    _ = pool.acquire(1)
    #expect(pool.lost(1) == [.close(1), .open(2)])
    #expect(pool.opened(2) == [.grant(1, 2)])
    #expect(pool.release(1) == [])
    #expect(pool.counters == [1, 0, 0, 1, 0])
  }

  @Test("The last connection is replaced even if nobody waits, so that an outage is found")
  func minimum() {
    let pool = TimedPool.idle(2)
    #expect(pool.lost(1) == [.close(1)])
    #expect(pool.lost(2) == [.close(2), .open(3)])
    let other = TimedPool.leased(1)
    #expect(other.release(1, healthy: false) == [.close(1), .open(2)])
  }

  @Test("A connection that breaks while it is being opened counts as a failed attempt")
  func lostWhileOpening() {
    let pool = TimedPool()
    _ = pool.start()
    #expect(pool.lost(1) == [])
    #expect(pool.machine.isUnavailable && pool.timer == .milliseconds(200))
  }

  @Test("A second report that a connection is open does not make it idle a second time")
  func openedTwice() {
    let pool = TimedPool.leased(1)
    #expect(pool.opened(1) == [])
    #expect(pool.counters == [1, 0, 0, 1, 0])
  }

  @Test("Connections idle for too long are closed, the longest idle first, but never the only one")
  func idleLifetime() {
    let pool = TimedPool.idle(3)
    #expect(pool.timer == .seconds(300))
    pool.now = .seconds(100)
    _ = pool.acquire(1)
    _ = pool.release(3)
    #expect(pool.tick(at: .seconds(299)) == [])
    #expect(pool.tick(at: .seconds(300)) == [.close(1), .close(2)])
    #expect(pool.timer == nil, "one is left, which stays")
    #expect(pool.tick(at: .seconds(1000)) == [])
    #expect(pool.counters == [1, 0, 1, 0, 0])
  }

  @Test("While one connection is leased, the others that are idle for too long are all closed")
  func idleBesideLeased() {
    let pool = TimedPool.idle(2)
    _ = pool.acquire(1)
    #expect(pool.tick(at: .seconds(300)) == [.close(1)])
    #expect(pool.counters == [1, 0, 0, 1, 0])
  }

  @Test("Without a limit idle connections stay, and no timer is set")
  func idleForEver() {
    let pool = TimedPool.idle(3, idleLifetime: nil)
    #expect(pool.tick(at: .seconds(1_000_000)) == [])
    #expect(pool.timer == nil)
    #expect(pool.counters == [3, 0, 3, 0, 0])
  }
}

@Suite("A pool that shuts down")
struct PoolShutdownTests {
  @Test("Requests are refused, idle connections closed, leased ones when released; then it is drained")
  func shutDown() {
    let pool = TimedPool.leased(2, of: 2)
    _ = pool.acquire(1)
    _ = pool.acquire(2)
    #expect(pool.shutDown() == [.refuse(1, .shutDown), .refuse(2, .shutDown)])
    #expect(pool.acquire(3) == [.refuse(3, .shutDown)])
    #expect(pool.release(2) == [.close(2)])
    #expect(pool.shutDown() == [])
    #expect(pool.release(1) == [.close(1), .drained])
    #expect(pool.acquire(4) == [.refuse(4, .shutDown)])
    #expect(pool.tick(at: .seconds(9)) == [] && pool.shutDown() == [])
    #expect(pool.counters == [0, 0, 0, 0, 0])
  }

  @Test("A pool whose connections are all idle is drained at once, and only once")
  func idle() {
    let pool = TimedPool.idle(2)
    #expect(pool.shutDown() == [.close(1), .close(2), .drained])
    #expect(pool.shutDown() == [] && pool.start() == [] && pool.tick(at: .seconds(1)) == [])
  }

  @Test("Attempts under way are given up, and one that succeeds nevertheless is closed")
  func opening() {
    let pool = TimedPool()
    _ = pool.start()
    _ = pool.acquire(1)
    _ = pool.acquire(2)
    #expect(
      pool.shutDown()
        == [.refuse(1, .shutDown), .refuse(2, .shutDown), .close(1), .close(2), .drained])
    #expect(pool.opened(1) == [.close(1)])
    #expect(pool.openFailed(2) == [])
  }

  @Test("A leased connection that breaks need not be waited for")
  func lost() {
    let pool = TimedPool.leased(1)
    #expect(pool.shutDown() == [])
    #expect(pool.lost(1) == [.close(1), .drained])
    #expect(pool.release(1) == [])
  }

  @Test("While the database is away a pool is drained at once and makes no more attempts")
  func away() {
    let pool = TimedPool()
    _ = pool.start()
    _ = pool.openFailed(1)
    #expect(pool.shutDown() == [.drained])
    #expect(pool.tick(at: .seconds(60)) == [])
  }
}
