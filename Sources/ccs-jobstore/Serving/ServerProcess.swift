import API
import Authorization
import Background
import EventLoop
import FoundationEssentials
import Glibc
import HTTPServer
import Observability
import Postgres
import Repository
import Synchronization

/// The server from its start to its end: wires the layers, and answers signals.
final class ServerProcess: Sendable {
  /// What a reload exchanges as a whole.
  private struct Generation: Sendable {
    var configuration: Configuration
    var certificate: Certificate
    var eraser: Eraser
    var erasing: Task<Void, Never>
    var scheduling: Task<Void, Never>
  }

  /// What is known of the database's schema.
  private enum Schema: Sendable, Equatable {
    case unknown
    case right
    case wrong(found: String)
  }

  private let load: @Sendable () throws -> Configuration
  /// What the process was started with: what needs a restart is as it says there.
  private let startedWith: Configuration
  private let manager: ServiceManager
  private let observe: Observer
  private let loop = EventLoop(name: "event-loop")
  private let pool: Pool
  private let repository: Repository
  private let server: Server
  private let passwordMemory = PasswordMemory()
  private let uploadSlots = UploadSlots()
  private let generation: Mutex<Generation?> = Mutex(nil)
  private let schema = Mutex(Schema.unknown)
  private let socket: ListeningSocket
  // What anybody may ask without a token, so that any number of those who do cost one connection to the database.
  private let deployedSchema: SharedAnswer<Result<String?, RepositoryError>>
  private let purgesWaiting: SharedAnswer<Int?>

  /// - Parameter load: Reads the configuration; again on each reload.
  init(
    configuration: Configuration, environment: [String: String],
    load: @escaping @Sendable () throws -> Configuration
  ) throws {
    self.load = load
    startedWith = configuration
    manager = ServiceManager(environment: environment)
    let observer = Observer(
      log: Log(level: LogLevel(rawValue: configuration.log.level.rawValue) ?? .info),
      metrics: Metrics(version: Version.text))
    observe = observer
    observer(.serverStarting(version: Version.text))
    Self.raiseDescriptorLimit()
    pool = Pool(
      loop: loop, settings: try configuration.connectionSettings(), limits: configuration.poolLimits
    ) {
      switch $0 {
      case .connected: observer(.databaseConnected("connected"))
      case .lost(let message): observer(.databaseLost(message))
      case .connectFailed(let message, let pause):
        observer(.databaseConnectFailed(message, retrySeconds: pause / .seconds(1)))
      }
    }
    repository = Repository(pool: pool)
    deployedSchema = SharedAnswer { [pool] in
      do throws(RepositoryError) {
        return .success(try await SchemaVersion.deployed(pool))
      } catch {
        return .failure(error)
      }
    }
    purgesWaiting = SharedAnswer { [repository] in try? await repository.purges.waiting() }
    socket = try ListeningSocket.open(
      address: configuration.listen.address, port: configuration.listen.port,
      backlog: configuration.listen.backlog)
    server = Server(socket: socket, executor: loop, observer: observer)
    try begin(configuration)
  }

  /// Serves until a signal ends it.
  ///
  /// - Returns: The exit status.
  func run(signals: AsyncStream<Signal>) async -> ExitStatus {
    await pool.start()
    loop.every(.milliseconds(250)) { [server] in server.sweep() }
    if let interval = manager.watchdogInterval {
      // On the loop, so that a loop which hangs is a service which does not answer.
      loop.every(interval) { [manager] in manager.alive() }
    }
    let wrongSchema = AsyncStream.makeStream(of: Signal.self)
    let watching = Task { await watchSchema { wrongSchema.continuation.yield(.stop) } }
    observe(
      .listening(address: generation.withLock { $0?.configuration.listen.address ?? "" }, port: socket.port))
    manager.ready("serving on port \(socket.port)")

    let forwarding = Task {
      for await signal in signals { wrongSchema.continuation.yield(signal) }
    }
    defer {
      watching.cancel()
      forwarding.cancel()
    }
    for await signal in wrongSchema.stream {
      switch signal {
      case .reload: reload()
      case .stop:
        let refused = schema.withLock { if case .wrong = $0 { true } else { false } }
        let drained = await stop()
        return refused ? .configuration : drained ? .done : .failed
      }
    }
    return .done
  }

  // MARK: - Generations

