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
  private let status = Mutex(ServiceStatus())

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
    let port = parts.socket.port
    parts.observe(.listening(address: startedWith.listen.address, port: port))
    // Until the schema is known, requests are answered, and systemd waits for READY.
    report(always: true) { _ in }
    let watching = Task {
      let required = "\(SchemaRelease.required)"
      let found = await parts.schema.check { fault in
        parts.observe(.schemaRefused(found: "unreadable", wanted: required, remedy: fault))
        report { $0.fault = fault }
      }
      guard let found else { return }
      // It has just answered.
      guard !found.isUsable else {
        return report { $0 = ServiceStatus(phase: .serving(port: port), refusedReload: $0.refusedReload) }
      }
      parts.observe(.schemaRefused(found: "\(found)", wanted: required, remedy: found.remedy))
      report { $0 = ServiceStatus(phase: .refused(found.remedy)) }
      events.continuation.yield(.stop)
    }
    parts.loop.every(.seconds(1)) { [self] in
      parts.observe.logRepetitions()
      let outage = parts.pool.assumeIsolated { $0.counters.open == 0 ? $0.outage : nil }
      report { $0.outage = outage }
    }
    let forwarding = Task {
      for await signal in signals { events.continuation.yield(signal) }
    }
    defer {
      watching.cancel()
      forwarding.cancel()
    }

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

  /// Changes the status and reports it, unless it is the same or the server stops.
  ///
  /// - Parameter always: Whether it is reported even if it is the same.
  private func report(always: Bool = false, _ change: (inout ServiceStatus) -> Void) {
    // Under the lock, so that reports keep their order.
    status.withLock { status in
      let former = status
      guard former.phase != .stopping else { return }
      change(&status)
      if always || status != former { manager.report(status) }
    }
  }

  private func reload() {
    if status.withLock({ $0.isReady }) { manager.reloading() }
    var refusal: String?
    defer { report(always: true) { $0.refusedReload = refusal } }
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
      refusal = "\(error)"
      parts.observe(.reloadRefused("\(error)"))
    }
  }

  /// - Returns: Whether all requests in progress were answered in time.
  private func stop() async -> Bool {
    // What was refused stays to be read.
    report { if case .refused = $0.phase {} else { $0.phase = .stopping } }
    let last = generation.withLock { $0 }
    let limit = last.configuration.shutdown.drainSeconds
    parts.observe(.draining(seconds: limit))
    last.end()
    let drained = await parts.server.drain(within: .seconds(limit)) { [parts] in
      await parts.repository.jobRunClaims.endWaits()
    }
    await parts.pool.shutDown(timeout: .seconds(drained ? 5 : 1))
    parts.observe.logRepetitions()
    parts.observe(.stopped)
    return drained
  }
}
