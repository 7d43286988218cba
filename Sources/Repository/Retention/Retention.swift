import Postgres

/// The removal of expired runs and audit events.
///
/// Of a job's ended runs, those expire that are not among the newest N, and those that were queued more than D days ago,
/// where these are set. The newest one and the newest Completed one always stay.
public struct Retention: Sendable {
  /// The settings of jobs that have none of their own.
  public struct Defaults: Sendable, Equatable {
    /// nil for all.
    public var keepRuns: Int?
    /// nil for no limit.
    public var keepDays: Int?

    public init(keepRuns: Int?, keepDays: Int?) {
      self.keepRuns = keepRuns
      self.keepDays = keepDays
    }
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let erase = Statement("SELECT erased FROM store.erase_removed_runs($1)", .int8)

  /// Erases rows of removed runs, in one transaction.
  ///
  /// - Parameter rows: The most rows.
  /// - Returns: The number of rows; nil if there is nothing to do, or another server is doing it.
  public func eraseRemovedRuns(rows: Int) async throws(RepositoryError) -> Int? {
    try await pool.one(Self.erase(.int(Int64(rows)))) { try $0.optionalCount(0) }
  }

  private static let remove = Statement(
    "SELECT removed FROM store.remove_expired_runs($1, $2, $3 / 1000.0, $4, $5)",
    .int8, .int8, .int8, .int8, .int8)

  /// One step of the sweep through all jobs, in one transaction.
  ///
  /// - Parameters:
  ///   - pause: From the beginning of a sweep to that of the next.
  ///   - jobs: The most jobs to examine.
  ///   - runs: The most runs to remove.
  /// - Returns: The number of runs removed; nil if there is nothing to do now, or another server is doing it.
  public func removeExpiredRuns(
    _ defaults: Defaults, pause: Duration, jobs: Int, runs: Int
  ) async throws(RepositoryError) -> Int? {
    let query = Self.remove(
      .optional(defaults.keepRuns), .optional(defaults.keepDays), .int(Int64(pause / .milliseconds(1))),
      .int(Int64(jobs)), .int(Int64(runs)))
    return try await pool.one(query) { try $0.optionalCount(0) }
  }

  private static let removeEvents = Statement("SELECT removed FROM audit.remove_events($1, $2)", .int8, .int8)

  /// Removes audit events of days (UTC) that ended more than `keepDays` days ago, oldest first, in one transaction, which
  /// is an audit event itself.
  ///
  /// - Parameters:
  ///   - keepDays: From 1.
  ///   - limit: The most events.
  /// - Returns: Whether there may be more.
  public func removeAuditEvents(keepDays: Int, limit: Int) async throws(RepositoryError) -> Bool {
    let query = Self.removeEvents(.int(Int64(keepDays)), .int(Int64(limit)))
    return try await pool.one(query) { try $0.count(0) == limit }
  }
}
