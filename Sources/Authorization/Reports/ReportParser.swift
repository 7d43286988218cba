import Domain
import FoundationEssentials
import JSON
import Repository

/// Makes chunks of rows from the bytes of a batch, in whatever pieces they come: no I/O.
struct ReportParser {
  /// So many broken lines are told; nobody reads more.
  static let maximumBrokenLines = 100

  private let batch: ReportBatch
  private let open: ReportBatch.Open
  private let receivedAt: Date
  private let reader: ReportLineReader
  private var splitter: LineSplitter
  private var line = 0
  private var brokenLines = 0
  let problems = JSONProblems()
  /// Rows that have come, those that were stored before among them.
  private(set) var rows = 0
  private(set) var chunk: ReportChunk
  /// Rows are counted and not looked at: the batch turned out to be stored.
  var onlyCounts = false

  init(
    _ batch: ReportBatch, _ open: ReportBatch.Open, limits: ReportLineReader.Limits, receivedAt: Date
  ) {
    self.batch = batch
    self.open = open
    self.receivedAt = receivedAt
    reader = ReportLineReader(batch.kind, limits: limits)
    splitter = LineSplitter(maximumBytes: limits.rowBytes)
    chunk = ReportChunk(of: batch, open, start: open.rowsStored, receivedAt: receivedAt)
  }

  /// How many rows of the batch have been handed over, or were stored before, when the first broken line came.
  private(set) var rowsBeforeBreak = 0

  var isBroken: Bool { brokenLines > 0 }
  /// There is no use in reading on.
  var isHopeless: Bool { brokenLines >= Self.maximumBrokenLines }

  mutating func add(_ piece: [UInt8]) { splitter.add(piece) }
  mutating func end() { splitter.end() }

  /// Reads what there is, until the chunk is full.
  ///
  /// - Returns: Whether it is full, and to be taken.
  mutating func fillChunk() -> Bool {
    // Apart, as the lines are lent by the splitter.
    var splitter = self.splitter
    self.splitter = LineSplitter(maximumBytes: 0)
    defer { self.splitter = splitter }
    while true {
      let stopped = splitter.forEachLine { line in
        read(line)
        return !chunk.isFull && !isHopeless
      }
      if !stopped || isHopeless { return false }
      if !isBroken { return true }
      // It is not to be stored; what follows is only looked through.
      _ = takeChunk()
    }
  }

  /// The rows read since the last time.
  mutating func takeChunk() -> ReportChunk {
    let taken = chunk
    chunk = ReportChunk(of: batch, open, start: taken.start + taken.count, receivedAt: receivedAt)
    return taken
  }

  private mutating func read(_ text: UnsafeRawBufferPointer) {
    line += 1
    // A line of JSON's white space alone is no row.
    guard text.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
    rows += 1
    if onlyCounts || rows <= open.rowsStored { return }
    if reader.read(text, number: line, problems) {
      chunk.append(reader.row)
    } else {
      if !isBroken { rowsBeforeBreak = chunk.start }
      brokenLines += 1
    }
  }
}
