import Domain
import FoundationEssentials
import JSON

/// Makes rows from the bytes of a batch, in whatever pieces they arrive: no I/O.
struct ReportParser {
  /// Maximum number of broken lines that are reported.
  static let maximumBrokenLines = 100

  /// Rows of the batch's beginning that are stored already.
  private let rowsToSkip: Int
  private let reader: ReportLineReader
  private var splitter: LineSplitter
  private var line = 0
  private var brokenLines = 0
  let problems = JSONProblems()
  /// Rows that have arrived, skipped ones included.
  private(set) var rows = 0

  init(_ kind: ReportKind, rowsToSkip: Int, limits: ReportLineReader.Limits) {
    self.rowsToSkip = rowsToSkip
    reader = ReportLineReader(kind, limits: limits)
    splitter = LineSplitter(maximumBytes: limits.rowBytes)
  }

  var isBroken: Bool { brokenLines > 0 }
  /// There is no use in reading on.
  var isHopeless: Bool { brokenLines >= Self.maximumBrokenLines }

  mutating func add(_ piece: [UInt8]) { splitter.add(piece) }
  mutating func end() { splitter.end() }

  /// Parses the lines that have arrived. From the first broken line on, rows are only checked.
  ///
  /// - Parameters:
  ///   - onlyCounting: Whether rows are counted and not parsed.
  ///   - take: Takes a row, which is valid during the call. Returns whether it takes another one now.
  /// - Returns: Whether it stopped because `take` wanted no more.
  mutating func forEachRow(onlyCounting: Bool, _ take: (ReportedRow) -> Bool) -> Bool {
    // Moved out, because the lines are borrowed from the splitter.
    var splitter = self.splitter
    self.splitter = LineSplitter(maximumBytes: 0)
    defer { self.splitter = splitter }
    let stopped = splitter.forEachLine { read($0, onlyCounting, take) && !isHopeless }
    return stopped && !isHopeless
  }

  /// - Returns: Whether to go on.
  private mutating func read(
    _ text: UnsafeRawBufferPointer, _ onlyCounting: Bool, _ take: (ReportedRow) -> Bool
  ) -> Bool {
    line += 1
    // A line of JSON white space alone is no row.
    guard text.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return true }
    rows += 1
    if onlyCounting || rows <= rowsToSkip { return true }
    guard reader.read(text, number: line, problems) else {
      brokenLines += 1
      return true
    }
    return isBroken || take(reader.row)
  }
}
