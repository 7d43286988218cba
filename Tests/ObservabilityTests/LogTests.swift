import Glibc
import Observability
import Synchronization
import Testing

@Suite("The log")
struct LogTests {
  @Test("What is below the level is not written, and the level can be changed at any time")
  func levels() throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer, level: .warning)
    log.write(.reloaded("1"))
    log.write(.refreshTokenReused(user: "2"))
    log.write(.eraserFailed("3"))
    #expect(try pipe.lines().map { $0["event"] } == [.text("refreshTokenReused"), .text("eraserFailed")])
    log.setLevel(.debug)
    log.write(.runsScheduled(4))
    #expect(try pipe.lines().map { $0["event"] } == [.text("runsScheduled")])
    log.setLevel(.error)
    log.write(.refreshTokenReused(user: "5"))
    #expect(try pipe.lines().isEmpty)
  }

  @Test("A line bears the time it was written at")
  func clock() throws {
    let pipe = Pipe()
    // Not time(), whose clock is coarser and runs some milliseconds behind the log's.
    let before = Int64(Metrics.secondsSince1970())
    Log(descriptor: pipe.writer).write(.stopped)
    let after = Int64(Metrics.secondsSince1970())
    let line = String(decoding: pipe.read(), as: UTF8.self)
    let possible = (before...after).map { second in
      let start = LogLine.bytes(of: .stopped, milliseconds: second * 1000).prefix(28)
      return String(decoding: start, as: UTF8.self)
    }
    #expect(possible.contains { line.hasPrefix($0) }, "\(line)")
  }

  @Test("Lines written at the same time by several tasks stay whole, and none is lost")
  func concurrency() async throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer)
    let text = String(repeating: "x", count: 100)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<60 { log.write(.reloaded(text)) } }
      }
    }
    let lines = try pipe.lines()
    #expect(lines.count == 240)
    #expect(lines.allSatisfy { $0["detail"] == .text(text) })
  }

  @Test("What happens at every request is written together, soon, and by any other line before itself")
  func gathering() async throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer)
    for count in 1...20 { log.write(.jobsDeleted(count: count, runs: 0)) }
    log.write(.request(deletion(outcome: "failed")))
    let lines = try pipe.lines()
    #expect(lines.dropLast().map { $0["count"] } == (1...20).map { LogField.number(Double($0)) })
    #expect(lines.last?["event"] == .text("request"))

    log.write(.request(deletion()))
    log.write(.loginSucceeded(user: "alice", peer: "10.0.0.1"))
    // Not a task's sleep: the tests beside this one keep the tasks' threads busy.
    var soon: [[String: LogField]] = []
    for _ in 0..<1000 where soon.count < 2 {
      usleep(10_000)
      soon += try pipe.lines()
    }
    #expect(soon.map { $0["event"] } == [.text("request"), .text("loginSucceeded")])
  }

  @Test("A log that goes leaves no line behind")
  func end() throws {
    let pipe = Pipe()
    Log(descriptor: pipe.writer).write(.request(deletion()))
    #expect(try pipe.lines().map { $0["event"] } == [.text("request")])
  }

  @Test("Routine lines of several tasks stay whole and in their order, and none is lost")
  func concurrentGathering() async throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask { for number in 0..<60 { log.write(.jobsDeleted(count: number, runs: task)) } }
      }
    }
    log.write(.stopped)
    let lines = try pipe.lines()
    #expect(lines.count == 241)
    for task in 0..<4 {
      let numbers = lines.filter { $0["runs"] == .number(Double(task)) }.map { $0["count"] }
      #expect(numbers == (0..<60).map { LogField.number(Double($0)) })
    }
  }

  @Test("A reader that stalls while much is gathered costs lines, and they are counted")
  func stalledGathering() throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer)
    for number in 0..<5000 { log.write(.jobsDeleted(count: number, runs: 0)) }
    log.write(.stopped)
    let kept = try pipe.lines().count
    #expect((1..<5000).contains(kept))
    log.write(.stopped)
    let after = try pipe.lines()
    #expect(after.map { $0["event"] } == [.text("logLinesDropped"), .text("stopped")])
    #expect(after.first?["count"] == .number(Double(5001 - kept)))
  }

  @Test("A reader that stalls costs lines and not time, and is told how many once it reads again")
  func stalledReader() async throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer)
    let hasEnded = Atomic(false)
    let text = String(repeating: "x", count: 150)
    async let writing: Void = {
      for _ in 0..<2000 { log.write(.reloaded(text)) }
      hasEnded.store(true, ordering: .sequentiallyConsistent)
    }()

    // A log that waits for its reader would hang here until the read below.
    for _ in 0..<100 where !hasEnded.load(ordering: .sequentiallyConsistent) {
      try await Task.sleep(for: .milliseconds(50))
    }
    let hasEndedByItself = hasEnded.load(ordering: .sequentiallyConsistent)
    #expect(hasEndedByItself)
    var before = pipe.read()
    while !hasEnded.load(ordering: .sequentiallyConsistent) { before += pipe.read() }
    await writing

    let kept = before.split(separator: UInt8(ascii: "\n")).count
    #expect((1..<2000).contains(kept))
    log.write(.stopped)
    let after = try pipe.lines()
    #expect(after.map { $0["event"] } == [.text("logLinesDropped"), .text("stopped")])
    #expect(after.first?["count"] == .number(Double(2000 - kept)))
    log.write(.stopped)
    #expect(try pipe.lines().map { $0["event"] } == [.text("stopped")])
  }

  @Test("The first line that finds no room waits for it before it is dropped")
  func wait() throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.writer)
    _ = fcntl(pipe.writer, F_SETFL, O_NONBLOCK)
    let filler = [UInt8](repeating: UInt8(ascii: "\n"), count: 4096)
    while Glibc.write(pipe.writer, filler, filler.count) > 0 {}
    let time = ContinuousClock().measure { log.write(.reloaded("patience")) }
    #expect(time >= .milliseconds(45))
    #expect(try pipe.lines().isEmpty)
  }

  @Test("A reader that has gone, a full disk and a closed descriptor do not end the process")
  func brokenDescriptors() throws {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    Log(descriptor: ends[1]).write(.stopped)
    close(ends[1])

    let full = open("/dev/full", O_WRONLY)
    #expect(full >= 0)
    Log(descriptor: full).write(.stopped)
    close(full)

    Log(descriptor: -1).write(.stopped)
  }
}
