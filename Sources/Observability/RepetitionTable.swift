/// Counts repetitions within a second: pure bookkeeping, no clock.
struct RepetitionTable {
  /// Log lines of a kind that are written.
  static let written = 10
  /// The most kinds of a group that are told apart. Beyond it, all count as one.
  static let kinds = 500

  /// They do not take each other's room: no flood of requests hides a login, and no anonymous one a user's request.
  private struct Group: Hashable {
    var event: Repetition.Event
    var hasUser: Bool

    init(_ repetition: Repetition) { (event, hasUser) = (repetition.event, repetition.user != nil) }
  }

  private var counts: [Group: [Repetition: Int]] = [:]

  /// Counts a log line.
  ///
  /// - Returns: Whether it is to be written.
  mutating func admits(_ repetition: Repetition) -> Bool {
    let group = Group(repetition)
    var repetition = repetition
    if counts[group]?.count ?? 0 >= Self.kinds, counts[group]?[repetition] == nil {
      repetition = Repetition(event: repetition.event, network: nil, user: nil, status: nil)
    }
    counts[group, default: [:]][repetition, default: 0] += 1
    return counts[group]?[repetition] ?? 0 <= Self.written
  }

  /// Begins the next second.
  ///
  /// - Returns: How many log lines were not to be written, the most first.
  mutating func takeCounts() -> [(Repetition, Int)] {
    defer { counts = [:] }
    return counts.values.joined().map { ($0, $1 - Self.written) }.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
  }
}
