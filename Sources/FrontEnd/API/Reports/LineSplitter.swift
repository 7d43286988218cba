import Glibc

/// Splits a stream of bytes into lines, independently of its pieces.
///
/// A line ends with LF, the last one also with the stream; a CR before the LF is white space to JSON. A line that is too
/// long is cut one byte beyond the limit, so that the reader sees it, and the rest is dropped.
struct LineSplitter: Sendable {
  private let maximumBytes: Int
  private var piece: [UInt8] = []
  private var position = 0
  /// The beginning of a line whose end has not arrived yet.
  private var rest: [UInt8] = []
  private var ended = false

  /// - Parameter maximumBytes: The maximum length of a line.
  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// Adds bytes; the previous ones must be used up.
  mutating func add(_ piece: [UInt8]) {
    precondition(position == self.piece.count, "lines are left")
    self.piece = piece
    position = 0
  }

  /// Ends the stream.
  mutating func end() { ended = true }

  /// Calls `body` with one line after the other while it returns true.
  ///
  /// - Returns: Whether `body` stopped it; otherwise all bytes are used up.
  mutating func forEachLine(_ body: (UnsafeRawBufferPointer) throws -> Bool) rethrows -> Bool {
    while position < piece.count {
      let (line, next) = piece.withUnsafeBytes { bytes -> (Range<Int>?, Int) in
        let found = memchr(bytes.baseAddress! + position, 0x0A, bytes.count - position)
        guard let found else { return (nil, bytes.count) }
        let end = UnsafeRawPointer(found) - bytes.baseAddress!
        return (position..<end, end + 1)
      }
      let start = position
      position = next
      guard let line else {
        keep(start..<piece.count)
        break
      }
      var goesOn = true
      if rest.isEmpty {
        let bounded = line.lowerBound..<min(line.upperBound, line.lowerBound + maximumBytes + 1)
        goesOn = try piece.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[bounded])) }
      } else {
        keep(line)
        goesOn = try rest.withUnsafeBytes(body)
        rest.removeAll(keepingCapacity: true)
      }
      if !goesOn { return true }
    }
    if ended, !rest.isEmpty {
      let last = rest
      rest = []
      return try !last.withUnsafeBytes(body)
    }
    return false
  }

  private mutating func keep(_ range: Range<Int>) {
    let room = maximumBytes + 1 - rest.count
    rest.append(contentsOf: piece[range.prefix(max(0, room))])
  }
}
