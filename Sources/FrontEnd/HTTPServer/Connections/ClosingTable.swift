/// The bounds of connections that are being closed: pure bookkeeping, no clock, no socket.
struct ClosingTable: Sendable {
  struct Bounds: Sendable {
    /// Maximum number of connections; further ones are closed at once.
    var connections = 1024
    /// Maximum number of bytes that a client may still send.
    var bytes = 64 << 20
    /// From the end of the answer to the end of the connection.
    var time = Duration.seconds(30)
    /// From one byte to the next.
    var silence = Duration.seconds(5)
  }

  private struct Entry {
    var bytesLeft: Int
    var deadline: Duration
    var silenceEnds: Duration
  }

  private let bounds: Bounds
  private var entries: [Int32: Entry] = [:]

  init(bounds: Bounds) { self.bounds = bounds }

  var count: Int { entries.count }

  /// - Parameter now: Since any epoch, always the same.
  /// - Returns: Whether there was room for one more.
  mutating func add(_ descriptor: Int32, now: Duration) -> Bool {
    guard entries.count < bounds.connections else { return false }
    entries[descriptor] = Entry(
      bytesLeft: bounds.bytes, deadline: now + bounds.time, silenceEnds: now + bounds.silence)
    return true
  }

  /// - Returns: Whether more may arrive.
  mutating func received(_ count: Int, from descriptor: Int32, now: Duration) -> Bool {
    guard var entry = entries[descriptor] else { return false }
    entry.bytesLeft -= count
    entry.silenceEnds = now + bounds.silence
    entries[descriptor] = entry
    return entry.bytesLeft > 0 && now < entry.deadline
  }

  mutating func remove(_ descriptor: Int32) { entries[descriptor] = nil }

  /// Those whose time is over.
  func expired(now: Duration) -> [Int32] {
    entries.filter { min($0.value.deadline, $0.value.silenceEnds) <= now }.map(\.key)
  }
}
