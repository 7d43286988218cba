import Testing

@testable import Repository

@Suite("The line of collectors that want runs")
struct ClaimLineTests {
  private static func order(_ count: Int = 1) -> ClaimOrder {
    ClaimOrder(count: count, collector: "tests", leaseSeconds: 60)
  }

  /// A line that changes in place, as the macros of the tests do not let a value.
  private final class Line {
    private var line = ClaimLine(interval: .milliseconds(500))
    var isUrgent: Bool { line.isUrgent }
    var count: Int { line.count }

    func join(_ order: ClaimOrder, wait: Duration, now: Duration) -> UInt64 {
      line.join(order, wait: wait, now: now)
    }
    func leave(_ number: UInt64) { line.leave(number) }
    func wake() { line.wake() }
    func close(now: Duration) { line.close(now: now) }
    func beginLook(now: Duration) -> ClaimLine.Look? { line.beginLook(now: now) }
    func endLook(_ look: ClaimLine.Look, given: [Int]) { line.endLook(look, given: given) }
    func expired(now: Duration) -> [UInt64] { line.expired(now: now) }
    func failed(_ look: ClaimLine.Look, all: Bool, now: Duration) -> [UInt64] {
      line.failed(look, all: all, now: now)
    }
    func pause(now: Duration) -> Duration? { line.pause(now: now) }
    func tick(now: Duration) { line.tick(now: now) }
  }

  @Test("A lone collector is looked after at once, and leaves with what there is")
  func alone() throws {
    let line = Line()
    #expect(!line.isUrgent)
    #expect(line.pause(now: .zero) == nil)
    let number = line.join(Self.order(5), wait: .seconds(30), now: .zero)
    #expect(line.isUrgent)
    let look = try #require(line.beginLook(now: .zero))
    #expect(look.members.map(\.number) == [number])
    #expect(!line.isUrgent)
    line.endLook(look, given: [3])
    #expect(line.count == 0)
    #expect(line.expired(now: .seconds(60)) == [])
    #expect(line.pause(now: .zero) == nil)
  }

  @Test("One that does not wait leaves after one look, not before")
  func impatient() throws {
    let line = Line()
    let number = line.join(Self.order(), wait: .zero, now: .seconds(5))
    #expect(line.expired(now: .seconds(9)) == [])
    let look = try #require(line.beginLook(now: .seconds(9)))
    line.endLook(look, given: [0])
    #expect(line.expired(now: .seconds(9)) == [number])
    #expect(line.count == 0)
  }

  @Test("One that waits leaves when its time is over, and is served again and again until then")
  func patient() throws {
    let line = Line()
    let number = line.join(Self.order(), wait: .seconds(2), now: .zero)
    for step in 0..<4 {
      let now = Duration.milliseconds(500 * step)
      line.tick(now: now)
      #expect(line.isUrgent)
      let look = try #require(line.beginLook(now: now))
      line.endLook(look, given: [0])
      #expect(line.expired(now: now) == [])
      #expect(line.pause(now: now) == .milliseconds(500))
      line.tick(now: now + .milliseconds(499))
      #expect(!line.isUrgent)
    }
    #expect(line.expired(now: .seconds(2)) == [number])
  }

  @Test("The next time that something happens is a look or somebody's end, whichever comes first")
  func pause() throws {
    let line = Line()
    _ = line.join(Self.order(), wait: .milliseconds(700), now: .zero)
    let look = try #require(line.beginLook(now: .zero))
    line.endLook(look, given: [0])
    #expect(line.pause(now: .zero) == .milliseconds(500))
    let next = try #require(line.beginLook(now: .milliseconds(500)))
    line.endLook(next, given: [0])
    #expect(line.pause(now: .milliseconds(500)) == .milliseconds(200))
    // Never none at all, so that whoever sleeps for it does not spin.
    #expect(line.pause(now: .seconds(9)) == .milliseconds(10))
  }

  @Test("Behind somebody who waits a newcomer that waits is no reason to look; one that does not wait is")
  func newcomers() throws {
    let line = Line()
    _ = line.join(Self.order(), wait: .seconds(30), now: .zero)
    let look = try #require(line.beginLook(now: .zero))
    line.endLook(look, given: [0])
    _ = line.join(Self.order(), wait: .seconds(30), now: .zero)
    #expect(!line.isUrgent)
    _ = line.join(Self.order(), wait: .zero, now: .zero)
    #expect(line.isUrgent)
  }

  @Test("Those in front get runs first; whoever gets none keeps its place")
  func order() throws {
    let line = Line()
    let numbers = (0..<4).map { _ in line.join(Self.order(2), wait: .seconds(30), now: .zero) }
    let look = try #require(line.beginLook(now: .zero))
    #expect(look.members.map(\.number) == numbers)
    line.endLook(look, given: [2, 1, 0, 0])
    #expect(!line.isUrgent)
    #expect(line.beginLook(now: .zero)?.members.map(\.number) == [numbers[2], numbers[3]])
  }

  @Test("A look is for at most a hundred runs, and the next follows at once if it found that many")
  func bound() throws {
    let line = Line()
    let numbers = [60, 40, 1, 100].map { line.join(Self.order($0), wait: .seconds(30), now: .zero) }
    let first = try #require(line.beginLook(now: .zero))
    #expect(first.members.map(\.number) == [numbers[0], numbers[1]])
    line.endLook(first, given: [60, 40])
    #expect(line.isUrgent)
    let second = try #require(line.beginLook(now: .zero))
    #expect(second.members.map(\.number) == [numbers[2]])
    line.endLook(second, given: [1])
    let third = try #require(line.beginLook(now: .zero))
    #expect(third.members.map(\.number) == [numbers[3]])
    line.endLook(third, given: [99])
    #expect(line.count == 0)
    #expect(!line.isUrgent)
  }

