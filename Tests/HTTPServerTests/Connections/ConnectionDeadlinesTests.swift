import Testing

@testable import HTTPServer

@Suite("Deadlines of client connections")
struct ConnectionDeadlinesTests {
  private var deadlines = ConnectionDeadlines(
    limits: .init(
      head: .seconds(10), idle: .seconds(60), body: .seconds(30), request: .seconds(20),
      response: .seconds(40)))

  @Test(
    "Each phase has its own allowance, and only what is late is named",
    arguments: [
      (ConnectionDeadlines.Phase.head, 10), (.idle, 60), (.body, 30), (.response, 40),
    ])
  func phases(phase: ConnectionDeadlines.Phase, seconds: Int) {
    var deadlines = deadlines
    deadlines.enter(phase, connection: 1, now: .seconds(100))
    deadlines.enter(.idle, connection: 2, now: .seconds(1000))
    #expect(deadlines.expired(now: .seconds(100 + seconds) - .milliseconds(1)).isEmpty)
    let expired = deadlines.expired(now: .seconds(100 + seconds))
    #expect(expired.map(\.connection) == [1])
    #expect(expired.map(\.verdict) == [.disconnect])
  }

  @Test("A byte now and then wins no time: the phase has to change")
  func trickle() {
    var deadlines = deadlines
    deadlines.enter(.head, connection: 1, now: .zero)
    #expect(deadlines.expired(now: .seconds(9)).isEmpty)
    #expect(!deadlines.expired(now: .seconds(10)).isEmpty)
  }

  @Test("A request is cancelled first, and cut if it hangs nevertheless")
  func request() {
    var deadlines = deadlines
    deadlines.enter(.request, connection: 1, now: .zero)
    #expect(deadlines.expired(now: .seconds(20)).map(\.verdict) == [.cancelRequest])
    #expect(deadlines.expired(now: .seconds(21)).isEmpty)
    #expect(deadlines.expired(now: .seconds(40)).map(\.verdict) == [.disconnect])
  }

  @Test("A request that may wait has its wait on top of what every request may take")
  func waiting() {
    var deadlines = deadlines
    deadlines.enter(.request, connection: 1, now: .zero, extra: .seconds(30))
    #expect(deadlines.expired(now: .seconds(50) - .milliseconds(1)).isEmpty)
    #expect(deadlines.expired(now: .seconds(50)).map(\.verdict) == [.cancelRequest])
  }

  @Test(
    "Bodies and answers may take long, but neither stand still nor be slower than the least rate for their time",
    arguments: [(ConnectionDeadlines.Phase.body, 30), (.upload, 30), (.response, 40)])
  func leastRate(phase: ConnectionDeadlines.Phase, patience: Int) {
    /// When a client that moves so many bytes each second is late; nil if it is not within 599 s.
    func end(bytesEachSecond: Int) -> Int? {
      var deadlines = deadlines
      deadlines.enter(phase, connection: 1, now: .zero)
      for second in 0..<600 {
        if !deadlines.expired(now: .seconds(second)).isEmpty { return second }
        let bytes = bytesEachSecond * second
        let traffic =
          phase == .response
          ? ConnectionDeadlines.Traffic(received: 0, acknowledged: 7 + bytes)
          : ConnectionDeadlines.Traffic(received: 7 + bytes, acknowledged: 0)
        deadlines.look(at: 1, traffic, now: .seconds(second))
      }
      return nil
    }
    #expect(end(bytesEachSecond: 0) == patience)
    #expect(end(bytesEachSecond: 1) == patience + 1)
    #expect(end(bytesEachSecond: 500) == 2 * patience - 1)
    #expect(end(bytesEachSecond: 1000) == nil)
    #expect(end(bytesEachSecond: 1 << 40) == nil)
  }

  @Test("A client that has been fast may stand still for no longer than any other")
  func noCredit() {
    var deadlines = deadlines
    deadlines.enter(.response, connection: 1, now: .zero)
    deadlines.look(at: 1, .init(received: 0, acknowledged: 0), now: .zero)
    deadlines.look(at: 1, .init(received: 0, acknowledged: .max), now: .seconds(5))
    #expect(deadlines.expired(now: .seconds(45) - .milliseconds(1)).isEmpty)
    #expect(deadlines.expired(now: .seconds(45)).map(\.verdict) == [.disconnect])
  }

  @Test(
    "What the server does not read makes no client late, but an upload has an end", arguments: [false, true])
  func upload(isPaused: Bool) {
    var deadlines = deadlines
    deadlines.enter(.upload, connection: 1, now: .zero)
    for second in stride(from: 0, through: 580, by: 29) {
      if isPaused {
        deadlines.paused(1, now: .seconds(second))
      } else {
        deadlines.look(at: 1, .init(received: second * 1000, acknowledged: 0), now: .seconds(second))
      }
    }
    #expect(deadlines.expired(now: .seconds(599)).isEmpty)
    #expect(deadlines.expired(now: .seconds(600)).map(\.verdict) == [.cancelRequest])
    #expect(deadlines.expired(now: .seconds(619)).isEmpty)
    #expect(deadlines.expired(now: .seconds(620)).map(\.verdict) == [.disconnect])
  }

  @Test(
    "Bytes win no time for a head, a request or a pause",
    arguments: [ConnectionDeadlines.Phase.head, .request, .idle])
  func progressElsewhere(phase: ConnectionDeadlines.Phase) {
    var deadlines = deadlines
    deadlines.enter(phase, connection: 1, now: .zero)
    deadlines.look(at: 1, .init(received: 0, acknowledged: 0), now: .zero)
    deadlines.look(at: 1, .init(received: 1_000_000, acknowledged: 1_000_000), now: .seconds(1))
    deadlines.paused(1, now: .seconds(9))
    #expect(!deadlines.expired(now: .seconds(60)).isEmpty)
  }

  @Test("A connection that has gone is not named")
  func removed() {
    var deadlines = deadlines
    deadlines.enter(.head, connection: 1, now: .zero)
    deadlines.remove(1)
    #expect(deadlines.count == 0)
    #expect(deadlines.expired(now: .seconds(1000)).isEmpty)
  }
}
