import Authorization
import Background
import EventLoop
import HTTPServer
import Observability
import Postgres
import Repository

/// What lives as long as the process: every generation uses the same.
final class SharedParts: Sendable {
  let observe: Observer
  let loop = EventLoop(name: "event-loop")
  let pool: Pool
  let repository: Repository
  let schema: SchemaWatch
  let socket: ListeningSocket
  let server: Server
  let passwordMemory = PasswordMemory()
  /// Each upload takes memory, and now and then a database connection.
  let uploadSlots = UploadSlots()
  /// A user has at most half of the database's connections for searches.
  let searchShares: SearchShares
  /// For the eraser of the configuration in force.
  let eraserWakeUps = WakeUps()

  /// File descriptors for anything but connections: sockets, threads, files that are read at a reload.
  private static let ownDescriptors = 64

  /// Opens the socket; connects to nothing yet.
  ///
  /// - Throws: If the address is taken, or the database's password cannot be read.
  init(_ configuration: Configuration) throws {
    let observer = Observer(
      log: Log(level: configuration.log.level), metrics: Metrics(version: Version.text))
    observe = observer
    observer(.serverStarting(version: Version.text))
    let wanted = configuration.limits.connections + configuration.database.connections + Self.ownDescriptors
    if let limit = ProcessLimits.raiseDescriptors(), limit < wanted {
      observer(.descriptorLimitLow(limit: limit, wanted: wanted))
    }
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
    searchShares = SearchShares(perUser: max(1, configuration.database.connections / 2))
    schema = SchemaWatch(pool: pool)
    socket = try ListeningSocket.open(
      address: configuration.listen.address, port: configuration.listen.port,
      backlog: configuration.listen.backlog)
    server = Server(socket: socket, executor: loop, observer: observer)
  }

  /// Runs work on the event loop, beside the requests, once the schema is known to be the expected one.
  func background(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: loop) { [schema] in
      await schema.untilExpected()
      await work()
    }
  }
}