  /// Begins to serve with a configuration, or goes on with another.
  private func begin(_ configuration: Configuration) throws {
    let certificate = try Certificate(
      chainFile: configuration.tls.certificateFile, privateKeyFile: configuration.tls.privateKeyFile)
    observe(.certificate(expiresInDays: certificate.daysLeft, subject: certificate.subject))
    let eraser = Eraser(repository: repository, settings: configuration.eraserSettings, observer: observe)
    let jobs = JobService(
      repository: repository,
      settings: .init(
        deletionRowBound: configuration.deletion.transactionRowBound, maximumRuns: 100_000,
        maximumMessages: 200_000),
      observer: observe, rowsLeft: { eraser.wake() })
    let collection = CollectionService(
      repository: repository, maximumAttempts: configuration.collectors.maximumAttempts)
    let reports = ReportService(
      repository: repository, settings: configuration.reportSettings, slots: uploadSlots, observer: observe)
    let logins = Logins(
      repository: repository,
      hasher: PasswordHasher(
        parameters: configuration.scryptParameters, threads: configuration.passwords.hashThreads,
        queueLimit: configuration.passwords.hashQueueLimit),
      memory: passwordMemory, settings: configuration.loginSettings, observer: observe)
    try server.serve(
      Router(
        Services(
          jobs: jobs, collection: collection, searches: SearchService(repository: repository),
          results: ResultService(repository: repository, maximumChecks: configuration.results.maximumChecks),
          authoring: JobAuthoring(repository: repository, limits: configuration.jobLimits),
          operating: JobOperating(repository: repository),
          reports: reports, logins: logins,
          unready: { [weak self] in await self?.unready() ?? [] },
          metrics: { [weak self] in await self?.metrics() ?? "" }),
        limits: configuration.requestLimits),
      certificate: certificate, settings: configuration.serverSettings)
    passwordMemory.setLifetime(.seconds(configuration.passwords.rememberSeconds))
    observe.setLevel(LogLevel(rawValue: configuration.log.level.rawValue) ?? .info)
    let erasing = background { await eraser.run() }
    let scheduler = Scheduler(
      repository: repository, settings: configuration.schedulerSettings, observer: observe)
    let scheduling = background { await scheduler.run() }
    let former = generation.withLock { generation in
      let former = generation
      generation = Generation(
        configuration: configuration, certificate: certificate, eraser: eraser, erasing: erasing,
        scheduling: scheduling)
      return former
    }
    former?.erasing.cancel()
    former?.scheduling.cancel()
  }

  /// Works beside the requests. Nothing is begun in a database that is not ours.
  private func background(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: loop) { [weak self] in
      while let self, self.schema.withLock({ $0 != .right }), !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(50))
      }
      await work()
    }
  }

  private func reload() {
    manager.reloading()
    defer { manager.ready("serving on port \(socket.port)") }
    do {
      let configuration = try load()
      let restart = configuration.changesNeedingRestart(from: startedWith)
      try begin(configuration)
      observe(
        .reloaded(
          restart.isEmpty
            ? "configuration and certificate are in force"
            : "in force, but for what needs a restart: \(restart.joined(separator: ", "))"))
    } catch {
      observe(.reloadRefused("\(error)"))
    }
  }

  private func stop() async -> Bool {
    manager.stopping()
    let (limit, tasks) = generation.withLock {
      ($0?.configuration.shutdown.drainSeconds ?? 0, [$0?.erasing, $0?.scheduling])
    }
    observe(.draining(seconds: limit))
    for task in tasks { task?.cancel() }
    let drained = await server.drain(within: .seconds(limit)) { [repository] in
      await repository.jobRunClaims.endWaits()
    }
    await pool.shutDown(patience: .seconds(drained ? 5 : 1))
    observe(.stopped)
    return drained
  }

  // MARK: - Readiness

  /// Looks at the schema until it is known; on one that this build does not know, `refuse` ends the server.
  private func watchSchema(refuse: () -> Void) async {
    while !Task.isCancelled {
      if let found = try? await SchemaVersion.deployed(pool) ?? "nothing" {
        let right = found == SchemaVersion.wanted
        schema.withLock { $0 = right ? .right : .wrong(found: found) }
        if !right {
          observe(.schemaRefused(found: found, wanted: SchemaVersion.wanted))
          refuse()
        }
        return
      }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  private func unready() async -> [(part: String, detail: String)] {
    do throws(RepositoryError) {
      let found = try await deployedSchema.value().get() ?? "nothing"
      guard found == SchemaVersion.wanted else {
        return [("schema", "The schema is at \(found); \(SchemaVersion.wanted) is wanted.")]
      }
    } catch {
      return [("database", "The database cannot be reached.")]
    }
    let daysLeft = generation.withLock { $0?.certificate.daysLeft ?? 0 }
    return daysLeft > 0 ? [] : [("certificate", "The certificate has expired.")]
  }

  private func metrics() async -> String {
    let counters = await pool.counters
    return observe.exposition(
      Gauges(
        poolConnectionsOpen: counters.open, poolConnectionsIdle: counters.idle,
        poolConnectionsLeased: counters.leased, poolQueueLength: counters.waiting,
        requestsInFlight: server.requestsInFlight, connectionsOpen: server.connectionsOpen,
        purgesWaiting: await purgesWaiting.value(),
        certificateExpiresInDays: generation.withLock { $0?.certificate.daysLeft },
        residentBytes: Self.residentBytes()))
  }

  /// proc(5), statm: the second number counts resident pages.
  private static func residentBytes() -> Int {
    let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let fields = statm.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }

  /// As many descriptors as the system lets us have: each client is one.
  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
