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

  @Test("Runs come newest first, as many as are asked for, and those of no other job")
  func latest() async throws {
    try await withFixture { fixture in
      let runs = fixture.repository.jobRuns
      let user = try await fixture.user()
      let (job, other) = (try await fixture.job(of: user), try await fixture.job(of: user))
      try await fixture.fill(job, runs: 5, messages: 2)
      try await fixture.fill(other, runs: 3)
      let all = try #require(await runs.latest(job: job.id, limit: nil))
      #expect(all.count == 5 && Set(all.map(\.id)).count == 5)
      #expect(all.map(\.queuedAt) == all.map(\.queuedAt).sorted(by: >))
      #expect(all.allSatisfy { $0.jobID == job.id && $0.status == .completed && $0.messageCount == 2 })
      #expect(all.allSatisfy { $0.messages == nil && $0.startedAt == nil && $0.triggeredBy == "tests" })
      #expect(try await runs.latest(job: job.id, limit: 2) == Array(all.prefix(2)))
      #expect(try await runs.latest(job: job.id, limit: 100) == all)
      #expect(try await runs.count(job: job.id) == 5)
    }
  }

  @Test("Each run has its own messages, in the order they were said")
  func messages() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 3, messages: 12)
      try await fixture.fill(job, runs: 1)
      var runs = try #require(await fixture.repository.jobRuns.latest(job: job.id, limit: nil))
      #expect(runs.allSatisfy { $0.messages == nil })
      try await fixture.repository.jobRuns.addMessages(to: &runs)
      #expect(runs.map { $0.messages?.count ?? -1 }.sorted() == [0, 12, 12, 12])
      for run in runs where run.messageCount > 0 {
        #expect(run.messages?.map(\.text) == (1...12).map { "message \($0)" })
        #expect(run.messages?.first?.severity == "Information" && run.messages?.first?.assetID == nil)
      }
    }
  }

  @Test("A job without runs has none, and no job has not even that")
  func noRuns() async throws {
    try await withFixture { fixture in
      let runs = fixture.repository.jobRuns
      let job = try await fixture.job(of: try await fixture.user())
      #expect(try await runs.latest(job: job.id, limit: 1) == [])
      #expect(try await runs.latest(job: UUID(), limit: 1) == nil)
      #expect(try await runs.count(job: job.id) == 0)
      #expect(try await runs.count(job: UUID()) == nil)
    }
  }
}
