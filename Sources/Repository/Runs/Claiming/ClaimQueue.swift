/// The claims that wait for runs, in the order of their arrival: pure state, no clock, no database.
///
/// One poll of the database serves as many claims as it can. A claim that gets runs is answered. One that gets none keeps
/// its place until its wait has expired and at least one poll has included it.
struct ClaimQueue: Sendable {
  /// The most runs that one poll claims, over all collectors.
  static let maximumRuns = 100

  struct Member: Sendable, Equatable {
    let number: UInt64
    let request: ClaimRequest
    /// When it must be answered, on the caller's clock; for a claim that does not wait, when it arrived.
    var until: Duration
    /// A poll has ended since it arrived, without a run for it.
    var wasPolled = false
  }

  /// The claims at the front, for one poll of the database.
  struct Poll: Sendable, Equatable {
    var members: [Member] = []
    /// The last claim that had arrived when the poll began.
    let lastNumber: UInt64
    var runs: Int { members.reduce(0) { $0 + $1.request.count } }
  }

  private let interval: Duration
  private var members: [Member] = []
  private var lastNumber: UInt64 = 0
  private var lastPoll: Duration?
  private var isClosed = false
  /// Whether the database is to be polled now.
  private(set) var isUrgent = false

  /// - Parameter interval: The time between two polls while claims wait.
  init(interval: Duration) { self.interval = interval }

  var count: Int { members.count }

  /// Adds a claim at the end.
  ///
  /// A claim that waits in front knows that no run was queued a moment ago. So another one that waits is no reason to
  /// poll again.
  mutating func join(_ request: ClaimRequest, wait: Duration, now: Duration) -> UInt64 {
    lastNumber += 1
    if members.isEmpty || wait <= .zero || isClosed { isUrgent = true }
    members.append(Member(number: lastNumber, request: request, until: isClosed ? now : now + wait))
    return lastNumber
  }

  /// Removes a claim.
  mutating func leave(_ number: UInt64) { members.removeAll { $0.number == number } }

  /// A run may have been queued.
  mutating func wake() { isUrgent = !members.isEmpty }

  /// From now on no claim waits: those that were polled are answered, the others with their next poll.
  mutating func close(now: Duration) {
    isClosed = true
    for index in members.indices { members[index].until = now }
    wake()
  }

  /// Begins a poll; nil if no claim waits. One poll at a time.
  mutating func beginPoll(now: Duration) -> Poll? {
    isUrgent = false
    lastPoll = now
    guard !members.isEmpty else { return nil }
    var poll = Poll(lastNumber: lastNumber)
    for member in members {
      guard poll.runs + member.request.count <= Self.maximumRuns || poll.members.isEmpty else { break }
      poll.members.append(member)
    }
    return poll
  }

  /// Ends a poll. Claims that got runs leave the queue.
  ///
  /// - Parameter counts: How many runs each member of the poll got.
  mutating func endPoll(_ poll: Poll, counts: [Int]) {
    let served = Set(zip(poll.members, counts).lazy.filter { $1 > 0 }.map(\.0.number))
    members.removeAll { served.contains($0.number) }
    if counts.reduce(0, +) < poll.runs {
      // No run is left: every claim that had arrived by then was polled without success.
      for index in members.indices where members[index].number <= poll.lastNumber {
        members[index].wasPolled = true
      }
    } else {
      wake()
    }
  }

  /// Removes the claims whose time is over and that were part of a poll.
  mutating func expired(now: Duration) -> [UInt64] {
    remove { $0.wasPolled && $0.until <= now }
  }

  /// Removes the claims that a failed poll answers: those whose time is over, or all that had arrived.
  mutating func failed(_ poll: Poll, all: Bool, now: Duration) -> [UInt64] {
    remove { $0.number <= poll.lastNumber && (all || $0.until <= now) }
  }

  private mutating func remove(where isLeaving: (Member) -> Bool) -> [UInt64] {
    let leaving = members.filter(isLeaving).map(\.number)
    if !leaving.isEmpty { members.removeAll(where: isLeaving) }
    return leaving
  }

  /// The time until a claim expires or the next poll is due; nil if no claim waits.
  func pause(now: Duration) -> Duration? {
    guard let first = members.lazy.map(\.until).min() else { return nil }
    return max(.milliseconds(10), min(first, (lastPoll ?? now) + interval) - now)
  }

  /// Makes the next poll urgent once it is due.
  mutating func tick(now: Duration) {
    if (lastPoll ?? now) + interval <= now { wake() }
  }
}
