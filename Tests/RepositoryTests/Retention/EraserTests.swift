import Domain
import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@Suite("Erasing purged histories step by step")
struct EraserTests {
  @Test("With nothing to do a step says so")
  func nothingToDo() async throws {
    try await withFixture { fixture in
      let waiting = try await fixture.repository.purges.waiting()
      let step = try await fixture.repository.purges.erasePurged(rows: 100)
      #expect(waiting == 0)
      #expect(step == nil)
    }
  }

  @Test(
    "Steps of any size lead to the end, each within its bound", arguments: [1, 2, 3, 5, 7, 10, 39, 40, 1000])
  func steps(rows: Int) async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let (job, other) = (try await fixture.job(of: user), try await fixture.job(of: user))
      try await fixture.fill(job, runs: 4, messages: 2, data: 3, results: 4)  // 40 rows
      try await fixture.fill(other, runs: 4, messages: 2, data: 3, results: 4)
      let untouched = try await fixture.histories()[other.history]
      _ = try await fixture.delete([job], for: user, bound: 1)
      #expect(try await fixture.repository.purges.waiting() == 1)

      var left = 39
      while let step = try await fixture.repository.purges.erasePurged(rows: rows) {
        #expect(step.historyID == job.history)
        #expect(step.rowsErased <= rows)
        left -= step.rowsErased
        #expect(try await fixture.histories()[job.history]?.rows ?? 0 == left)
        #expect(step.rowsInAll == 40 - left)
        #expect(abs(step.requestedAt.timeIntervalSinceNow) < 60)
        #expect(try await fixture.repository.purges.waiting() == (step.finished ? 0 : 1))
        if left == 0, rows > 39 { #expect(step.finished) }
      }
      #expect(left == 0)
      #expect(try await fixture.histories() == [other.history: try #require(untouched)])
      #expect(try await fixture.count("store.purges") == 0)
    }
  }

  @Test(
    "Histories are erased one after the other, the oldest purge first, while others come and are written to")
  func interleaved() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      var jobs: [SeededJob] = []
      for _ in 0..<4 {
        let job = try await fixture.job(of: user)
        try await fixture.fill(job, runs: 3, messages: 3)  // 12 rows
        jobs.append(job)
      }
      let survivor = jobs[3]
      _ = try await fixture.delete([jobs[0]], for: user, bound: 1)
      _ = try await fixture.delete([jobs[1]], for: user, remove: false, bound: 1)
      var order: [UUID] = []
      var steps = 0
      while let step = try await fixture.repository.purges.erasePurged(rows: 5) {
        if order.last != step.historyID { order.append(step.historyID) }
        steps += 1
        if steps == 2 { _ = try await fixture.delete([jobs[2]], for: user, bound: 1) }
        try await fixture.fill(survivor, runs: 1, messages: 1)
      }
      #expect(order == [jobs[0].history, jobs[1].history, jobs[2].history])
      let left = try await fixture.histories()
      #expect(Set(left.keys) == [survivor.history])
      #expect(left[survivor.history]?.rows == 12 + 2 * steps)
      #expect(try await fixture.wrongRunCounts() == 0)
    }
  }

  @Test("A step that is rolled back, as when the server is killed, is done again")
  func rolledBack() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 5, messages: 5)
      _ = try await fixture.delete([job], for: user, bound: 1)
      let step = Statement("SELECT erased FROM store.erase_next(7)")
      for _ in 0..<3 {
        try await fixture.service.withConnection { connection throws(PostgresError) in
          let rows = try await connection.execute([Statement("BEGIN")(), step()])[1]
          #expect(try rows[0](0, as: Int.self) == 7)
          _ = try await connection.execute([Statement("ROLLBACK")()])
        }
      }
      #expect(try await fixture.histories()[job.history]?.rows == 29)
      while try await fixture.repository.purges.erasePurged(rows: 7) != nil {}
      #expect(try await fixture.histories().isEmpty)
    }
  }

  @Test("Several servers erase side by side, and no row twice")
  func sideBySide() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      for _ in 0..<8 {
        let job = try await fixture.job(of: user)
        try await fixture.fill(job, runs: 10, messages: 10)  // 110 rows
        _ = try await fixture.delete([job], for: user, bound: 1)
      }
      let erased = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<4 {
          group.addTask {
            var erased = 0
            while try await fixture.repository.purges.waiting() > 0 {
              erased += try await fixture.repository.purges.erasePurged(rows: 25)?.rowsErased ?? 0
            }
            return erased
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(erased == 8 * 109)
      #expect(try await fixture.histories().isEmpty)
    }
  }

  @Test("Another server does not wait for the history that one is working on, but takes the next")
  func skipLocked() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      var jobs: [SeededJob] = []
      for _ in 0..<2 {
        let job = try await fixture.job(of: user)
        try await fixture.fill(job, runs: 2, messages: 2)
        _ = try await fixture.delete([job], for: user, bound: 1)
        jobs.append(job)
      }
      let histories = jobs.map(\.history)
      try await fixture.service.withConnection { connection throws(PostgresError) in
        let step = Statement("SELECT history_id FROM store.erase_next(1)")
        let rows = try await connection.execute([Statement("BEGIN")(), step()])[1]
        #expect(try rows[0](0, as: UUID.self) == histories[0])
        let other = try? await fixture.repository.purges.erasePurged(rows: 100)
        #expect(other?.historyID == histories[1] && other?.finished == true)
        let none = try? await fixture.repository.purges.erasePurged(rows: 100)
        #expect(none == nil)
        _ = try await connection.execute([Statement("ROLLBACK")()])
      }
    }
  }

  @Test(
    "Whatever the histories, the bounds and the order: nothing is orphaned, other histories are untouched",
    arguments: 0..<10)
  func randomHistories(seed: Int) async throws {
    try await withFixture { fixture in
      var random = RepeatableRandom(seed: UInt64(seed))
      let users = [try await fixture.user(), try await fixture.user()]
      var present: [(job: SeededJob, creator: Int)] = []
      var events = 0
      for _ in 0..<12 {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let creator = Int.random(in: 0...1, using: &random)
          let job = try await fixture.job(of: users[creator])
          for _ in 0..<Int.random(in: 0...2, using: &random) {
            try await fixture.fill(
              job, runs: .random(in: 1...3, using: &random), messages: .random(in: 0...4, using: &random),
              data: .random(in: 0...4, using: &random), results: .random(in: 0...4, using: &random))
          }
          present.append((job, creator))
        }

        let before = try await fixture.histories()
        let chosen = present.shuffled(using: &random).prefix(.random(in: 1...4, using: &random)).map { $0 }
        let caller = chosen[0].creator
        let remove = Bool.random(using: &random)
        let bound = Int.random(in: 1...30, using: &random)
        let deletions = try await fixture.delete(
          chosen.map(\.job), for: users[caller], remove: remove, bound: bound)
        let permitted = chosen.allSatisfy { $0.creator == caller }
        #expect(deletions.map(\.outcome) == chosen.map { $0.creator == caller ? .done : .notCreator })

        let after = try await fixture.histories()
        let doomed = Set(chosen.map(\.job.history))
        let untouched = before.filter { !doomed.contains($0.key) }
        #expect(after.filter { !doomed.contains($0.key) } == untouched)
        let rows = doomed.reduce(0) { $0 + (before[$1]?.rows ?? 0) }
        let left = doomed.reduce(0) { $0 + (after[$1]?.rows ?? 0) }
        #expect(left == (permitted ? max(0, rows - bound) : rows), "\(rows) rows, bound \(bound)")
        if permitted {
          events += chosen.count
          #expect(deletions.contains { $0.rowsLeft } || left == 0)
          #expect(deletions.reduce(0) { $0 + $1.rowsErased } == rows - left)
          present.removeAll { doomed.contains($0.job.history) }
          if !remove { present += try await renewed(chosen, on: fixture) }
        } else {
          #expect(deletions.allSatisfy { !$0.rowsLeft })
        }
        #expect(try await fixture.count("audit.events") == events)
        #expect(try await fixture.count("directory.jobs") == present.count)

        for _ in 0..<Int.random(in: 0...3, using: &random) {
          let rows = Int.random(in: 1...20, using: &random)
          if let step = try await fixture.repository.purges.erasePurged(rows: rows) {
            #expect(step.rowsErased <= rows)
          }
        }
        #expect(try await fixture.orphans() == 0)
        #expect(try await fixture.wrongRunCounts() == 0)
      }

      let current = Set(present.map(\.job.history))
      let kept = try await fixture.histories().filter { current.contains($0.key) }
      while try await fixture.repository.purges.erasePurged(rows: 17) != nil {}
      #expect(try await fixture.histories() == kept)
      #expect(try await fixture.count("store.purges") == 0)
      #expect(try await fixture.wrongRunCounts() == 0)
    }
  }

  /// The jobs with the histories that they have now.
  private func renewed(_ jobs: [(job: SeededJob, creator: Int)], on fixture: Fixture) async throws
    -> [(job: SeededJob, creator: Int)]
  {
    let history = Statement("SELECT history_id FROM directory.jobs WHERE job_id = $1", .uuid)
    var renewed: [(job: SeededJob, creator: Int)] = []
    for (job, creator) in jobs {
      let history: UUID = try await fixture.value(history(.uuid(job.id)))
      renewed.append((SeededJob(id: job.id, history: history, name: job.name), creator))
    }
    return renewed
  }
}
