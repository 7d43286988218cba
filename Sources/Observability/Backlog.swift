/// What the log knows of log lines it could not write: a pure state machine; ``LogWriter`` does the writing.
///
/// The service must survive the reader of its log, and a slow reader must not slow it down. So log lines that find no room
/// wait for it briefly, at most once a second, and are dropped otherwise. Once there is room again, a log line with the
/// number of dropped ones comes first.
struct Backlog {
  /// How long log lines may wait for room, in milliseconds.
  static let longestWait: Int32 = 50
  /// The least time between two such waits, in milliseconds: the reader can cost 5 % of the time.
  static let betweenWaits: UInt64 = 1000

  /// Log lines dropped since the last notice that was written in full.
  private(set) var dropped = 0
  /// Whether the last thing written was the beginning of a log line.
  private var isTorn = false
  /// When log lines last waited, in milliseconds since 1970.
  private var waitedAt: Int64?

  /// How long log lines that find no room may wait, in milliseconds; 0 for not at all. Asking uses the wait up. A clock
  /// that was set, in either direction, does no harm.
  mutating func takeWait(milliseconds: Int64) -> Int32 {
    if let waitedAt, (milliseconds - waitedAt).magnitude < Self.betweenWaits { return 0 }
    waitedAt = milliseconds
    return Self.longestWait
  }

  /// The log line to be written before the next one: how many were dropped, after a newline that ends a torn one. Nil if
  /// none were.
  func droppedNotice(milliseconds: Int64, isForJournal: Bool = false) -> [UInt8]? {
    guard dropped > 0 else { return nil }
    let line = LogLine.bytes(
      of: .logLinesDropped(count: dropped), milliseconds: milliseconds, isForJournal: isForJournal)
    return isTorn ? [UInt8(ascii: "\n")] + line : line
  }

  /// Notes that `written` of the notice's `total` bytes were taken.
  ///
  /// - Returns: Whether the next log line may follow.
  mutating func wroteNotice(_ written: Int, of total: Int) -> Bool {
    if written == total {
      dropped = 0
      isTorn = false
      return true
    }
    if written > 0 { isTorn = true }
    return false
  }

  /// Notes that the first `written` bytes of some log lines were taken. One that was not taken in full counts as dropped.
  mutating func wrote(_ written: Int, of lines: ArraySlice<UInt8>) {
    guard written < lines.count else { return }
    let newline = UInt8(ascii: "\n")
    dropped += lines.dropFirst(written).count { $0 == newline }
    if written > 0 { isTorn = lines[lines.startIndex + written - 1] != newline }
  }
}
