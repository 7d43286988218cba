import Repository

/// What the eraser needs of the repository. Each method but the first is one transaction.
public protocol ErasureStore: Sendable {
  /// Deletes expired tokens and sessions, forgotten failures of logins, and audit events that are no longer kept: a step,
  /// of several transactions.
  ///
  /// - Parameters:
  ///   - keepAuditDays: nil to keep all audit events.
  ///   - limit: The most rows of each kind.
  /// - Returns: Whether there may be more.
  func sweep(keepAuditDays: Int?, limit: Int) async throws(RepositoryError) -> Bool
  /// Erases at most `rows` rows of a purged history; nil if there is none.
  func erasePurged(rows: Int) async throws(RepositoryError) -> Purges.Step?
  /// Erases at most `rows` rows of runs that retention has removed.
  ///
  /// - Returns: The number of rows; nil if there is nothing to do.
  func eraseRemovedRuns(rows: Int) async throws(RepositoryError) -> Int?
  /// Removes at most `runs` expired runs, of the next `jobs` jobs of a sweep through all.
  ///
  /// - Parameter pause: From the beginning of a sweep to that of the next.
  /// - Returns: The number of runs; nil if there is nothing to do now.
  func removeExpiredRuns(
    _ defaults: Retention.Defaults, pause: Duration, jobs: Int, runs: Int
  ) async throws(RepositoryError) -> Int?
}

extension Repository: ErasureStore {
  public func sweep(keepAuditDays: Int?, limit: Int) async throws(RepositoryError) -> Bool {
    var hasMore = try await failedLogins.sweep(limit: limit)
    if try await sessions.sweep(limit: limit) { hasMore = true }
    if let keepAuditDays, try await retention.removeAuditEvents(keepDays: keepAuditDays, limit: limit) {
      hasMore = true
    }
    return hasMore
  }

  public func erasePurged(rows: Int) async throws(RepositoryError) -> Purges.Step? {
    try await purges.erasePurged(rows: rows)
  }

  public func eraseRemovedRuns(rows: Int) async throws(RepositoryError) -> Int? {
    try await retention.eraseRemovedRuns(rows: rows)
  }

  public func removeExpiredRuns(
    _ defaults: Retention.Defaults, pause: Duration, jobs: Int, runs: Int
  ) async throws(RepositoryError) -> Int? {
    try await retention.removeExpiredRuns(defaults, pause: pause, jobs: jobs, runs: runs)
  }
}
