import Postgres

/// The runs that wait for a collector.
public struct RunQueue: Sendable, Equatable {
  public let runs: Int
  /// For how long the oldest has been waiting; nil if none is.
  public let oldestSeconds: Int?
}

extension DirectoryAdministration {
  private static let queue = Statement(
    """
    SELECT count(*), floor(extract(epoch FROM now() - min(queued_at)))::bigint
    FROM store.job_runs
    WHERE status = 'Queued'
    """)

  public func queue() async throws(RepositoryError) -> RunQueue {
    try await pool.one(Self.queue()) { try RunQueue(runs: $0(0), oldestSeconds: $0(1)) }
  }
}
