import Testing

@testable import Repository

@Suite("The queue of collectors that want runs")
struct ClaimQueueTests {
  private static func request(_ count: Int = 1) -> ClaimRequest {
    ClaimRequest(count: count, collector: "tests", leaseSeconds: 60, maximumAttempts: 3)
  }

  /// A queue that changes in place, as the macros of the tests do not let a value.
  private final class Queue {
    private var queue = ClaimQueue(interval: .milliseconds(500))
    var isUrgent: Bool { queue.isUrgent }
    var count: Int { queue.count }

    func join(_ request: ClaimRequest, wait: Duration, now: Duration) -> UInt64 {
      queue.join(request, wait: wait, now: now)
    }
    func leave(_ number: UInt64) { queue.leave(number) }
    func wake() { queue.wake() }
    func close(now: Duration) { queue.close(now: now) }
    func beginPoll(now: Duration) -> ClaimQueue.Poll? { queue.beginPoll(now: now) }
    func endPoll(_ poll: ClaimQueue.Poll, counts: [Int]) { queue.endPoll(poll, counts: counts) }
    func expired(now: Duration) -> [UInt64] { queue.expired(now: now) }
    func failed(_ poll: ClaimQueue.Poll, all: Bool, now: Duration) -> [UInt64] {
      queue.failed(poll, all: all, now: now)
    }
    func pause(now: Duration) -> Duration? { queue.pause(now: now) }
    func tick(now: Duration) { queue.tick(now: now) }
  }

  @Test("A lone collector is looked after at once, and leaves with what there is")
  func alone() throws {
    let queue = Queue()
    #expect(!queue.isUrgent)
    #expect(queue.pause(now: .zero) == nil)
    let number = queue.join(Self.request(5), wait: .seconds(30), now: .zero)
    #expect(queue.isUrgent)
    let poll = try #require(queue.beginPoll(now: .zero))
    #expect(poll.members.map(\.number) == [number])
    #expect(!queue.isUrgent)
    queue.endPoll(poll, counts: [3])
    #expect(queue.count == 0)
    #expect(queue.expired(now: .seconds(60)) == [])
    #expect(queue.pause(now: .zero) == nil)
  }

  @Test("One that does not wait leaves after one poll, not before")
  func impatient() throws {
    let queue = Queue()
    let number = queue.join(Self.request(), wait: .zero, now: .seconds(5))
    #expect(queue.expired(now: .seconds(9)) == [])
    let poll = try #require(queue.beginPoll(now: .seconds(9)))
    queue.endPoll(poll, counts: [0])
    #expect(queue.expired(now: .seconds(9)) == [number])
    #expect(queue.count == 0)
  }

  @Test("One that waits leaves when its time is over, and is served again and again until then")
  func patient() throws {
    let queue = Queue()
    let number = queue.join(Self.request(), wait: .seconds(2), now: .zero)
    for step in 0..<4 {
      let now = Duration.milliseconds(500 * step)
      queue.tick(now: now)
      #expect(queue.isUrgent)
      let poll = try #require(queue.beginPoll(now: now))
      queue.endPoll(poll, counts: [0])
      #expect(queue.expired(now: now) == [])
      #expect(queue.pause(now: now) == .milliseconds(500))
      queue.tick(now: now + .milliseconds(499))
      #expect(!queue.isUrgent)
    }
    #expect(queue.expired(now: .seconds(2)) == [number])
  }

  @Test("The next time that something happens is a poll or somebody's end, whichever comes first")
  func pause() throws {
    let queue = Queue()
    _ = queue.join(Self.request(), wait: .milliseconds(700), now: .zero)
    let poll = try #require(queue.beginPoll(now: .zero))
    queue.endPoll(poll, counts: [0])
    #expect(queue.pause(now: .zero) == .milliseconds(500))
    let next = try #require(queue.beginPoll(now: .milliseconds(500)))
    queue.endPoll(next, counts: [0])
    #expect(queue.pause(now: .milliseconds(500)) == .milliseconds(200))
    // Never none at all, so that whoever sleeps for it does not spin.
    #expect(queue.pause(now: .seconds(9)) == .milliseconds(10))
  }

