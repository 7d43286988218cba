import CLibPQ
import EventLoop
import Glibc

extension Connection {
  /// Opens the connection at the first host that will do. Each address has its own deadline.
  ///
  /// - Parameter onLoss: Called once, on the loop and with libpq's message, if the connection breaks after it was opened.
  func open(onLoss: @escaping @Sendable (String) -> Void) async throws(ConnectFailure) {
    var failures: [ConnectFailure] = []
    for host in try await hosts.inOrder() where !closed {
      do throws(ConnectFailure) {
        for address in try await hosts.addresses(of: host) where !closed {
          do throws(ConnectFailure) {
            try await attempt(address)
            lossHandler = onLoss
            await hosts.answered(host, at: address)
            return
          } catch {
            failures.append(error)
          }
        }
      } catch {
        failures.append(error)
      }
    }
    throw ConnectFailure(failures)
  }

  private func attempt(_ address: Host) async throws(ConnectFailure) {
    let deadline = ContinuousClock.now + settings.connectTimeout
    do throws(ConnectFailure) {
      try await connect(to: address, deadline)
      try await beginSession(at: address, deadline)
      guard handle != nil else { throw ConnectFailure("the connection broke") }
    } catch {
      let wasClosed = handle == nil
      lose(error.message)
      spentBy = nil
      throw wasClosed && closed ? ConnectFailure("the connection was given up") : error
    }
  }

  private func connect(to address: Host, _ deadline: ContinuousClock.Instant) async throws(ConnectFailure) {
    let parameters = settings.parameters(for: address, of: try hosts.string.get())
    guard
      let started = withCStrings(
        parameters.map(\.keyword),
        { keywords in
          withCStrings(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 0) }
        })
    else { throw ConnectFailure("libpq has no memory for a connection") }
    handle = started
    PQsetNoticeProcessor(started, { _, _ in }, nil)

    var status = PGRES_POLLING_WRITING
    while status != PGRES_POLLING_OK {
      guard PQstatus(started) != CONNECTION_BAD, status != PGRES_POLLING_FAILED else {
        throw ConnectFailure(lastMessage(of: started))
      }
      let ready = await readiness(
        of: PQsocket(started), for: status == PGRES_POLLING_READING ? .read : .write, deadline: deadline)
      // It may have been closed meanwhile.
      guard handle != nil else { throw ConnectFailure("the connection was given up") }
      guard ready else {
        throw ConnectFailure("no answer from \(address.description) within \(settings.connectTimeout)")
      }
      status = PQconnectPoll(started)
    }
    guard PQsetnonblocking(started, 1) == 0, PQenterPipelineMode(started) == 1 else {
      throw ConnectFailure(lastMessage(of: started))
    }
    canceller = Canceller(started)
    let socket = PQsocket(started)
    watched = socket
    loop.watch(socket, for: .read) { [self] in assumeIsolated { $0.socketIsReady() } }
  }

  private static let facts = Statement.unprepared(
    """
    SELECT current_setting('transaction_read_only') = 'on', coalesce(current_setting('connection.mark', true), ''),
           pg_backend_pid()
    """, types: [])
  private static let set = Statement.unprepared(
    "SELECT count(set_config(name, value, false)) FROM unnest($1, $2) AS s (name, value)",
    types: [.textArray, .textArray])
  /// Loads PL/pgSQL, which fails if PostgreSQL's files were replaced.
  private static let load = Statement.unprepared("DO 'BEGIN END'", types: [])

  /// Sets the session up, and looks whether it is one that keeps what is set, at a server that will do.
  private func beginSession(at address: Host, _ deadline: ContinuousClock.Instant)
    async throws(ConnectFailure)
  {
    let isReadOnly: Bool
    let formerMark: String
    do throws(PostgresError) {
      let session = settings.session + [("connection.mark", mark)]
      let set = Self.set(.texts(session.map(\.name)), .texts(session.map(\.value)))
      let rows = try await execute([Self.facts(), Self.load(), set], before: deadline)
      (isReadOnly, formerMark, backend) = (try rows[0][0](0), try rows[0][0](1), try rows[0][0](2))
    } catch {
      throw ConnectFailure(
        "\(address.description): \(error.text)", spentBy == SQLState.missingFile ? .upgraded : .unreachable)
    }
    if isReadOnly, try hosts.string.get().requiresWrites {
      throw ConnectFailure("\(address.description) is a standby or read-only", .readOnly)
    }
    guard formerMark.isEmpty else {
      await hosts.note(keepsSessions: false)
      throw Self.noSession(at: address)
    }
    // Another process identifier than the one told at the beginning: there is a pooler between.
    if let handle, Int(PQbackendPID(handle)) != backend, !isTwin, await hosts.keepsSessions != true {
      try await expectOwnSession(at: address)
    }
  }

  /// Settings for a connection that must be open soon or not at all.
  static func brief(_ settings: ConnectionSettings) -> ConnectionSettings {
    var brief = settings
    brief.connectTimeout = min(settings.connectTimeout, .seconds(1))
    return brief
  }

  /// Opens a second connection while this one is idle. A pooler that keeps no session gives it this one's.
  private func expectOwnSession(at address: Host) async throws(ConnectFailure) {
    let second = Connection(loop: loop, settings: settings, hosts: hosts, isTwin: true)
    twin = second
    defer { twin = nil }
    do throws(ConnectFailure) {
      try await second.attempt(address)
      await second.close()
      await hosts.note(keepsSessions: true)
    } catch {
      // Any other failure may be that of a pooler whose sessions are all in use: one for each connection.
      if error.outage == .withoutSession { throw error }
      if await hosts.keepsSessions == false { throw Self.noSession(at: address) }
    }
  }

  private static func noSession(at address: Host) -> ConnectFailure {
    ConnectFailure(
      "the pooler at \(address.description) gives the transactions of one connection to different sessions;"
        + " it must use session mode (PgBouncer: pool_mode = session)", .withoutSession)
  }

  /// Waits until a socket is ready.
  ///
  /// - Returns: Whether it was ready before the deadline.
  private func readiness(
    of socket: Int32, for interest: EventLoop.Interest, deadline: ContinuousClock.Instant
  ) async -> Bool {
    guard socket >= 0 else { return false }
    return await withCheckedContinuation { continuation in
      readiness = (continuation, deadline)
      watched = socket
      loop.watch(socket, for: interest) { [self] in assumeIsolated { $0.resumeReadiness(true) } }
    }
  }

  func resumeReadiness(_ ready: Bool) {
    guard let waiting = readiness else { return }
    readiness = nil
    unwatch()
    waiting.continuation.resume(returning: ready)
  }
}

/// Calls `body` with an array of C strings that ends with NULL.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { body($0.baseAddress!) }
}
