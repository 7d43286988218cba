import Domain
import EventLoop
import FoundationEssentials
import Observability
import Repository

/// What collectors report of their runs, in bulk.
///
/// The rows of a request are read while they arrive and stored in transactions of bounded size; while one is being
/// stored, the next is read. A request holds two chunks of rows and what the front end has received and not yet
/// delivered; it has a connection to the database only while a chunk is being stored.
///
/// That assets and standards exist is not checked: it would cost as much as storing the row, and a collector reports
/// on what it was given with the run.
public struct ReportGate: Sendable {
  public struct Settings: Sendable {
    /// Maximum number of concurrent uploads.
    public var maximumUploads: Int
    public var limits: ReportLineReader.Limits

    public init(maximumUploads: Int, limits: ReportLineReader.Limits) {
      self.maximumUploads = maximumUploads
      self.limits = limits
    }
  }

  /// What became of a batch's rows.
  public struct Outcome: Sendable, Equatable {
    public var rowsStored: Int
    /// Those that were stored before.
    public var rowsSkipped: Int
  }

  private let authorizer: Authorizer
  private let reports: any ReportStore
  private let settings: Settings
  private let slots: Slots
  private let observe: Observer

  public init(repository: Repository, settings: Settings, slots: Slots, observer: Observer) {
    self.init(
      authorizer: Authorizer(repository: repository), reports: repository.reports, settings: settings,
      slots: slots, observer: observer)
  }

  init(
    authorizer: Authorizer, reports: any ReportStore, settings: Settings, slots: Slots,
    observer: Observer
  ) {
    self.authorizer = authorizer
    self.reports = reports
    self.settings = settings
    self.slots = slots
    observe = observer
  }

  /// Stores a batch.
  ///
  /// - Parameter body: The next bytes of the lines; nil at their end. It is not called before it is known that the
  ///   caller may report and that the batch is the next one.
  /// - Throws: `Refusal`, or what `body` throws. Chunks that were stored stay stored, and are skipped when the batch is
  ///   sent again.
  public func store(
    _ batch: ReportBatch, _ context: inout RequestContext, body: @Sendable () async throws -> [UInt8]?
  ) async throws -> Outcome {
    try await authorizer.permit(batch.kind.operation, &context)
    guard slots.take(limit: settings.maximumUploads) else {
      throw Refusal.unavailable("\(settings.maximumUploads) uploads are under way")
    }
    defer { slots.giveBack() }
    let standing = try await refusing { () async throws(RepositoryError) in
      try await reports.standing(of: batch)
    }
    let open: ReportBatch.Open
    switch standing {
    case .open(let found): open = found
    case .stored: return Outcome(rowsStored: 0, rowsSkipped: try await count(body, batch.kind))
    default: throw refusal(standing, batch)
    }
    var parser = ReportParser(batch.kind, rowsToSkip: open.rowsStored, limits: settings.limits)
    var writer = ReportWriter(reports, batch, open, receivedAt: Date())
    do {
      try await read(body, &parser, into: &writer, batch)
    } catch {
      // A chunk that is being stored is better stored than sent again, and the slot is not free before that is over.
      await writer.waitForChunk()
      throw error
    }
    return Outcome(rowsStored: writer.rowsStored, rowsSkipped: parser.rows - writer.rowsStored)
  }

  /// The number of rows in the body of a batch that is stored already.
  private func count(
    _ body: @Sendable () async throws -> [UInt8]?, _ kind: ReportKind
  ) async throws -> Int {
    var parser = ReportParser(kind, rowsToSkip: 0, limits: settings.limits)
    parser.onlyCounts = true
    while let piece = try await body() {
      parser.add(piece)
      _ = parser.forEachRow { _ in true }
    }
    parser.end()
    _ = parser.forEachRow { _ in true }
    return parser.rows
  }

  private func read(
    _ body: @Sendable () async throws -> [UInt8]?, _ parser: inout ReportParser,
    into writer: inout ReportWriter, _ batch: ReportBatch
  ) async throws {
    var hasEnded = false
    while !hasEnded, !parser.isHopeless {
      if let piece = try await body() {
        parser.add(piece)
      } else {
        parser.end()
        hasEnded = true
      }
      while parser.forEachRow({ row in
        writer.append(row)
        return !writer.isFull
      }) {
        try await flush(&writer, &parser, batch, completing: false)
      }
    }
    guard !parser.isBroken else {
      try settle(await writer.settle(), &parser, batch)
      throw Refusal.invalidLines(parser.problems.all, rowsStored: writer.position)
    }
    guard !parser.onlyCounts else { return try settle(await writer.settle(), &parser, batch) }
    guard parser.rows >= writer.position else {
      throw refusal(.longer(rowsStored: writer.position), batch)
    }
    try await flush(&writer, &parser, batch, completing: true)
    try settle(await writer.settle(), &parser, batch)
  }

  /// Hands over the rows that were read, unless the chunk before was refused or found to be stored.
  private func flush(
    _ writer: inout ReportWriter, _ parser: inout ReportParser, _ batch: ReportBatch, completing: Bool
  ) async throws(Refusal) {
    try settle(await writer.settle(), &parser, batch)
    if !parser.onlyCounts { writer.flush(completing: completing) }
  }

  /// Goes on after a chunk, or not.
  private func settle(
    _ outcome: Result<ReportBatch.Standing?, RepositoryError>, _ parser: inout ReportParser,
    _ batch: ReportBatch
  ) throws(Refusal) {
    switch outcome {
    case .success(nil): return
    // Another request has stored the same batch at the same time.
    case .success(.stored): parser.onlyCounts = true
    case .success(.some(let standing)): throw refusal(standing, batch)
    case .failure(let error): throw Refusal(error)
    }
  }

  private func refusal(_ standing: ReportBatch.Standing, _ batch: ReportBatch) -> Refusal {
    if case .overdue(let jobID) = standing {
      observe(.runOverdue(runID: batch.runID.guidString, jobID: jobID.guidString))
    }
    return Refusal(standing, batch: batch)
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
