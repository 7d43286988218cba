import Domain
import FoundationEssentials
import JSON
import Observability
import Repository

/// A batch that is being stored: takes its rows in order.
public struct ReportUpload {
  private let batch: ReportBatch
  private let slot: UploadSlots.Slot
  private let observe: Observer
  /// nil if the batch was stored before.
  private var writer: ReportWriter?
  /// Whether all of the batch is stored already, perhaps by another request at the same time. Its rows need only be counted.
  public private(set) var isStored: Bool
  /// The number of rows at the batch's beginning that were stored before; the first row to append is the next one.
  public let rowsToSkip: Int

  init(
    _ batch: ReportBatch, _ standing: ReportBatch.Standing, _ reports: any ReportStore,
    _ slot: UploadSlots.Slot, _ observer: Observer
  ) throws(Refusal) {
    self.batch = batch
    self.slot = slot
    observe = observer
    switch standing {
    case .open(let open):
      writer = ReportWriter(reports, batch, open, receivedAt: Date())
      isStored = false
      rowsToSkip = open.rowsStored
    case .stored:
      isStored = true
      rowsToSkip = 0
    default: throw Self.refusal(standing, batch, observer)
    }
  }

  /// Rows stored by this upload, as far as is known.
  var rowsStored: Int { writer?.rowsStored ?? 0 }

  /// Whether the rows are to be flushed before another one is appended.
  public var isFull: Bool { writer?.isFull ?? false }

  /// So many bytes of the batch have arrived.
  public func received(_ bytes: Int) { slot.received(bytes) }

  public mutating func append(_ row: ReportedRow) { writer?.append(row) }

  /// Begins to store the rows that were appended, once the chunk before is stored.
  ///
  /// - Throws: Why the chunk before was not stored.
  public mutating func flush() async throws(Refusal) {
    try await settle()
    if !isStored { writer?.flush(completing: false) }
  }

  /// The refusal of a batch with invalid lines, once the chunk before is stored.
  ///
  /// - Throws: Why the chunk before was not stored.
  public mutating func refusal(of lines: JSONProblemList) async throws(Refusal) -> Refusal {
    try await settle()
    return .invalidLines(lines, rowsStored: writer?.position ?? 0)
  }

  /// Stores the last rows.
  mutating func complete(rows: Int) async throws(Refusal) {
    try await settle()
    guard !isStored, let position = writer?.position else { return }
    guard rows >= position else { throw refusal(.longer(rowsStored: position)) }
    writer?.flush(completing: true)
    try await settle()
  }

  /// Waits for the chunk that is being stored, whatever becomes of it.
  mutating func waitForChunk() async { await writer?.waitForChunk() }

  private mutating func settle() async throws(Refusal) {
    switch await writer?.settle() {
    case nil, .success(nil): return
    case .success(.stored): isStored = true
    case .success(.some(let standing)): throw refusal(standing)
    case .failure(let error): throw Refusal(error)
    }
  }

  private func refusal(_ standing: ReportBatch.Standing) -> Refusal {
    Self.refusal(standing, batch, observe)
  }

  private static func refusal(
    _ standing: ReportBatch.Standing, _ batch: ReportBatch, _ observe: Observer
  ) -> Refusal {
    if case .overdue(let jobID) = standing {
      observe(.runOverdue(runID: batch.runID.guidString, jobID: jobID.guidString))
    }
    return Refusal(standing, batch: batch)
  }
}
