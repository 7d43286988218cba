/// What the log remembers of lines it could not write: a pure state machine, the writing is ``Log``'s.
///
/// A service must outlive the reader of its log, and a slow reader must not set its pace. So what finds no room waits a
/// little, but only once a second; else its lines are dropped. Once there is room again, a line that says how many are
/// missing comes first.
struct Backlog {
  /// How long a line may wait for room, in milliseconds.
  static let longestWait: Int32 = 50
  /// How far apart two such waits are at least, in milliseconds: the reader can cost 5 % of the time.
  static let betweenWaits: UInt64 = 1000

  /// Lines lost since the last one that was written whole.
  private(set) var dropped = 0
  /// True if the last thing written was the beginning of a line.
  private var isTorn = false
  /// When lines last waited, in milliseconds since 1970.
  private var waitedAt: Int64?

  /// How long lines that find no room may wait, in milliseconds, 0 for not at all. The wait is spent by
  /// asking. A clock that was set, in either direction, does no harm.
  mutating func takeWait(milliseconds: Int64) -> Int32 {
    if let waitedAt, (milliseconds - waitedAt).magnitude < Self.betweenWaits { return 0 }
    waitedAt = milliseconds
    return Self.longestWait
  }

  /// What has to be written before the next line: the number of lost lines, after a newline that ends a torn
  /// one. Nil if nothing is missing.
  func apology(milliseconds: Int64) -> [UInt8]? {
    guard dropped > 0 else { return nil }
    let line = LogLine.bytes(of: .logLinesDropped(count: dropped), milliseconds: milliseconds)
    return isTorn ? [UInt8(ascii: "\n")] + line : line
  }

  /// Notes that `written` of the apology's `total` bytes were taken. Returns true if the next line may follow.
  mutating func apologised(written: Int, of total: Int) -> Bool {
    if written == total {
      dropped = 0
      isTorn = false
      return true
    }
    if written > 0 { isTorn = true }
    return false
  }

  /// Notes that the first `written` bytes of whole lines were taken. A line that was not taken whole is lost.
  mutating func wrote(_ written: Int, of lines: ArraySlice<UInt8>) {
    guard written < lines.count else { return }
    let newline = UInt8(ascii: "\n")
    dropped += lines.dropFirst(written).count { $0 == newline }
    if written > 0 { isTorn = lines[lines.startIndex + written - 1] != newline }
  }
}
