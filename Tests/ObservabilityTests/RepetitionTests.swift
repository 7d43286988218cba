import Testing

@testable import Observability

@Suite("Repetitions")
struct RepetitionTests {
  private let pipe = Pipe()

  private func refusal(peer: String = "10.0.0.1", user: String? = nil, status: Int = 401) -> Observation {
    var record = deletion(user: user, status: status, outcome: "refused")
    record.peer = peer
    return .request(record)
  }

  @Test("Of one kind ten lines are written, the others are counted, and the next second begins anew")
  func counting() throws {
    let log = Log(descriptor: pipe.writer)
    for _ in 0..<25 { log.write(refusal()) }
    log.writeRepetitions()
    for _ in 0..<11 { log.write(refusal()) }
    log.writeRepetitions()
    log.writeRepetitions()
    let lines = try pipe.lines()
    #expect(lines.filter { $0["event"] == .text("request") }.count == 20)
    #expect(lines.compactMap { $0["count"] } == [.number(15), .number(1)])
    #expect(lines.last?["event"] == .text("repeated"))
  }

  @Test("Networks, users, statuses and events are kinds of their own; a /64 of IPv6 is one network")
  func kinds() throws {
    let log = Log(descriptor: pipe.writer)
    for number in 0..<20 {
      log.write(refusal())
      log.write(refusal(peer: "2001:db8:0:1::\(number)"))
    }
    log.write(refusal(peer: "10.0.0.2"))
    log.write(refusal(peer: "2001:db8:0:2::1"))
    log.write(refusal(user: "alice"))
    log.write(refusal(status: 404))
    log.write(.loginFailed(user: "bob", peer: "10.0.0.1", reason: "unknown"))
    log.writeRepetitions()
    let lines = try pipe.lines()
    #expect(lines.count == 27)
    #expect(
      Set(lines.suffix(2).map { $0["network"] }) == [.text("10.0.0.1"), .text("2001:db8:0:1::/64")])
  }

  @Test("What users do, and what fails by a fault of the service, is always written")
  func alwaysWritten() throws {
    let log = Log(descriptor: pipe.writer)
    for _ in 0..<30 {
      log.write(.request(deletion()))
      // Its client has left.
      log.write(.request(deletion(outcome: "disconnected")))
      log.write(.request(deletion(user: nil, status: 500, outcome: "failed")))
      log.write(.eraserFailed("x"))
    }
    log.writeRepetitions()
    #expect(try pipe.lines().count == 120)
  }

  @Test("Failed logins and requests without a place are counted at their levels")
  func levels() throws {
    let log = Log(descriptor: pipe.writer, level: .warning)
    for _ in 0..<30 {
      log.write(.loginFailed(user: "a", peer: "10.0.0.1", reason: "unknown"))
      log.write(.request(deletion(status: 503, outcome: "failed")))
      log.write(refusal())
    }
    log.writeRepetitions()
    let counts = try pipe.lines().filter { $0["count"] != nil }
    #expect(Set(counts.map { $0["level"] }) == [.text("warning"), .text("error")])
    #expect(counts.allSatisfy { $0["count"] == .number(20) })
  }

  @Test("Any number of networks takes bounded memory, all is counted, and no other kind loses its room")
  func bound() throws {
    var table = RepetitionTable()
    func repetition(_ network: Int, user: String? = nil) -> Repetition {
      Repetition(event: .request, network: "10.0.0.\(network)", user: user, status: 401)
    }
    var written = 0
    for number in 0..<20_000 where table.admits(repetition(number)) { written += 1 }
    #expect(written == RepetitionTable.kinds + RepetitionTable.written)
    let login = table.admits(Repetition(event: .loginFailed, network: "10.9.9.9", user: nil, status: nil))
    let user = table.admits(repetition(30_000, user: "alice"))
    #expect(login && user)
    let counts = table.takeCounts()
    #expect(counts.map(\.1) == [20_000 - written])
    #expect(counts.first?.0.network == nil)
  }
}
