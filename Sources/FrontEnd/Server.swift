import Authorization
import Observability
import Synchronization

/// The HTTPS server: one daemon that accepts, and those it took over from, until their clients have gone.
public final class Server: Sendable {
  public struct Settings: Sendable {
    /// Memory for a request's head, in bytes.
    public var headBytes: Int
    /// The most bytes of a request's body.
    public var bodyBytes: Int
    /// The most bytes of a token request's body.
    public var tokenBodyBytes: Int
    /// The most bytes of a body that is read while it arrives.
    public var bulkBodyBytes: Int
    /// From the head of such a request to its answer.
    public var bulkTimeout: Duration
    /// The most client connections.
    public var connections: Int
    /// The most client connections of one address; 0 for no limit.
    public var connectionsPerAddress: Int
    public var requestsInFlight: Int
    /// libmicrohttpd's threads.
    public var threads: Int
    public var maximumJobsPerRequest: Int
    /// From the connection to the head of its first request.
    public var headTimeout: Duration
    /// Between two requests of a connection.
    public var idleTimeout: Duration
    public var bodyTimeout: Duration
    public var requestTimeout: Duration

    public init(
      headBytes: Int, bodyBytes: Int, tokenBodyBytes: Int, bulkBodyBytes: Int, bulkTimeout: Duration,
      connections: Int, connectionsPerAddress: Int, requestsInFlight: Int, threads: Int,
      maximumJobsPerRequest: Int, headTimeout: Duration,
      idleTimeout: Duration, bodyTimeout: Duration, requestTimeout: Duration
    ) {
      self.headBytes = headBytes
      self.bodyBytes = bodyBytes
      self.tokenBodyBytes = tokenBodyBytes
      self.bulkBodyBytes = bulkBodyBytes
      self.bulkTimeout = bulkTimeout
      self.connections = connections
      self.connectionsPerAddress = connectionsPerAddress
      self.requestsInFlight = requestsInFlight
      self.threads = threads
      self.maximumJobsPerRequest = maximumJobsPerRequest
      self.headTimeout = headTimeout
      self.idleTimeout = idleTimeout
      self.bodyTimeout = bodyTimeout
      self.requestTimeout = requestTimeout
    }

    var daemon: HTTPSDaemon.Settings {
      HTTPSDaemon.Settings(
        headBytes: headBytes, connections: connections, connectionsPerAddress: connectionsPerAddress,
        requestsInFlight: requestsInFlight, threads: threads,
        deadlines: .init(
          head: headTimeout, idle: idleTimeout, body: bodyTimeout, request: requestTimeout,
          response: requestTimeout, upload: bulkTimeout))
    }
  }

  /// What is served; all of it is exchanged by a reload.
  public struct Services: Sendable {
    public var jobs: JobService
    public var collection: CollectionService
    public var searches: SearchService
    public var results: ResultService
    public var authoring: JobAuthoring
    public var operating: JobOperating
    public var reports: ReportService
    public var logins: Logins
    /// What is not ready, each with a word and a sentence.
    public var unready: @Sendable () async -> [(part: String, detail: String)]
    /// The page of metrics.
    public var metrics: @Sendable () async -> String

    public init(
      jobs: JobService, collection: CollectionService, searches: SearchService, results: ResultService,
      authoring: JobAuthoring, operating: JobOperating, reports: ReportService, logins: Logins,
      unready: @escaping @Sendable () async -> [(part: String, detail: String)],
      metrics: @escaping @Sendable () async -> String
    ) {
      self.jobs = jobs
      self.collection = collection
      self.searches = searches
      self.results = results
      self.authoring = authoring
      self.operating = operating
      self.reports = reports
      self.logins = logins
      self.unready = unready
      self.metrics = metrics
    }
  }

  public enum Failure: Error, CustomStringConvertible {
    case notStarted(String)
    public var description: String {
      switch self {
      case .notStarted(let reason): reason
      }
    }
  }

  private struct State {
    var current: HTTPSDaemon?
    var retiring: [HTTPSDaemon] = []
  }

  private let socket: ListeningSocket
  private let executor: any TaskExecutor
  private let observe: Observer
  private let inFlight = InFlight()
  private let state = Mutex(State())

