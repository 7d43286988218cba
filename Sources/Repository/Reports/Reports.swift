import Domain
import FoundationEssentials
import Postgres

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

  /// What became of a chunk.
  public enum Stored: Sendable, Equatable {
    /// Of its rows so many are stored now; the others were already.
    case rows(Int)
    /// Nothing has changed: the batch stands so now.
    case not(ReportBatch.Standing)
  }

  private enum Locked: Sendable {
    case standing(ReportBatch.Standing, nextRow: Int)
    /// What another collector left of the batch is being deleted.
    case undoing
  }

  /// How a batch stands. What a collector that lost the run has left of it is deleted, and a run that has taken
  /// longer than its job allows is ended.
  public func standing(of batch: ReportBatch) async throws(RepositoryError) -> ReportBatch.Standing {
    while true {
      // The statement is a transaction of its own.
      let row = try await pool.run(Self.lockQuery(batch))[0]
      if case .standing(let standing, _) = Self.locked(row) { return standing }
    }
  }

  /// Stores rows of a batch, those of them that are not stored yet, in one transaction.
  ///
  /// - Parameter completing: Whether the batch is whole with them.
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
    do throws(PostgresError) {
      return try await pool.transaction { connection throws(PostgresError) -> Stored? in
        let row = try await connection.execute([Self.lockQuery(batch)])[0][0]
        guard case .standing(let standing, let nextRow) = Self.locked(row) else { return nil }
        guard case .open(let open) = standing else { return .not(standing) }
        // Rows that precede the chunk are missing: they were undone, because the lease was another's meanwhile.
        guard open.rowsStored >= chunk.start else { return .not(.leaseLost) }
        let skipped = min(open.rowsStored - chunk.start, chunk.count)
        let added = chunk.count - skipped
        guard added > 0 || completing else { return .rows(0) }
        if completing, open.rowsStored > chunk.start + chunk.count {
          return .not(.longer(rowsStored: open.rowsStored))
        }
        if added > 0 {
          var rows = chunk.rows
          let change = nextRow - (chunk.firstRowNumber + skipped)
          if change != 0 { rows.shift(integerAt: ReportChunk.rowNumberOffset, by: Int64(change)) }
          let copied = try await connection.copyIn(
            batch.kind.copyStatement, rows.data(droppingFirst: skipped))
          guard copied == added else {
            throw .refused(sqlState: "XX000", message: "COPY took \(copied) of \(added) rows")
          }
        }
        _ = try await connection.execute([
          Self.advance(
            .uuid(open.historyID), .uuid(batch.runID), .uuid(batch.lease), .text(batch.kind.rawValue),
            .int(Int64(batch.number)), .int(Int64(nextRow)), .int(Int64(added)), .bool(completing))
        ])
        return .rows(added)
      }
    } catch {
      throw RepositoryError(error)
    }
  }

  private static func lockQuery(_ batch: ReportBatch) -> Query {
    lock(
      .uuid(batch.runID), .uuid(batch.lease), .text(batch.kind.rawValue), .int(Int64(batch.number)),
      .int(Int64(ReportChunk.maximumRows)))
  }

  private static func locked(_ row: Rows.Row) -> Locked {
    let nextRow: Int = row(4) ?? 0
    let outcome: String = row(0)
    switch outcome {
    case "ready":
      let stored: Int = row(5)
      let open = ReportBatch.Open(historyID: row(3), firstRow: nextRow - stored, rowsStored: stored)
      return .standing(.open(open), nextRow: nextRow)
    case "stored": return .standing(.stored, nextRow: nextRow)
    case "inherited": return .standing(.inherited(expected: row(2)), nextRow: nextRow)
    case "out of order": return .standing(.outOfOrder(expected: row(2)), nextRow: nextRow)
    case "over": return .standing(.over(JobRun.Status(rawValue: row(1)) ?? .failed), nextRow: nextRow)
    case "overdue": return .standing(.overdue(jobID: row(6)), nextRow: nextRow)
    case "lease lost": return .standing(.leaseLost, nextRow: nextRow)
    case "undoing": return .undoing
    default: return .standing(.notFound, nextRow: nextRow)
    }
  }
}
