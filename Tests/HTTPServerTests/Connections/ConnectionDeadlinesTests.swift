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

  @Test("An upload may take long, but not be silent for longer than a body may take")
  func upload() {
    var deadlines = deadlines
    deadlines.enter(.upload, connection: 1, now: .zero)
    #expect(deadlines.expired(now: .seconds(30) - .milliseconds(1)).isEmpty)
    for second in stride(from: 29, through: 580, by: 29) { deadlines.progressed(1, now: .seconds(second)) }
    #expect(deadlines.expired(now: .seconds(599)).isEmpty)
    // The end of it all comes nevertheless.
    deadlines.progressed(1, now: .seconds(599))
    #expect(deadlines.expired(now: .seconds(600)).map(\.verdict) == [.cancelRequest])

    deadlines.enter(.upload, connection: 2, now: .zero)
    deadlines.progressed(2, now: .seconds(5))
    #expect(deadlines.expired(now: .seconds(35)).map(\.verdict) == [.cancelRequest])
    #expect(deadlines.expired(now: .seconds(54)).isEmpty)
    #expect(deadlines.expired(now: .seconds(55)).map(\.verdict) == [.disconnect])
  }

  @Test("Whatever arrives prolongs nothing but an upload")
  func progressElsewhere() {
    var deadlines = deadlines
    deadlines.enter(.body, connection: 1, now: .zero)
    deadlines.progressed(1, now: .seconds(29))
    #expect(deadlines.expired(now: .seconds(30)).map(\.verdict) == [.disconnect])
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
