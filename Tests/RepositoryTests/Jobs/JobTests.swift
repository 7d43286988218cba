import Domain
import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@Suite("Jobs and their runs")
struct JobTests {
  @Test("A job is found by its identifier, with the name of its creator")
  func byID() async throws {
    try await withFixture { fixture in
      let (mine, system) = (
        try await fixture.job(of: try await fixture.user("ann")), try await fixture.job(of: nil)
      )
      let job = try #require(await fixture.job(id: mine.id))
      #expect(job.id == mine.id && job.name == mine.name && job.createdBy == "ann")
      #expect(job.category == .userDefined && job.type == "CollectionJob")
      #expect(job.configuration == #"{"a": 1}"#)
      #expect(job.lastRunStatus == nil && job.lastRunAt == nil && job.nextRunAt == nil)
      #expect(abs(job.createdAt.timeIntervalSinceNow) < 60)
      let other = try #require(await fixture.job(id: system.id))
      #expect(other.category == .system && other.createdBy == nil)
      #expect(try await fixture.job(id: UUID()) == nil)
    }
  }

  @Test("Many that ask at once each get the job they asked for")
  func manyAtOnce() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      var jobs: [SeededJob] = []
      for _ in 0..<10 { jobs.append(try await fixture.job(of: user)) }
      let (asked, hash) = (jobs, try await fixture.token(of: user))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<300 {
          group.addTask {
            let job = asked[number % 10]
            let (found, none) = (
              try await fixture.repository.jobs.job(
                id: job.id, accessHash: hash, requirement: .validToken),
              try await fixture.repository.jobs.job(
                id: UUID(), accessHash: [UInt8].random(32), requirement: .validToken)
            )
            #expect(found.job?.name == job.name && found.reader?.caller.userID == user)
            #expect(none.job == nil && none.reader == nil)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("A job is found by exactly its name, in any case")
  func byName() async throws {
    try await withFixture { fixture in
      let jobs = fixture.repository.jobs
      let user = try await fixture.user()
      let job = try await fixture.job(of: user, named: #"Audit 100% of O'Neill\_s "Prüfung" (weekly)"#)
      _ = try await fixture.job(of: user, named: "Audit")
      #expect(try await jobs.job(named: job.name)?.id == job.id)
      #expect(try await jobs.job(named: job.name.uppercased())?.id == job.id)
      for name in ["", "%", "Audit%", "Audi_", "Audit ", "audit 100"] {
        let found = try await jobs.job(named: name)
        #expect(found == nil, "\(name)")
      }
    }
  }

  @Test("Runs come newest first, as many as are asked for, after any of them, and those of no other job")
  func latest() async throws {
    try await withFixture { fixture in
      let runs = fixture.repository.jobRuns
      let user = try await fixture.user()
      let (job, other) = (try await fixture.job(of: user), try await fixture.job(of: user))
      try await fixture.fill(job, runs: 5, messages: 2)
      try await fixture.fill(other, runs: 3)
      let page = try #require(await runs.page(job: job.id, limit: 9))
      let all = page.runs
      #expect(page.historyID == job.history)
      #expect(all.count == 5 && Set(all.map(\.id)).count == 5)
      #expect(all.map(\.queuedAt) == all.map(\.queuedAt).sorted(by: >))
      #expect(all.allSatisfy { $0.jobID == job.id && $0.status == .completed && $0.messageCount == 2 })
      #expect(all.allSatisfy { $0.startedAt == nil && $0.triggeredBy == "tests" })
      #expect(try await runs.page(job: job.id, limit: 2)?.runs == Array(all.prefix(2)))
      // A page after each run, also by what a client gets of it.
      for index in all.indices {
        let last = try #require(JobRun.Position(cursor: all[index].position.cursor))
        let rest = try await runs.page(job: job.id, history: job.history, after: last, limit: 2)
        #expect(rest?.runs == Array(all.dropFirst(index + 1).prefix(2)))
      }
      #expect(try await runs.page(job: job.id, history: UUID(), limit: 2) == nil)
      #expect(try await fixture.runCount(of: job.id) == 5)
    }
  }

  @Test("Each run has its own messages, in the order they were said, from wherever one goes on")
  func messages() async throws {
    try await withFixture { fixture in
      let runs = fixture.repository.jobRuns
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 2, messages: 12)
      try await fixture.fill(job, runs: 1)
      let ids = try #require(await runs.page(job: job.id, limit: 9)).runs.map(\.id)
      let read = { (of: [UUID], last: Int?) in
        try await runs.messages(of: of, job: job.id, history: job.history, after: last)
      }
      let found = try #require(await read(ids, nil))
      #expect(found.last == nil && found.runs.map(\.count).sorted() == [0, 12, 12])
      for messages in found.runs where !messages.isEmpty {
        #expect(messages.map(\.text) == (1...12).map { "message \($0)" })
        #expect(messages.first?.severity == "Information" && messages.first?.assetID == nil)
      }
      let full = try #require(zip(ids, found.runs).first { !$0.1.isEmpty }?.0)
      let rest = try #require(await read([full, ids[0]], 9))
      #expect(
        rest.runs[0].map(\.text) == ["message 10", "message 11", "message 12"].suffix(rest.runs[0].count))
      #expect(try await read(ids + [UUID()], nil) == nil, "a run that is not there")
      #expect(try await runs.messages(of: ids, job: job.id, history: UUID()) == nil, "another history")
    }
  }

  @Test("Large messages are read a few at a time, and every one of them once")
  func largeMessages() async throws {
    try await withFixture { fixture in
      let runs = fixture.repository.jobRuns
      let job = try await fixture.job(of: try await fixture.user())
      try await fixture.fill(job, runs: 3, messages: 7)
      _ = try await fixture.database.psql(
        "UPDATE store.job_run_messages SET message = repeat('x', 20000 * (row_number % 3)::integer) || row_number"
      )
      let ids = try #require(await runs.page(job: job.id, limit: 9)).runs.map(\.id)
      var (texts, left, last, reads) = ([String](), ids[...], nil as Int?, 0)
      while !left.isEmpty {
        let found = try #require(
          await runs.messages(of: Array(left), job: job.id, history: job.history, after: last))
        reads += 1
        texts += found.runs.joined().map { String($0.text.drop { $0 == "x" }) }
        left = left.dropFirst(found.runs.count - (found.last == nil ? 0 : 1))
        last = found.last
      }
      #expect(texts.count == 21 && Set(texts).count == 7)
      #expect((4...21).contains(reads), "\(reads)")
    }
  }

  @Test("A job without runs has none, and no job has not even that")
  func noRuns() async throws {
    try await withFixture { fixture in
      let runs = fixture.repository.jobRuns
      let job = try await fixture.job(of: try await fixture.user())
      #expect(try await runs.page(job: job.id, limit: 1)?.runs == [])
      #expect(try await runs.page(job: UUID(), limit: 1) == nil)
    }
  }
}