  @Test("Behind somebody who waits a newcomer that waits is no reason to poll; one that does not wait is")
  func newcomers() throws {
    let queue = Queue()
    _ = queue.join(Self.request(), wait: .seconds(30), now: .zero)
    let poll = try #require(queue.beginPoll(now: .zero))
    queue.endPoll(poll, counts: [0])
    _ = queue.join(Self.request(), wait: .seconds(30), now: .zero)
    #expect(!queue.isUrgent)
    _ = queue.join(Self.request(), wait: .zero, now: .zero)
    #expect(queue.isUrgent)
  }

  @Test("Those in front get runs first; whoever gets none keeps its place")
  func order() throws {
    let queue = Queue()
    let numbers = (0..<4).map { _ in queue.join(Self.request(2), wait: .seconds(30), now: .zero) }
    let poll = try #require(queue.beginPoll(now: .zero))
    #expect(poll.members.map(\.number) == numbers)
    queue.endPoll(poll, counts: [2, 1, 0, 0])
    #expect(!queue.isUrgent)
    #expect(queue.beginPoll(now: .zero)?.members.map(\.number) == [numbers[2], numbers[3]])
  }

  @Test("A poll is for at most a hundred runs, and the next follows at once if it found that many")
  func bound() throws {
    let queue = Queue()
    let numbers = [60, 40, 1, 100].map { queue.join(Self.request($0), wait: .seconds(30), now: .zero) }
    let first = try #require(queue.beginPoll(now: .zero))
    #expect(first.members.map(\.number) == [numbers[0], numbers[1]])
    queue.endPoll(first, counts: [60, 40])
    #expect(queue.isUrgent)
    let second = try #require(queue.beginPoll(now: .zero))
    #expect(second.members.map(\.number) == [numbers[2]])
    queue.endPoll(second, counts: [1])
    let third = try #require(queue.beginPoll(now: .zero))
    #expect(third.members.map(\.number) == [numbers[3]])
    queue.endPoll(third, counts: [99])
    #expect(queue.count == 0)
    #expect(!queue.isUrgent)
  }

  @Test("What a poll did not find is not there for those behind it either, unless they came later")
  func drained() throws {
    let queue = Queue()
    _ = queue.join(Self.request(100), wait: .seconds(30), now: .zero)
    let behind = queue.join(Self.request(), wait: .zero, now: .zero)
    let poll = try #require(queue.beginPoll(now: .zero))
    #expect(poll.members.count == 1)
    let later = queue.join(Self.request(), wait: .zero, now: .zero)
    queue.endPoll(poll, counts: [99])
    #expect(queue.expired(now: .zero) == [behind])
    #expect(queue.isUrgent)
    #expect(queue.beginPoll(now: .zero)?.members.map(\.number) == [later])
  }

  @Test("Whoever leaves during a poll is not in the queue any more when it ends")
  func leaving() throws {
    let queue = Queue()
    let (one, other) = (
      queue.join(Self.request(), wait: .seconds(1), now: .zero),
      queue.join(Self.request(), wait: .seconds(1), now: .zero)
    )
    let poll = try #require(queue.beginPoll(now: .zero))
    queue.leave(one)
    queue.endPoll(poll, counts: [1, 0])
    #expect(queue.count == 1)
    #expect(queue.expired(now: .seconds(1)) == [other])
    queue.leave(other)
    #expect(queue.beginPoll(now: .seconds(1)) == nil)
  }

