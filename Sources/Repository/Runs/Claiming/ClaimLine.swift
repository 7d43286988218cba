/// The collectors that want runs, in the order in which they came: pure bookkeeping, no clock, no database.
///
/// One look at the queue serves as many of them as it can. Whoever gets at least one run leaves with what there is;
/// whoever gets none waits on, in the same place, until its time is over, and has been served by one look at least.
struct ClaimLine: Sendable {
  /// The most runs that one look hands out, over all collectors.
  static let mostRuns = 100

  struct Member: Sendable, Equatable {
    let number: UInt64
    let order: ClaimOrder
    /// When it wants its answer, on the clock of whoever calls. One that does not wait at all: when it came.
    var until: Duration
    /// A look has come to an end since it came, and there was nothing for it.
    var isTried = false
  }

  /// The foremost collectors, for one look.
  struct Look: Sendable, Equatable {
    var members: [Member] = []
    /// The last collector that had come when the look began.
    let lastNumber: UInt64
    var runs: Int { members.reduce(0) { $0 + $1.order.count } }
  }

  private let interval: Duration
  private var members: [Member] = []
  private var lastNumber: UInt64 = 0
  private var lastLook: Duration?
  private var isClosed = false
  /// Whether the queue is to be looked at now.
  private(set) var isUrgent = false

  /// - Parameter interval: How often the queue is looked at while somebody waits.
  init(interval: Duration) { self.interval = interval }

  var count: Int { members.count }

  /// Takes its place at the end.
  ///
  /// Somebody in front who waits knows that the queue was empty a moment ago. So a newcomer that waits as well is
  /// no reason to look at it once more.
  mutating func join(_ order: ClaimOrder, wait: Duration, now: Duration) -> UInt64 {
    lastNumber += 1
    if members.isEmpty || wait <= .zero || isClosed { isUrgent = true }
    members.append(Member(number: lastNumber, order: order, until: isClosed ? now : now + wait))
    return lastNumber
  }

  /// Gives its place up.
  mutating func leave(_ number: UInt64) { members.removeAll { $0.number == number } }

  /// There may be something in the queue.
  mutating func wake() { isUrgent = !members.isEmpty }

  /// From now on nobody waits: whoever has been served gets its answer, anybody else's next look is its last.
  mutating func close(now: Duration) {
    isClosed = true
    for index in members.indices { members[index].until = now }
    wake()
  }

  /// Begins a look at the queue; nil if nobody wants one. One look at a time.
  mutating func beginLook(now: Duration) -> Look? {
    isUrgent = false
    lastLook = now
    guard !members.isEmpty else { return nil }
    var look = Look(lastNumber: lastNumber)
    for member in members {
      guard look.runs + member.order.count <= Self.mostRuns || look.members.isEmpty else { break }
      look.members.append(member)
    }
    return look
  }

  /// Ends a look. Those that got runs leave the line.
  ///
  /// - Parameter given: How many runs each member of the look got.
  mutating func endLook(_ look: Look, given: [Int]) {
    let served = Set(zip(look.members, given).lazy.filter { $1 > 0 }.map(\.0.number))
    members.removeAll { served.contains($0.number) }
    if given.reduce(0, +) < look.runs {
      // That was all there is: nobody who was there by then gets anything.
      for index in members.indices where members[index].number <= look.lastNumber {
        members[index].isTried = true
      }
    } else {
      wake()
    }
  }

  /// Those that have waited long enough and were served by a look; they leave the line.
  mutating func expired(now: Duration) -> [UInt64] {
    remove { $0.isTried && $0.until <= now }
  }

  /// Those whose time is over when a look fails; they leave the line. The others hope for the next one.
  ///
  /// - Parameter all: Whether there is no hope.
  mutating func failed(_ look: Look, all: Bool, now: Duration) -> [UInt64] {
    remove { $0.number <= look.lastNumber && (all || $0.until <= now) }
  }

  private mutating func remove(where isLeaving: (Member) -> Bool) -> [UInt64] {
    let leaving = members.filter(isLeaving).map(\.number)
    if !leaving.isEmpty { members.removeAll(where: isLeaving) }
    return leaving
  }

  /// How long until somebody's time is over or the queue is to be looked at again; nil if nobody is there.
  func pause(now: Duration) -> Duration? {
    guard let first = members.lazy.map(\.until).min() else { return nil }
    return max(.milliseconds(10), min(first, (lastLook ?? now) + interval) - now)
  }

  /// Makes the next look due, if its time has come.
  mutating func tick(now: Duration) {
    if (lastLook ?? now) + interval <= now { wake() }
  }
}
