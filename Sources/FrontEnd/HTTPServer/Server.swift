import EventLoop
import Observability
import Synchronization

/// The HTTPS server: one daemon that accepts, and those it took over from, until their clients have gone.
public final class Server: Sendable {
  public struct Settings: Sendable {
    /// Memory for a request's head, in bytes.
    public var headBytes: Int
    /// From the head of a request whose body is streamed to its answer.
    public var bulkTimeout: Duration
    /// The most client connections.
    public var connections: Int
    /// The most client connections of one address, or of one /64 of IPv6; 0 for no limit.
    public var connectionsPerAddress: Int
    /// New client connections a second of one address, or of one /64 of IPv6; 0 for no limit.
    public var newConnectionsPerAddress: Int
    public var requestsInFlight: Int
    /// For bodies and answers that wait, in bytes.
    public var memoryBytes: Int
    /// Of bodies and answers, in bytes a second.
    public var leastRate: Int
    /// libmicrohttpd's threads.
    public var threads: Int
    /// From the connection to the head of its first request.
    public var headTimeout: Duration
    /// Between two requests of a connection.
    public var idleTimeout: Duration
    public var bodyTimeout: Duration
    public var requestTimeout: Duration

    public init(
      headBytes: Int, bulkTimeout: Duration,
      connections: Int, connectionsPerAddress: Int, newConnectionsPerAddress: Int, requestsInFlight: Int,
      memoryBytes: Int, leastRate: Int, threads: Int, headTimeout: Duration, idleTimeout: Duration,
      bodyTimeout: Duration, requestTimeout: Duration
    ) {
      self.headBytes = headBytes
      self.bulkTimeout = bulkTimeout
      self.connections = connections
      self.connectionsPerAddress = connectionsPerAddress
      self.newConnectionsPerAddress = newConnectionsPerAddress
      self.requestsInFlight = requestsInFlight
      self.memoryBytes = memoryBytes
      self.leastRate = leastRate
      self.threads = threads
      self.headTimeout = headTimeout
      self.idleTimeout = idleTimeout
      self.bodyTimeout = bodyTimeout
      self.requestTimeout = requestTimeout
    }

    var daemon: HTTPSDaemon.Settings {
      HTTPSDaemon.Settings(
        headBytes: headBytes, connections: connections,
        requestsInFlight: requestsInFlight, memoryBytes: memoryBytes, threads: threads,
        deadlines: .init(
          head: headTimeout, idle: idleTimeout, body: bodyTimeout, request: requestTimeout,
          response: requestTimeout, upload: bulkTimeout, leastRate: leastRate))
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
    var retiring: [(daemon: HTTPSDaemon, since: ContinuousClock.Instant)] = []
  }

  private let socket: ListeningSocket
  private let executor: any TaskExecutor
  private let observe: Observer
  private let inFlight = Slots()
  private let memory = Slots()
  /// Waits for the sockets of clients that libmicrohttpd does not wait for. One for all daemons, so that a reload needs
  /// no thread and no descriptor of its own.
  private let network = EventLoop(name: "network")
  private let closing: ClosingConnections
  private let acceptor: Acceptor
  private let state = Mutex(State())

  /// - Parameter executor: Where requests are answered; nothing there may block.
  public init(socket: ListeningSocket, executor: any TaskExecutor, observer: Observer) {
    self.socket = socket
    self.executor = executor
    observe = observer
    closing = ClosingConnections(loop: network)
    acceptor = Acceptor(socket: socket, loop: network, observer: observer)
  }

  /// Requests taken and not answered yet.
  public var requestsInFlight: Int { inFlight.taken }

  /// Bytes of bodies and answers that wait.
  public var bytesWaiting: Int { memory.taken }

  /// Connections of clients.
  public var connectionsOpen: Int {
    daemons.reduce(0) { $0 + $1.registry.count }
  }

  private var daemons: [HTTPSDaemon] {
    state.withLock { [$0.current].compactMap(\.self) + $0.retiring.map(\.daemon) }
  }

  /// Begins to serve; or goes on with another application, settings and certificate, without dropping a connection:
  /// a new daemon accepts from now on, the old one answers its clients once more and asks them to come anew.
  public func serve(
    _ application: any Application, certificate: Certificate, settings: Settings
  ) throws(Failure) {
    let daemon = HTTPSDaemon(
      application: application, settings: settings.daemon, executor: executor, network: network,
      closing: closing, acceptor: acceptor, inFlight: inFlight, memory: memory, observer: observe)
    do throws(HTTPSDaemon.Failure) {
      try daemon.start(certificate: certificate)
    } catch {
      throw .notStarted("\(error)")
    }
    let former = state.withLock { state -> HTTPSDaemon? in
      let former = state.current
      state.current = daemon
      if let former { state.retiring.append((former, .now)) }
      return former
    }
    acceptor.accept(
      limits: .init(
        connections: settings.connections, connectionsPerNetwork: settings.connectionsPerAddress,
        ratePerNetwork: settings.newConnectionsPerAddress)
    ) { daemon.add($0, $1, $2) }
    former?.quiesce()
  }

  /// Cuts what has taken too long and ends daemons whose last client has gone. To be called a few times a second.
  public func sweep() {
    let (retiring, finished) = state.withLock { state in
      let finished = state.retiring.map(\.daemon).filter { $0.registry.count == 0 && $0.closeIfIdle() }
      state.retiring.removeAll { former in finished.contains { $0 === former.daemon } }
      return (state.retiring, finished)
    }
    // A client that reads slowly could keep a daemon for hours, and its threads.
    for (daemon, since) in retiring where ContinuousClock.now - since > daemon.settings.deadlines.upload {
      daemon.registry.cutAll()
    }
    for daemon in daemons { daemon.registry.sweep() }
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
    let daemons = self.daemons
    for daemon in daemons { daemon.quiesce() }
    acceptor.stop()
    socket.close()
    await endWaits()
    var drained = await areClosed(daemons, within: limit)
    if !drained {
      // Requests in progress are cancelled; connections that still send or read are closed.
      for daemon in daemons { daemon.registry.cutAll() }
      // A password that is being hashed cannot be interrupted.
      drained = await areClosed(daemons, within: .seconds(5))
    }
    guard drained else { return false }
    await finishClosing()
    for daemon in daemons { daemon.stop() }
    network.stop()
    return true
  }

  /// Gives the clients that have just got their last answer a moment to read it.
  private func finishClosing() async {
    let deadline = ContinuousClock.now + .seconds(1)
    repeat {
      try? await Task.sleep(for: .milliseconds(10))
    } while closing.count > 0 && ContinuousClock.now < deadline
    closing.stop()
  }
}