  @Test("A poll that fails ends the wait of those whose time is over, and of all if there is no hope")
  func failing() throws {
    let queue = Queue()
    let hasty = queue.join(Self.request(), wait: .zero, now: .zero)
    let patient = queue.join(Self.request(), wait: .seconds(30), now: .zero)
    let poll = try #require(queue.beginPoll(now: .zero))
    let later = queue.join(Self.request(), wait: .zero, now: .zero)
    #expect(queue.failed(poll, all: false, now: .zero) == [hasty])
    let next = try #require(queue.beginPoll(now: .zero))
    #expect(next.members.map(\.number) == [patient, later])
    #expect(queue.failed(next, all: true, now: .zero) == [patient, later])
    #expect(queue.count == 0)
  }

  @Test("When the queue is closed, those who were served leave at once and everybody else after one poll")
  func closing() throws {
    let queue = Queue()
    let served = queue.join(Self.request(), wait: .seconds(30), now: .zero)
    let poll = try #require(queue.beginPoll(now: .zero))
    queue.endPoll(poll, counts: [0])
    let new = queue.join(Self.request(), wait: .seconds(30), now: .zero)
    queue.close(now: .seconds(1))
    #expect(queue.expired(now: .seconds(1)) == [served])
    let late = queue.join(Self.request(), wait: .seconds(30), now: .seconds(1))
    #expect(queue.isUrgent)
    let last = try #require(queue.beginPoll(now: .seconds(1)))
    queue.endPoll(last, counts: [0, 0])
    #expect(queue.expired(now: .seconds(1)) == [new, late])
  }

  @Test("An empty queue wants nothing, whoever wakes it")
  func empty() {
    let queue = Queue()
    queue.wake()
    queue.tick(now: .seconds(100))
    #expect(!queue.isUrgent)
    #expect(queue.beginPoll(now: .zero) == nil)
  }

  @Test(
    "Whatever happens in whatever order, everybody gets one answer, and nobody overtakes", arguments: 0..<50)
  func randomWalk(seed: Int) {
    var random = RepeatableRandom(seed: UInt64(seed))
    let queue = Queue()
    var now = Duration.zero
    var (joined, answered): (Set<UInt64>, [UInt64]) = ([], [])
    var poll: ClaimQueue.Poll?
    for _ in 0..<500 {
      now += .milliseconds(Int.random(in: 0...300, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0, 1:
        let wait = Duration.seconds(Int.random(in: 0...2, using: &random))
        joined.insert(queue.join(Self.request(.random(in: 1...100, using: &random)), wait: wait, now: now))
      case 2:
        if let one = joined.subtracting(answered).randomElement(using: &random) {
          queue.leave(one)
          answered.append(one)
        }
      case 3 where poll == nil:
        queue.tick(now: now)
        poll = queue.isUrgent ? queue.beginPoll(now: now) : nil
      case 4, 5:
        guard let ended = poll else { continue }
        poll = nil
        #expect(ended.runs <= ClaimQueue.maximumRuns)
        #expect(ended.members.map(\.number) == ended.members.map(\.number).sorted())
        if Int.random(in: 0..<5, using: &random) == 0 {
          answered += queue.failed(ended, all: .random(using: &random), now: now)
          continue
        }
        var left = Int.random(in: 0...ended.runs, using: &random)
        let counts = ended.members.map { member in
          let part = min(left, member.request.count)
          left -= part
          return part
        }
        queue.endPoll(ended, counts: counts)
        for (member, runs) in zip(ended.members, counts) where runs > 0 && !answered.contains(member.number) {
          answered.append(member.number)
        }
      default: answered += queue.expired(now: now)
      }
      #expect(queue.count == joined.count - answered.count)
    }
    if let poll { queue.endPoll(poll, counts: poll.members.map { _ in 0 }) }
    answered += queue.expired(now: now)
    queue.close(now: now)
    while let last = queue.beginPoll(now: now) {
      queue.endPoll(last, counts: last.members.map { _ in 0 })
      answered += queue.expired(now: now)
    }
    #expect(answered.count == joined.count)
    #expect(Set(answered) == joined)
  }
}
