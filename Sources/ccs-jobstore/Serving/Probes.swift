import API
import HTTPServer
import Observability
import Repository

/// What `/readyz` and `/metrics` answer. Both need no token, so concurrent requests share one query.
struct Probes: Sendable {
  private let parts: SharedParts
  private let deployedSchema: SharedAnswer<Result<DeployedSchema, RepositoryError>>
  private let purgesWaiting: SharedAnswer<Int?>

  init(_ parts: SharedParts) {
    self.parts = parts
    deployedSchema = SharedAnswer { [pool = parts.pool] in
      do throws(RepositoryError) {
        return .success(try await DeployedSchema.found(pool))
      } catch {
        return .failure(error)
      }
    }
    purgesWaiting = SharedAnswer { [purges = parts.repository.purges] in try? await purges.waiting() }
  }

  /// Whether the database answers, has a schema for this server, and the certificate is valid.
  func readiness(_ certificate: Certificate) async -> Readiness {
    var readiness = Readiness(schema: nil, notReady: [])
    switch await deployedSchema.value() {
    case .success(let found):
      readiness.schema = found.description
      if !found.isUsable {
        let required = SchemaRelease.required
        readiness.notReady.append(
          ("schema", "The database has schema \(found); this server needs schema \(required)."))
      }
    case .failure: readiness.notReady.append(("database", "The database cannot be reached."))
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
