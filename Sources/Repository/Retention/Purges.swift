import FoundationEssentials
import Postgres

/// The histories that wait to be erased.
public struct Purges: Sendable {
  /// What one step of erasing did.
  public struct Step: Sendable {
    public let historyID: UUID
    public let rowsErased: Int
    public let finished: Bool
    /// All rows of the history that were erased by the eraser so far.
    public let rowsInAll: Int
    public let requestedAt: Date
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let eraseNext = Statement(
    "SELECT history_id, erased, finished, total, requested_at FROM store.erase_next($1)", .int8)

  /// Erases rows of the oldest history that no other server is working on, in one transaction.
  ///
  /// - Parameter rows: The most rows.
  /// - Returns: nil if there is nothing to do.
  public func eraseNext(rows: Int) async throws(RepositoryError) -> Step? {
    guard let row = try await pool.run(Self.eraseNext(.int(Int64(rows)))).first, let id: UUID = row(0) else {
      return nil
    }
    return Step(historyID: id, rowsErased: row(1), finished: row(2), rowsInAll: row(3), requestedAt: row(4))
  }

  private static let waiting = Statement("SELECT count(*) FROM store.purges")

  /// How many histories wait.
  public func waiting() async throws(RepositoryError) -> Int {
    try await pool.run(Self.waiting())[0](0)
  }
}
