import Testing

@testable import FrontEnd

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

  @Test("A connection that has gone is not named")
  func removed() {
    var deadlines = deadlines
    deadlines.enter(.head, connection: 1, now: .zero)
    deadlines.remove(1)
    #expect(deadlines.count == 0)
    #expect(deadlines.expired(now: .seconds(1000)).isEmpty)
  }
}
