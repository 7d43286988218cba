import Observability
import Repository
import Synchronization

/// The server from start to stop: one generation after another, as signals say.
final class ServerProcess: Sendable {
  private let load: @Sendable () throws -> Configuration
  /// Settings that need a restart keep these values.
  private let startedWith: Configuration
  private let manager: ServiceManager
  private let parts: SharedParts
  private let probes: Probes
  private let generation: Mutex<Generation>

  /// - Parameter load: Reads the configuration; called on each reload.
  /// - Throws: If the configuration's files, address or certificate cannot be used.
  init(
    configuration: Configuration, environment: [String: String],
    load: @escaping @Sendable () throws -> Configuration
  ) throws {
    self.load = load
    startedWith = configuration
    manager = ServiceManager(environment: environment)
    parts = try SharedParts(configuration)
    probes = Probes(parts)
    generation = Mutex(try Generation(configuration, parts: parts, probes: probes))
  }

  /// Serves until a signal ends it.
  ///
  /// - Returns: The exit status.
  func run(signals: AsyncStream<Signal>) async -> ExitStatus {
    await parts.pool.start()
    parts.loop.every(.milliseconds(250)) { [server = parts.server] in server.sweep() }
    let memory = MemoryReturn()
    parts.loop.every(.seconds(5)) { Task.detached { memory.look() } }
    if let interval = manager.watchdogInterval {
      // On the loop: a loop that hangs must not look alive.
      parts.loop.every(interval) { [manager] in manager.alive() }
    }
    let events = AsyncStream.makeStream(of: Signal.self)
    let watching = Task {
      guard let found = await parts.schema.check() else { return }
      parts.observe(.schemaRefused(found: found, wanted: "\(SchemaRelease.required)"))
      events.continuation.yield(.stop)
    }
    let forwarding = Task {
      for await signal in signals { events.continuation.yield(signal) }
    }
    defer {
      watching.cancel()
      forwarding.cancel()
    }
    let port = parts.socket.port
    parts.observe(.listening(address: startedWith.listen.address, port: port))
    manager.ready("serving on port \(port)")

    for await signal in events.stream {
      switch signal {
      case .reload: reload()
      case .stop:
        let drained = await stop()
        return parts.schema.isWrong ? .configuration : drained ? .done : .failed
      }
    }
    return .done
  }

  private func reload() {
    manager.reloading()
    defer { manager.ready("serving on port \(parts.socket.port)") }
    do {
      let configuration = try load()
      let restart = configuration.changesNeedingRestart(from: startedWith)
      let next = try Generation(configuration, parts: parts, probes: probes)
      generation.withLock { former in
        former.end()
        former = next
      }
      parts.observe(
        .reloaded(
          restart.isEmpty
            ? "configuration and certificate are in force"
            : "in force, but for what needs a restart: \(restart.joined(separator: ", "))"))
    } catch {
      parts.observe(.reloadRefused("\(error)"))
    }
  }

  /// - Returns: Whether all requests in progress were answered in time.
  private func stop() async -> Bool {
    manager.stopping()
    let last = generation.withLock { $0 }
    let limit = last.configuration.shutdown.drainSeconds
    parts.observe(.draining(seconds: limit))
    last.end()
    let drained = await parts.server.drain(within: .seconds(limit)) { [parts] in
      await parts.repository.jobRunClaims.endWaits()
    }
    await parts.pool.shutDown(timeout: .seconds(drained ? 5 : 1))
    parts.observe(.stopped)
    return drained
  }
}
