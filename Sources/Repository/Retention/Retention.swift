import Postgres

/// The removal of runs that are kept no longer.
///
/// Of a job's runs that are over, those go that are not among the newest N, and those that were queued more than D days
/// ago, as each is set. The newest of them always stays.
public struct Retention: Sendable {
  /// What counts for jobs without a number of their own.
  public struct Defaults: Sendable, Equatable {
    /// nil: as many as there are.
    public var keepRuns: Int?
    /// nil: for ever.
    public var keepDays: Int?

    public init(keepRuns: Int?, keepDays: Int?) {
      self.keepRuns = keepRuns
      self.keepDays = keepDays
    }
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let erase = Statement("SELECT erased FROM store.erase_removed_runs($1)", .int8)

  /// Erases what removed runs have left behind, in one transaction.
  ///
  /// - Parameter rows: The most rows.
  /// - Returns: How many rows; nil if there is nothing to do, or another server is at it.
  public func erase(rows: Int) async throws(RepositoryError) -> Int? {
    try await pool.run(Self.erase(.int(Int64(rows))))[0](0)
  }

  private static let remove = Statement(
    "SELECT removed FROM store.remove_expired_runs($1, $2, $3 / 1000.0, $4, $5)",
    .int8, .int8, .int8, .int8, .int8)

  /// One step of the sweep through all jobs, in one transaction.
  ///
  /// - Parameters:
  ///   - pause: How long after the beginning of a sweep the next one begins.
  ///   - jobs: The most jobs to look at.
  ///   - runs: The most runs to remove.
  /// - Returns: How many runs were removed; nil if there is nothing to do now, or another server is at it.
  public func removeExpired(
    _ defaults: Defaults, pause: Duration, jobs: Int, runs: Int
  ) async throws(RepositoryError) -> Int? {
    try await pool.run(
      Self.remove(
        Self.optional(defaults.keepRuns), Self.optional(defaults.keepDays),
        .int(Int64(pause / .milliseconds(1))), .int(Int64(jobs)), .int(Int64(runs))))[0](0)
  }

  private static func optional(_ number: Int?) -> Value { number.map { .int(Int64($0)) } ?? .null }
}
