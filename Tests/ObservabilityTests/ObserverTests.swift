import Observability
import Testing

@Suite("The observer")
struct ObserverTests {
  private let pipe = Pipe()

  @Test("An observation becomes a log line and a metric")
  func both() throws {
    let observe = Observer(log: Log(descriptor: pipe.writer), metrics: Metrics(version: "1"))
    observe(.loginFailed(user: "alice", peer: "10.0.0.1", reason: "unknown"))
    #expect(try pipe.lines().map { $0["event"] } == [.text("loginFailed")])
    #expect(observe.exposition(gauges()).contains("\nccs_jobstore_logins_failed_total 1\n"))
  }

  @Test("An observation below the log's level is counted all the same")
  func level() throws {
    let observe = Observer(log: Log(descriptor: pipe.writer), metrics: Metrics(version: "1"))
    observe.setLevel(.error)
    observe(.loginSucceeded(user: "alice", peer: "10.0.0.1"))
    #expect(try pipe.lines().isEmpty)
    #expect(observe.exposition(gauges()).contains("\nccs_jobstore_logins_total 1\n"))
    observe.setLevel(.info)
    observe(.stopped)
    #expect(try pipe.lines().count == 1)
  }
}
