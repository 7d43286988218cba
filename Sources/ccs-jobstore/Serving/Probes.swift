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

  /// The parts that keep the server from working, each with a sentence; none if it is ready.
  func unready(_ certificate: Certificate) async -> [(part: String, detail: String)] {
    do throws(RepositoryError) {
      let found = try await deployedSchema.value().get()
      guard found.isUsable else {
        return [
          ("schema", "The database has schema \(found); this server needs schema \(SchemaRelease.required).")
        ]
      }
    } catch {
      return [("database", "The database cannot be reached.")]
    }
    return certificate.daysLeft > 0 ? [] : [("certificate", "The certificate has expired.")]
  }

  /// The metrics in Prometheus's text format.
  func metrics(_ certificate: Certificate) async -> String {
    let pool = await parts.pool.counters
    return parts.observe.exposition(
      Gauges(
        poolConnectionsOpen: pool.open, poolConnectionsIdle: pool.idle, poolConnectionsLeased: pool.leased,
        poolQueueLength: pool.waiting, requestsInFlight: parts.server.requestsInFlight,
        connectionsOpen: parts.server.connectionsOpen, purgesWaiting: await purgesWaiting.value(),
        certificateExpiresInDays: certificate.daysLeft, residentBytes: ProcessLimits.residentBytes()))
  }
}
