import Domain
import FoundationEssentials

/// Where the chunks of a batch are stored; `Reports`, but in tests.
public protocol ReportStore: Sendable {
  /// How a batch stands.
  func standing(of batch: ReportBatch) async throws(RepositoryError) -> ReportBatch.Standing

  /// Stores rows of a batch, those that are not stored yet, in one transaction.
  ///
  /// - Parameter completing: Whether the batch is whole with them.
  func store(
    _ chunk: ReportChunk, of batch: ReportBatch, completing: Bool
  ) async throws(RepositoryError) -> Reports.Stored
}

extension Reports: ReportStore {}

/// Stores the rows of a batch in chunks, each in a transaction of its own: while one is being stored, the next is filled.
public struct ReportWriter: Sendable {
  private let reports: any ReportStore
  private let batch: ReportBatch
  private let open: ReportBatch.Open
  private let receivedAt: Date
  private var chunk: ReportChunk
  private var storing: Task<Result<Reports.Stored, RepositoryError>, Never>?
  /// Rows stored by this writer, as far as is known.
  public private(set) var rowsStored = 0

  /// - Parameter receivedAt: The time of rows that have none.
  public init(
    _ reports: any ReportStore, _ batch: ReportBatch, _ open: ReportBatch.Open, receivedAt: Date
  ) {
    self.reports = reports
    self.batch = batch
    self.open = open
    self.receivedAt = receivedAt
    chunk = ReportChunk(of: batch, open, start: open.rowsStored, receivedAt: receivedAt)
  }

  /// How many rows of the batch, from its beginning, were stored before or handed over.
  public var position: Int { chunk.start }

  /// Whether the rows are to be handed over before another one is appended.
  public var isFull: Bool { chunk.isFull }

  public mutating func append(_ row: ReportedRow) { chunk.append(row) }

  /// Begins to store the rows that were appended. The chunk before must be settled.
  ///
  /// - Parameter completing: Whether the batch is whole with them.
  public mutating func flush(completing: Bool) {
    let full = chunk
    chunk = ReportChunk(of: batch, open, start: full.start + full.count, receivedAt: receivedAt)
    storing = Task { [reports, batch] in
      do throws(RepositoryError) {
        return .success(try await reports.store(full, of: batch, completing: completing))
      } catch {
        return .failure(error)
      }
    }
  }

  /// Waits for the chunk that is being stored, if there is one.
  ///
  /// - Returns: nil if it was stored; else why nothing has changed.
  public mutating func settle() async -> Result<ReportBatch.Standing?, RepositoryError> {
    guard let task = storing.take() else { return .success(nil) }
    switch await task.value {
    case .success(.rows(let count)):
      rowsStored += count
      return .success(nil)
    case .success(.not(let standing)): return .success(standing)
    case .failure(let error): return .failure(error)
    }
  }

  /// Waits for the chunk that is being stored, whatever becomes of it.
  public mutating func waitForChunk() async { _ = await settle() }
}