  @Test("What a look did not find is not there for those behind it either, unless they came later")
  func drained() throws {
    let line = Line()
    _ = line.join(Self.order(100), wait: .seconds(30), now: .zero)
    let behind = line.join(Self.order(), wait: .zero, now: .zero)
    let look = try #require(line.beginLook(now: .zero))
    #expect(look.members.count == 1)
    let later = line.join(Self.order(), wait: .zero, now: .zero)
    line.endLook(look, given: [99])
    #expect(line.expired(now: .zero) == [behind])
    #expect(line.isUrgent)
    #expect(line.beginLook(now: .zero)?.members.map(\.number) == [later])
  }

  @Test("Whoever leaves during a look is not in the line any more when it ends")
  func leaving() throws {
    let line = Line()
    let (one, other) = (
      line.join(Self.order(), wait: .seconds(1), now: .zero),
      line.join(Self.order(), wait: .seconds(1), now: .zero)
    )
    let look = try #require(line.beginLook(now: .zero))
    line.leave(one)
    line.endLook(look, given: [1, 0])
    #expect(line.count == 1)
    #expect(line.expired(now: .seconds(1)) == [other])
    line.leave(other)
    #expect(line.beginLook(now: .seconds(1)) == nil)
  }

  @Test("A look that fails ends the wait of those whose time is over, and of all if there is no hope")
  func failing() throws {
    let line = Line()
    let hasty = line.join(Self.order(), wait: .zero, now: .zero)
    let patient = line.join(Self.order(), wait: .seconds(30), now: .zero)
    let look = try #require(line.beginLook(now: .zero))
    let later = line.join(Self.order(), wait: .zero, now: .zero)
    #expect(line.failed(look, all: false, now: .zero) == [hasty])
    let next = try #require(line.beginLook(now: .zero))
    #expect(next.members.map(\.number) == [patient, later])
    #expect(line.failed(next, all: true, now: .zero) == [patient, later])
    #expect(line.count == 0)
  }

  @Test("When the line is closed, those who were served leave at once and everybody else after one look")
  func closing() throws {
    let line = Line()
    let served = line.join(Self.order(), wait: .seconds(30), now: .zero)
    let look = try #require(line.beginLook(now: .zero))
    line.endLook(look, given: [0])
    let new = line.join(Self.order(), wait: .seconds(30), now: .zero)
    line.close(now: .seconds(1))
    #expect(line.expired(now: .seconds(1)) == [served])
    let late = line.join(Self.order(), wait: .seconds(30), now: .seconds(1))
    #expect(line.isUrgent)
    let last = try #require(line.beginLook(now: .seconds(1)))
    line.endLook(last, given: [0, 0])
    #expect(line.expired(now: .seconds(1)) == [new, late])
  }

  @Test("An empty line wants nothing, whoever wakes it")
  func empty() {
    let line = Line()
    line.wake()
    line.tick(now: .seconds(100))
    #expect(!line.isUrgent)
    #expect(line.beginLook(now: .zero) == nil)
  }

  @Test(
    "Whatever happens in whatever order, everybody gets one answer, and nobody overtakes", arguments: 0..<50)
  func randomWalk(seed: Int) {
    var random = RepeatableRandom(seed: UInt64(seed))
    let line = Line()
    var now = Duration.zero
    var (joined, answered): (Set<UInt64>, [UInt64]) = ([], [])
    var look: ClaimLine.Look?
    for _ in 0..<500 {
      now += .milliseconds(Int.random(in: 0...300, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0, 1:
        let wait = Duration.seconds(Int.random(in: 0...2, using: &random))
        joined.insert(line.join(Self.order(.random(in: 1...100, using: &random)), wait: wait, now: now))
      case 2:
        if let one = joined.subtracting(answered).randomElement(using: &random) {
          line.leave(one)
          answered.append(one)
        }
      case 3 where look == nil:
        line.tick(now: now)
        look = line.isUrgent ? line.beginLook(now: now) : nil
      case 4, 5:
        guard let ended = look else { continue }
        look = nil
        #expect(ended.runs <= ClaimLine.mostRuns)
        #expect(ended.members.map(\.number) == ended.members.map(\.number).sorted())
        if Int.random(in: 0..<5, using: &random) == 0 {
          answered += line.failed(ended, all: .random(using: &random), now: now)
          continue
        }
        var left = Int.random(in: 0...ended.runs, using: &random)
        let given = ended.members.map { member in
          let part = min(left, member.order.count)
          left -= part
          return part
        }
        line.endLook(ended, given: given)
        for (member, runs) in zip(ended.members, given) where runs > 0 && !answered.contains(member.number) {
          answered.append(member.number)
        }
      default: answered += line.expired(now: now)
      }
      #expect(line.count == joined.count - answered.count)
    }
    if let look { line.endLook(look, given: look.members.map { _ in 0 }) }
    answered += line.expired(now: now)
    line.close(now: now)
    while let last = line.beginLook(now: now) {
      line.endLook(last, given: last.members.map { _ in 0 })
      answered += line.expired(now: now)
    }
    #expect(answered.count == joined.count)
    #expect(Set(answered) == joined)
  }
}
