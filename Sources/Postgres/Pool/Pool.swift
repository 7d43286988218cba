import EventLoop

/// Connections to one database, shared by all callers: the shell around `PoolStateMachine`.
public actor Pool {
  /// The numbers of connections and of waiting requests.
  public struct Counters: Sendable, Equatable {
    public var open = 0
    public var idle = 0
    public var leased = 0
    public var waiting = 0
  }

  /// What happens to the pool's connections, for the log.
  public enum Event: Sendable {
    case connected
    /// With the reason.
    case lost(String)
    /// With the reason, and how long until the next attempt.
    case connectFailed(String, Duration)
  }

  public struct Limits: Sendable {
    /// The most connections, from 1.
    public var connections: Int
    /// The most requests that wait for a connection, from 1.
    public var queueLimit: Int
    /// The longest wait for a connection.
    public var queueTimeout: Duration

    public init(connections: Int, queueLimit: Int, queueTimeout: Duration) {
      self.connections = connections
      self.queueLimit = queueLimit
      self.queueTimeout = queueTimeout
    }
  }

  private typealias Answer = CheckedContinuation<Result<ConnectionID, PostgresError>, Never>

  public nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let settings: ConnectionSettings
  private let hosts: Hosts
  /// Why the last attempt to connect failed; nil if it succeeded.
  public private(set) var outage: Outage?
  private let limits: Limits
  private let report: @Sendable (Event) -> Void
  private let epoch = ContinuousClock.now
  private var machine: PoolStateMachine
  private var connections: [ConnectionID: Connection] = [:]
  private var answers: [RequestID: Answer] = [:]
  private var lastRequest: UInt64 = 0
  private var wakeAt: Duration?
  /// A connection of its own that asks after silent ones.
  private var witness: Connection?
  private var isShutDown = false
  private var drained: CheckedContinuation<Void, Never>?
  /// Connections that are being closed while the pool shuts down.
  private var closing: [Task<Void, Never>] = []

  public init(
    loop: EventLoop, settings: ConnectionSettings, limits: Limits, report: @escaping @Sendable (Event) -> Void
  ) {
    self.loop = loop
    self.settings = settings
    hosts = Hosts(loop: loop, settings: settings)
    self.limits = limits
    self.report = report
    machine = PoolStateMachine(
      limits: .init(connections: limits.connections, queueLimit: limits.queueLimit))
  }

  private var now: Duration { epoch.duration(to: .now) }

  /// Opens the first connection, and keeps trying while the database is away.
  public func start() {
    carryOut(machine.start(now: now))
    loop.every(.milliseconds(100)) { [weak self] in self?.assumeIsolated { $0.tick() } }
  }

  /// Waits for the queries under way, then closes all connections. Later requests are refused. To be called once.
  ///
  /// - Parameter timeout: How long to wait for queries; then their connections are closed.
  public func shutDown(timeout: Duration) async {
    guard !isShutDown else { return }
    isShutDown = true
    let cut = Task(executorPreference: loop) {
      try await Task.sleep(for: timeout)
      await self.loseAll()
    }
    defer { cut.cancel() }
    await withCheckedContinuation { continuation in
      drained = continuation
      carryOut(machine.shutDown(now: now))
    }
    // Idle connections are closed in tasks of their own.
    for task in closing { await task.value }
    closing = []
  }

  public var counters: Counters {
    Counters(open: machine.open, idle: machine.idle, leased: machine.leased, waiting: machine.waiting)
  }

  private func loseAll() {
    for (id, connection) in connections {
      connection.assumeIsolated { $0.close() }
      connections[id] = nil
      carryOut(machine.lost(id, now: now))
    }
  }

  // MARK: - Queries

  /// Runs statements in one round trip and one transaction.
  public func execute(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
    try await withConnection { connection throws(PostgresError) in try await connection.execute(queries) }
  }

  /// Runs one statement.
  public func execute(_ query: Query) async throws(PostgresError) -> Rows {
    try await execute([query])[0]
  }

  /// Runs statements that must have their answer by a deadline, such as those of a probe. They go ahead of all that
  /// waits, and a connection that has not answered by then is closed.
  public func execute(
    _ queries: [Query], before deadline: ContinuousClock.Instant
  ) async throws(PostgresError) -> [Rows] {
    try await withConnection(before: deadline) { connection throws(PostgresError) in
      try await connection.execute(queries, before: deadline)
    }
  }

  /// Runs `body` with a connection of its own.
  public func withConnection<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> Result
  ) async throws(PostgresError) -> Result {
    try await withConnection(before: nil, body)
  }

  /// - Parameter deadline: Of an urgent request for a connection.
  private func withConnection<Result: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @Sendable (Connection) async throws(PostgresError) -> Result
  ) async throws(PostgresError) -> Result {
    let (id, connection) = try await acquire(before: deadline)
    do {
      let result = try await body(connection)
      await release(id, connection)
      return result
    } catch {
      await release(id, connection)
      throw error
    }
  }

  private func acquire(before deadline: ContinuousClock.Instant?) async throws(PostgresError) -> (
    ConnectionID, Connection
  ) {
    lastRequest += 1
    let request = RequestID(number: lastRequest)
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: Answer) in
        answers[request] = continuation
        carryOut(
          machine.acquire(
            request, deadline: deadline.map(epoch.duration(to:)) ?? now + limits.queueTimeout,
            isUrgent: deadline != nil, now: now))
      }
    } onCancel: {
      Task { await self.cancel(request) }
    }
    let id = try answer.get()
    guard let connection = connections[id] else {
      // Lost between the grant and the resumption of this task.
      carryOut(machine.release(id, healthy: false, now: now))
      throw .unavailable("the connection broke")
    }
    return (id, connection)
  }

  private func cancel(_ request: RequestID) {
    if machine.cancel(request) {
      answers.removeValue(forKey: request)?.resume(returning: .failure(.cancelled))
    }
  }

  private func release(_ id: ConnectionID, _ connection: Connection) async {
    let (healthy, spentBy) = await (connection.isHealthy, connection.spentBy)
    carryOut(machine.release(id, healthy: healthy, now: now))
    // The others may be at the same server.
    if spentBy == SQLState.readOnly { suspectAll() }
  }

  // MARK: - The machine's actions

  private func carryOut(_ actions: [PoolStateMachine.Action]) {
    for action in actions {
      switch action {
      case .open(let id): open(id)
      case .close(let id):
        if let connection = connections.removeValue(forKey: id) {
          let task = Task(executorPreference: loop) { await connection.close() }
          if isShutDown { closing.append(task) }
        }
      case .prove(let id): prove(id)
      case .grant(let request, let id):
        answers.removeValue(forKey: request)?.resume(returning: .success(id))
      case .refuse(let request, let refusal):
        answers.removeValue(forKey: request)?.resume(returning: .failure(Self.error(refusal)))
      case .wake(let time): wakeAt = time
      case .drained:
        drained?.resume()
        drained = nil
      }
    }
  }

  private func open(_ id: ConnectionID) {
    let connection = Connection(loop: loop, settings: settings, hosts: hosts)
    connections[id] = connection
    Task(executorPreference: loop) { await self.establish(id, connection) }
  }

  private func establish(_ id: ConnectionID, _ connection: Connection) async {
    do throws(ConnectFailure) {
      try await connection.open { [weak self] message in self?.assumeIsolated { $0.lost(id, message) } }
      opened(id)
    } catch {
      openFailed(id, error)
    }
  }

  private func opened(_ id: ConnectionID) {
    outage = nil
    if connections[id] != nil { report(.connected) }
    carryOut(machine.opened(id, now: now))
  }

  private func openFailed(_ id: ConnectionID, _ failure: ConnectFailure) {
    guard connections.removeValue(forKey: id) != nil else { return }
    outage = failure.outage
    carryOut(machine.openFailed(id, now: now))
    report(.connectFailed(failure.message, machine.pause(now: now)))
  }

  /// What connections there are may lead to a server that is dead or read-only: each is proved before it is lent again.
  public func suspectAll() { carryOut(machine.suspect(now: now)) }

  private func prove(_ id: ConnectionID) {
    guard let connection = connections[id] else { return }
    Task(executorPreference: loop) { await self.prove(id, connection) }
  }

  private func prove(_ id: ConnectionID, _ connection: Connection) async {
    if await connection.prove() { return carryOut(machine.proved(id, now: now)) }
    await connection.close()
    lost(id, "it was silent or read-only")
  }

  private func lost(_ id: ConnectionID, _ message: String) {
    guard connections.removeValue(forKey: id) != nil else { return }
    report(.lost(message))
    carryOut(machine.lost(id, now: now))
  }

  private static let working = Statement.unprepared(
    "SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1) AND state NOT LIKE 'idle%'", types: [.int8Array])
  /// How long an answer may be on its way.
  private static let answerTime = Duration.milliseconds(500)

  /// Closes those connections that the database is not working for: the statement or its answer was lost.
  private func examine(_ silent: [Connection], with witness: Connection) async {
    defer { self.witness = nil }
    var signs: [(connection: Connection, backend: Int, sign: ContinuousClock.Instant)] = []
    for connection in silent where await connection.backend != 0 {
      signs.append(await (connection, connection.backend, connection.lastSign))
    }
    do {
      try await witness.open { _ in }
      let query = Self.working(.ints(signs.map { Int64($0.backend) }))
      let rows = try await witness.execute([query], before: .now + Self.answerTime)[0]
      let working = Set(try rows.map { try $0(0, as: Int.self) })
      await witness.close()
      try await Task.sleep(for: Self.answerTime)
      for (connection, backend, sign) in signs where !working.contains(backend) {
        await connection.close(ifSilentSince: sign)
      }
    } catch {
      // Nothing is known. They are examined again.
      await witness.close()
    }
  }

  private func tick() {
    if let due = wakeAt, due <= now {
      wakeAt = nil
      carryOut(machine.tick(now: now))
    }
    let instant = ContinuousClock.now
    witness?.assumeIsolated { _ = $0.checkDeadline(now: instant) }
    let silent = connections.values.filter { connection in
      connection.assumeIsolated { $0.checkDeadline(now: instant) }
    }
    guard !silent.isEmpty, !isShutDown else { return }
    suspectAll()
    if witness == nil {
      let witness = Connection(loop: loop, settings: Connection.brief(settings), hosts: hosts)
      self.witness = witness
      Task(executorPreference: loop) { await self.examine(silent, with: witness) }
    }
  }

  private static func error(_ refusal: PoolStateMachine.Refusal) -> PostgresError {
    switch refusal {
    case .queueFull: .busy("too many requests wait for the database")
    case .timedOut: .busy("no connection to the database became free in time")
    case .unavailable: .unavailable("the database cannot be reached")
    case .shutDown: .unavailable("the service is shutting down")
    }
  }
}
