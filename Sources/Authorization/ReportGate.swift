import Domain
import Observability
import Repository

/// What collectors report of their runs, in bulk.
///
/// The rows of a request are stored while they arrive, in transactions of bounded size; while one chunk is being stored,
/// the next is filled. A request holds two chunks of rows, and a connection to the database only while one is being stored.
///
/// That assets and standards exist is not checked: it would cost as much as storing the row, and a collector reports
/// on what it was given with the run.
public struct ReportGate: Sendable {
  /// What became of a batch's rows.
  public struct Outcome: Sendable, Equatable {
    public var rowsStored: Int
    /// Those that were stored before.
    public var rowsSkipped: Int
  }

  private let authorizer: Authorizer
  private let reports: any ReportStore
  private let maximumUploads: Int
  private let slots: UploadSlots
  private let observe: Observer

  /// - Parameter maximumUploads: Maximum number of concurrent uploads.
  public init(repository: Repository, maximumUploads: Int, slots: UploadSlots, observer: Observer) {
    self.init(
      authorizer: Authorizer(repository: repository), reports: repository.reports,
      maximumUploads: maximumUploads, slots: slots, observer: observer)
  }

  init(
    authorizer: Authorizer, reports: any ReportStore, maximumUploads: Int, slots: UploadSlots,
    observer: Observer
  ) {
    self.authorizer = authorizer
    self.reports = reports
    self.maximumUploads = maximumUploads
    self.slots = slots
    observe = observer
  }

  /// Stores a batch in the order in which `rows` hands its rows over.
  ///
  /// - Parameters:
  ///   - end: Makes `rows` throw `CancellationError`, if the upload has to give way to another; any thread may call it.
  ///   - rows: Appends all rows of the batch behind those that are stored already, and returns how many there are in
  ///     all. It is not called before it is known that the caller may report and that the batch is the next one.
  /// - Throws: `Refusal`, or what `rows` throws. Chunks that were stored stay stored, and are skipped when the batch is
  ///   sent again.
  public func store(
    _ batch: ReportBatch, _ context: inout RequestContext, end: @escaping @Sendable () -> Void,
    rows: (inout ReportUpload) async throws -> Int
  ) async throws -> Outcome {
    try await authorizer.permit(batch.kind.operation, &context)
    let slot = slots.take(caller: context.userName ?? "", run: batch.runID, limit: maximumUploads, end: end)
    guard let slot else { throw Refusal.unavailable("\(maximumUploads) uploads are under way") }
    defer { slot.giveBack() }
    let standing = try await refusing { () async throws(RepositoryError) in
      try await reports.standing(of: batch)
    }
    var upload = try ReportUpload(batch, standing, reports, slot, observe)
    do {
      let count = try await rows(&upload)
      try await upload.complete(rows: count)
      return Outcome(rowsStored: upload.rowsStored, rowsSkipped: count - upload.rowsStored)
    } catch {
      // A chunk that is being stored is better stored than sent again, and the slot is not free before that is over.
      await upload.waitForChunk()
      if error is CancellationError, slot.gaveWay {
        throw Refusal.unavailable(
          "the upload gave way to another one: it was slow, or its caller had several")
      }
      throw error
    }
  }
}

extension ReportKind {
  fileprivate var operation: Operation {
    switch self {
    case .messages: .reportMessages
    case .collectedData: .reportCollectedData
    case .results: .reportResults
    }
  }
}
