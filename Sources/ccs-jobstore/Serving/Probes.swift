import API
import HTTPServer
import Observability
import Postgres
import Repository

/// What `/readyz` and `/metrics` answer. Both need no token, so concurrent requests share one query. Both are answered
/// within 2 seconds, whatever the database does.
struct Probes: Sendable {
  private static let patience = Duration.milliseconds(1500)

  private let parts: SharedParts
  private let database: SharedAnswer<Result<DatabaseState, RepositoryError>>
  private let purgesWaiting: SharedAnswer<Int?>

  init(_ parts: SharedParts) {
    self.parts = parts
    database = SharedAnswer { [pool = parts.pool] in
      do throws(RepositoryError) {
        return .success(try await DatabaseState.found(pool, within: Self.patience))
      } catch {
        return .failure(error)
      }
    }
    purgesWaiting = SharedAnswer { [purges = parts.repository.purges] in
      try? await purges.waiting(within: Self.patience)
    }
  }

  /// Whether the database answers, accepts writes and has a schema for this server, and the certificate is valid.
  func readiness(_ certificate: Certificate) async -> Readiness {
    var readiness = Readiness(schema: nil, notReady: [])
    switch await database.value() {
    case .success(let state):
      let found = state.schema
      readiness.schema = found.description
      if !state.acceptsWrites { readiness.notReady.append(("database", Outage.readOnly.detail)) }
      if !found.isUsable {
        let required = SchemaRelease.required
        readiness.notReady.append(
          ("schema", "The database has schema \(found); this server needs schema \(required)."))
      }
    case .failure:
      readiness.notReady.append(("database", (await parts.pool.outage ?? .unreachable).detail))
    }
    if certificate.daysLeft <= 0 {
      readiness.notReady.append(("certificate", "The certificate has expired."))
    }
    return readiness
  }

  /// The metrics in Prometheus's text format.
  func metrics(_ certificate: Certificate) async -> String {
    let pool = await parts.pool.counters
    return parts.observe.exposition(
      Gauges(
        poolConnectionsOpen: pool.open, poolConnectionsIdle: pool.idle, poolConnectionsLeased: pool.leased,
        poolQueueLength: pool.waiting, requestsInFlight: parts.server.requestsInFlight,
        connectionsOpen: parts.server.connectionsOpen, bytesWaiting: parts.server.bytesWaiting,
        purgesWaiting: await purgesWaiting.value(),
        certificateExpiresInDays: certificate.daysLeft, residentBytes: ProcessLimits.residentBytes()))
  }
}
