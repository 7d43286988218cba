import FoundationEssentials
import Postgres

/// The purged histories that are not erased yet.
public struct Purges: Sendable {
  /// What one step of erasing did.
  public struct Step: Sendable {
    public let historyID: UUID
    public let rowsErased: Int
    public let finished: Bool
    /// All rows of the history that the eraser has erased so far.
    public let rowsInAll: Int
    public let requestedAt: Date

    public init(historyID: UUID, rowsErased: Int, finished: Bool, rowsInAll: Int, requestedAt: Date) {
      self.historyID = historyID
      self.rowsErased = rowsErased
      self.finished = finished
      self.rowsInAll = rowsInAll
      self.requestedAt = requestedAt
    }
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let erasePurged = Statement(
    "SELECT history_id, erased, finished, total, requested_at FROM store.erase_next($1)", .int8)

  /// Erases rows of the oldest history that no other server is erasing, in one transaction.
  ///
  /// - Parameter rows: The most rows.
  /// - Returns: nil if there is nothing to do.
  public func erasePurged(rows: Int) async throws(RepositoryError) -> Step? {
    try await pool.one(Self.erasePurged(.int(Int64(rows)))) { row in
      guard let id: UUID = try row(0) else { return nil }
      return try Step(
        historyID: id, rowsErased: row.count(1), finished: row(2), rowsInAll: row.count(3),
        requestedAt: row(4))
    }
  }

  private static let waiting = Statement("SELECT count(*) FROM store.purges")

  /// The number of histories that are not erased yet, asked ahead of the requests that wait.
  ///
  /// - Parameter limit: When to give up.
  public func waiting(within limit: Duration = .seconds(20)) async throws(RepositoryError) -> Int {
    do throws(PostgresError) {
      return try await pool.execute([Self.waiting()], before: .now + limit)[0].one().count(0)
    } catch {
      throw RepositoryError(error)
    }
  }
}
