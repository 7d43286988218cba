import Domain
import FoundationEssentials
import Postgres

extension ReportKind: ColumnWord {}

/// What collectors report of runs, stored in batches.
public struct Reports: Sendable {
  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let lock = Statement(
    """
    SELECT outcome, status, expected, history_id, next_row, rows_stored, job_id
    FROM store.lock_batch($1, $2, $3, $4, $5)
    """, .uuid, .uuid, .text, .int8, .int8)

  private static let advance = Statement(
    "SELECT store.advance_batch($1, $2, $3, $4, $5, $6, $7, $8)", .uuid, .uuid, .uuid, .text, .int8, .int8,
    .int8, .bool)

  /// The result for a chunk.
  public enum Stored: Sendable, Equatable {
    /// The number of rows that were stored now; the others were stored before.
    case rows(Int)
    /// Nothing has changed; the batch is in this state.
    case not(ReportBatch.Standing)
  }

  private enum Locked: Sendable {
    case open(ReportBatch.Open, nextRow: Int)
    case not(ReportBatch.Standing)
    /// What another collector left of the batch is being deleted, a part in each transaction.
    case undoing
  }

  /// The state of a batch. Rows of it that a former collector of the run has left are deleted, and an overdue run is
  /// ended.
  public func standing(of batch: ReportBatch) async throws(RepositoryError) -> ReportBatch.Standing {
    while true {
      // The statement is a transaction of its own.
      switch try await pool.one(Self.lockQuery(batch), Self.locked) {
      case .open(let open, nextRow: _): return .open(open)
      case .not(let standing): return standing
      case .undoing: continue
      }
    }
  }

  /// Stores those rows of a batch that are not stored yet, in one transaction.
  ///
  /// - Parameter completing: Whether they are the last rows of the batch.
  public func store(
    _ chunk: ReportChunk, of batch: ReportBatch, completing: Bool
  ) async throws(RepositoryError) -> Stored {
    while true {
      let stored = try await attempt(chunk, of: batch, completing: completing)
      if let stored { return stored }
    }
  }

  private func attempt(
    _ chunk: ReportChunk, of batch: ReportBatch, completing: Bool
  ) async throws(RepositoryError) -> Stored? {
    try await pool.changing { connection throws(PostgresError) -> TransactionEnd<Stored?> in
      let row = try await connection.run(Self.lockQuery(batch)).one()
      let open: ReportBatch.Open
      let nextRow: Int
      switch try Self.locked(row) {
      case .open(let found, nextRow: let next): (open, nextRow) = (found, next)
      case .not(let standing): return .commit(.not(standing))
      case .undoing: return .commit(nil)
      }
      // Rows before the chunk are missing: they were deleted after the lease had passed to another collector.
      guard open.rowsStored >= chunk.start else { return .commit(.not(.leaseLost)) }
      let skipped = min(open.rowsStored - chunk.start, chunk.count)
      let added = chunk.count - skipped
      guard added > 0 || completing else { return .commit(.rows(0)) }
      if completing, open.rowsStored > chunk.start + chunk.count {
        return .commit(.not(.longer(rowsStored: open.rowsStored)))
      }
      if added > 0 {
        var rows = chunk.rows
        let change = nextRow - (chunk.firstRowNumber + skipped)
        if change != 0 { rows.shift(integerAt: ReportChunk.rowNumberOffset, by: Int64(change)) }
        let copied = try await connection.copyIn(
          batch.kind.copyStatement, rows.data(droppingFirst: skipped))
        guard copied == added else {
          throw .unexpectedAnswer("COPY stored \(copied) of \(added) rows")
        }
      }
      _ = try await connection.execute([
        Self.advance(
          .uuid(open.historyID), .uuid(batch.runID), .uuid(batch.lease), .text(batch.kind.rawValue),
          .int(Int64(batch.number)), .int(Int64(nextRow)), .int(Int64(added)), .bool(completing))
      ])
      return .commit(.rows(added))
    }
  }

  private static func lockQuery(_ batch: ReportBatch) -> Query {
    lock(
      .uuid(batch.runID), .uuid(batch.lease), .text(batch.kind.rawValue), .int(Int64(batch.number)),
      .int(Int64(ReportChunk.maximumRows)))
  }

  private static func locked(_ row: Rows.Row) throws(PostgresError) -> Locked {
    switch try row(0, as: String.self) {
    case "ready":
      let nextRow = try row.count(4)
      let stored = try row(5, in: 0...nextRow)
      let open = try ReportBatch.Open(historyID: row(3), firstRow: nextRow - stored, rowsStored: stored)
      return .open(open, nextRow: nextRow)
    case "stored": return .not(.stored)
    case "inherited": return .not(.inherited(expected: try row.count(2)))
    case "out of order": return .not(.outOfOrder(expected: try row.count(2)))
    case "over": return .not(.over(try row(1)))
    case "overdue": return .not(.overdue(jobID: try row(6)))
    case "lease lost": return .not(.leaseLost)
    case "not found": return .not(.notFound)
    case "undoing": return .undoing
    default: throw row.unexpected(0, expected: "an outcome of lock_batch")
    }
  }
}