  /// - Parameter executor: Where requests are answered; nothing there may block.
  public init(socket: ListeningSocket, executor: any TaskExecutor, observer: Observer) {
    self.socket = socket
    self.executor = executor
    observe = observer
  }

  /// Requests taken and not answered yet.
  public var requestsInFlight: Int { inFlight.count }

  /// Connections of clients.
  public var connectionsOpen: Int {
    state.withLock { ([$0.current].compactMap(\.self) + $0.retiring).reduce(0) { $0 + $1.registry.count } }
  }

  /// Begins to serve; or goes on with other services, settings and certificate, without dropping a connection:
  /// a new daemon accepts from now on, the old one answers its clients once more and asks them to come anew.
  public func serve(_ services: Services, certificate: Certificate, settings: Settings) throws(Failure) {
    let jobs = services.jobs
    let router = Router(
      routes: RoutingTable.routes(
        jobs: JobHandlers(service: jobs, maximumJobsPerRequest: settings.maximumJobsPerRequest),
        collection: CollectionHandlers(service: services.collection),
        searches: SearchHandlers(jobs: jobs, service: services.searches),
        results: ResultHandlers(service: services.results),
        authoring: JobAuthoringHandlers(service: services.authoring),
        operating: JobOperationHandlers(service: services.operating),
        reports: ReportHandlers(service: services.reports),
        tokens: TokenHandlers(logins: services.logins),
        operation: OperationHandlers(unready: services.unready, metrics: services.metrics),
        bodyLimit: settings.bodyBytes, tokenBodyLimit: settings.tokenBodyBytes,
        bulkBodyLimit: settings.bulkBodyBytes),
      authenticate: { bearer throws(Refusal) in try await jobs.authenticate(bearer: bearer) })
    let daemon = HTTPSDaemon(
      router: router, settings: settings.daemon, executor: executor, inFlight: inFlight, observer: observe)
    do throws(HTTPSDaemon.Failure) {
      try daemon.start(on: socket, certificate: certificate)
    } catch {
      throw .notStarted("\(error)")
    }
    let former = state.withLock { state -> HTTPSDaemon? in
      let former = state.current
      state.current = daemon
      if let former { state.retiring.append(former) }
      return former
    }
    former?.quiesce()
  }

  /// Cuts what has taken too long and ends daemons whose last client has gone. To be called a few times a second.
  public func sweep() {
    let (all, finished) = state.withLock { state in
      let finished = state.retiring.filter { $0.registry.count == 0 && $0.closeIfIdle() }
      state.retiring.removeAll { daemon in finished.contains { $0 === daemon } }
      return ([state.current].compactMap(\.self) + state.retiring, finished)
    }
    for daemon in all { daemon.registry.sweep() }
    // Stopping waits for the daemon's threads.
    for daemon in finished { Task.detached { daemon.stop() } }
  }

  /// No request is under way, now or within a time, and no more is taken.
  private func areClosed(_ daemons: [HTTPSDaemon], within limit: Duration) async -> Bool {
    let deadline = ContinuousClock.now + limit
    while !daemons.allSatisfy({ $0.closeIfIdle() }) {
      guard ContinuousClock.now < deadline else { return false }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return true
  }

  /// Accepts nothing more, waits for the requests under way, and ends.
  ///
  /// - Parameters:
  ///   - limit: The longest wait; then the requests are cancelled.
  ///   - endWaits: Answers the requests that do nothing but wait, once their clients will not come again.
  /// - Returns: Whether every request was answered. If not, the daemons still run.
  public func drain(within limit: Duration, endWaits: @Sendable () async -> Void = {}) async -> Bool {
    let daemons = state.withLock { [$0.current].compactMap(\.self) + $0.retiring }
    for daemon in daemons { daemon.quiesce() }
    socket.close()
    await endWaits()
    var drained = await areClosed(daemons, within: limit)
    if !drained {
      for daemon in daemons { daemon.registry.cancelAll() }
      drained = await areClosed(daemons, within: .seconds(2))
    }
    guard drained else { return false }
    for daemon in daemons { daemon.stop() }
    return true
  }
}
