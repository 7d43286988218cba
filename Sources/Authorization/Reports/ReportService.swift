import Domain
import FoundationEssentials
import Observability
import Repository

/// What collectors report of the runs they carry out, in bulk.
///
/// The rows of a request are read while they arrive and stored in transactions of bounded size; while one is being
/// stored, the next is read. A request holds two chunks (`ReportChunk.maximumBytes`) and what the front end has
/// received and nobody has read; it has a connection to the database only while a chunk is being stored.
///
/// That assets and standards exist is not checked: it would cost as much as storing the row, and a collector reports
/// what it was given with the run.
public struct ReportService: Sendable {
  public struct Settings: Sendable {
    /// The most uploads at a time.
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

  private let repository: Repository
  private let settings: Settings
  private let slots: UploadSlots
  private let observe: Observer

  public init(repository: Repository, settings: Settings, slots: UploadSlots, observer: Observer) {
    self.repository = repository
    self.settings = settings
    self.slots = slots
    observe = observer
  }

  /// Stores a batch.
  ///
  /// - Parameter body: The next bytes of the lines; nil at their end. It is not called before it is known that the
  ///   caller may report and that the batch is the one that is due.
  /// - Throws: `Refusal`, or what `body` throws. Chunks stored before stay stored, and are skipped when the batch is
  ///   sent again.
  public func store(
    _ batch: ReportBatch, for principal: Principal, body: @Sendable () async throws -> [UInt8]?
  ) async throws -> Outcome {
    try Policy.permit(.reportJobRun, for: principal)
    guard slots.enter(limit: settings.maximumUploads) else {
      throw Refusal.unavailable("\(settings.maximumUploads) uploads are under way")
    }
    defer { slots.leave() }
    let standing = try await refusing { () async throws(RepositoryError) in
      try await repository.reports.standing(of: batch)
    }
    let open: ReportBatch.Open
    switch standing {
    case .open(let found): open = found
    case .stored: open = ReportBatch.Open(historyID: batch.runID, firstRow: 0, rowsStored: 0)
    default: throw refusal(standing, batch)
    }
    var parser = ReportParser(batch, open, limits: settings.limits, receivedAt: Date())
    parser.onlyCounts = standing == .stored
    let stored = try await store(batch, &parser, body)
    return Outcome(rowsStored: stored, rowsSkipped: parser.rows - stored)
  }

  /// - Returns: How many rows were stored.
  private func store(
    _ batch: ReportBatch, _ parser: inout ReportParser, _ body: @Sendable () async throws -> [UInt8]?
  ) async throws -> Int {
    var stored = 0
    var storing: Task<Reports.Stored, any Error>?

    func settle(_ parser: inout ReportParser) async throws {
      guard let task = storing else { return }
      storing = nil
      switch try await task.value {
      case .rows(let count): stored += count
      // Somebody else has sent the same batch at the same time.
      case .not(.stored): parser.onlyCounts = true
      case .not(let standing): throw refusal(standing, batch)
      }
    }

    func hand(over chunk: ReportChunk, completing: Bool, _ parser: inout ReportParser) async throws {
      try await settle(&parser)
      guard !parser.onlyCounts else { return }
      storing = Task { [reports = repository.reports] in
        try await refusing { () async throws(RepositoryError) in
          try await reports.store(chunk, of: batch, completing: completing)
        }
      }
    }

    do {
      try await read(&parser, body, hand(over:completing:_:))
      guard !parser.isBroken else {
        try await settle(&parser)
        throw Refusal.invalidLines(parser.problems.all, rowsStored: parser.rowsBeforeBreak)
      }
      if !parser.onlyCounts {
        guard parser.rows >= parser.chunk.start else {
          throw refusal(.longer(rowsStored: parser.chunk.start), batch)
        }
        let chunk = parser.takeChunk()
        try await hand(over: chunk, completing: true, &parser)
        try await settle(&parser)
      }
      return stored
    } catch {
      // What is under way is short, and better stored than sent again; and the slot is not free before it is over.
      _ = try? await storing?.value
      throw error
    }
  }

  /// Reads to the end, or until so many lines are broken that there is no use in it.
  private func read(
    _ parser: inout ReportParser, _ body: @Sendable () async throws -> [UInt8]?,
    _ handOver: (ReportChunk, Bool, inout ReportParser) async throws -> Void
  ) async throws {
    var hasEnded = false
    while !hasEnded, !parser.isHopeless {
      if let piece = try await body() {
        parser.add(piece)
      } else {
        parser.end()
        hasEnded = true
      }
      while parser.fillChunk() {
        let chunk = parser.takeChunk()
        try await handOver(chunk, false, &parser)
      }
    }
  }

  private func refusal(_ standing: ReportBatch.Standing, _ batch: ReportBatch) -> Refusal {
    let run = batch.runID.guidString
    if case .overdue(let jobID) = standing { observe(.runOverdue(runID: run, jobID: jobID.guidString)) }
    return switch standing {
    case .notFound: .notFound("The job run \(run) does not exist. It may have been purged.")
    case .over(.aborted): .conflict("The run was aborted.")
    case .over(.failed): .conflict("The run has failed.")
    case .over: .conflict("The run was completed.")
    case .overdue: .conflict("The run was aborted: it took longer than EndJobRunTimeInterval allows.")
    case .leaseLost:
      .conflict("The lease is not that of the run: it has run out, or another collector has the run.")
    case .inherited(let expected):
      .conflict(
        "The batch \(batch.number) was stored by a collector that had the run before: the batch \(expected) is expected."
      )
    case .outOfOrder(let expected):
      .conflict("The batch \(batch.number) is out of order: the batch \(expected) is expected.")
    case .longer(let rowsStored):
      .conflict(
        "Of the batch \(batch.number) \(rowsStored) rows are stored, more than were sent now. Send the same lines again, and all of them."
      )
    case .open, .stored: .failed("a batch that is \(standing) was refused")
    }
  }
}
