import Dispatch
import EventLoop

/// The hosts of a connection string, shared by the connections of a pool.
///
/// Names are looked up whenever a connection is opened, so that one that moves is followed; concurrent look-ups of a name
/// are one.
actor Hosts {
  /// One name.
  private struct Lookup {
    /// Of the last look-up that succeeded.
    var known: [String] = []
    var failure = "no answer"
    var isUnderWay = false
    /// Serial, so that it has a thread of its own: a resolver can take minutes.
    let queue: DispatchQueue
  }

  /// How long to wait for a look-up when the former answer is known, which it then replaces.
  private static let refreshTime = Duration.milliseconds(500)

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  /// What the connection string says, or why it is malformed.
  nonisolated let string: Result<ConnectionString, ConnectFailure>
  private let timeout: Duration
  private var lookups: [String: Lookup] = [:]
  private var last: (host: Host, address: Host)?
  /// Whether the pooler in front of the database, if there is one, was last seen to keep sessions.
  private(set) var keepsSessions: Bool?

  init(loop: EventLoop, settings: ConnectionSettings) {
    self.loop = loop
    string = Result { () throws(ConnectFailure) in try ConnectionString(settings.conninfo) }
    timeout = settings.connectTimeout
  }

  /// In the order in which to try them: the one that answered last is the first.
  func inOrder() throws(ConnectFailure) -> [Host] {
    Self.moved(last?.host, toFrontOf: try string.get().hosts)
  }

  /// The addresses of a host, the one that answered last first.
  func addresses(of host: Host) async throws(ConnectFailure) -> [Host] {
    guard host.needsLookup else { return [host] }
    let name = host.name
    var lookup = lookups[name] ?? Lookup(queue: DispatchQueue(label: name))
    let deadline = ContinuousClock.now + (lookup.known.isEmpty ? timeout : min(timeout, Self.refreshTime))
    if !lookup.isUnderWay {
      lookup.isUnderWay = true
      lookups[name] = lookup
      lookup.queue.async {
        let result = NameService.addresses(of: name)
        Task(executorPreference: self.loop) { await self.finish(name, result) }
      }
    }
    while lookups[name]?.isUnderWay == true, ContinuousClock.now < deadline, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(2))
    }
    guard let known = lookups[name]?.known, !known.isEmpty else {
      throw ConnectFailure("the name \(name) cannot be resolved: \(lookups[name]?.failure ?? "no answer")")
    }
    let found = known.map { Host(name: name, address: $0, port: host.port) }
    return Self.moved(last?.address, toFrontOf: found)
  }

  private func finish(_ name: String, _ result: Result<[String], NameService.Failure>) {
    lookups[name]?.isUnderWay = false
    switch result {
    case .success(let found): lookups[name]?.known = found
    case .failure(let failure): lookups[name]?.failure = failure.message
    }
  }

  /// A connection was opened.
  func answered(_ host: Host, at address: Host) { last = (host, address) }

  func note(keepsSessions: Bool) { self.keepsSessions = keepsSessions }

  private static func moved(_ first: Host?, toFrontOf hosts: [Host]) -> [Host] {
    guard let first, let index = hosts.firstIndex(of: first) else { return hosts }
    return [first] + hosts[..<index] + hosts[(index + 1)...]
  }
}
