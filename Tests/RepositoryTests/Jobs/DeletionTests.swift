import Domain
import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@Suite("Deleting jobs")
struct DeletionTests {
  @Test("A job and its history are gone, and all else is as it was")
  func removed() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let (job, other) = (try await fixture.job(of: user), try await fixture.job(of: user))
      try await fixture.fill(job, runs: 3, messages: 2, data: 4, results: 5)
      try await fixture.fill(other, runs: 2, messages: 1, data: 1, results: 1)
      let before = try await fixture.histories()

      let deletions = try await fixture.delete([job], for: user)
      #expect(deletions.map(\.jobID) == [job.id] && deletions.map(\.outcome) == [.done])
      #expect(deletions.map(\.jobName) == [job.name] && deletions.map(\.runs) == [3])
      #expect(deletions.map(\.rowsLeft) == [false])

      #expect(try await fixture.histories() == before.filter { $0.key == other.history })
      #expect(try await fixture.job(id: job.id) == nil)
      #expect(try await fixture.job(id: other.id)?.name == other.name)
      #expect(try await fixture.count("store.purges") == 0)
    }
  }

  @Test("A job that is to stay has no history any more and can be run again")
  func kept() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 3, messages: 2, data: 4, results: 5)
      let before = try await fixture.job(id: job.id)
      _ = try await fixture.owner.execute(
        Statement("UPDATE directory.jobs SET last_run_id = gen_random_uuid() WHERE job_id = $1", .uuid)(
          .uuid(job.id)))

      let deletion = try await fixture.delete([job], for: user, remove: false)[0]
      #expect(deletion.outcome == .done && deletion.runs == 3)
      var expected = before
      expected?.lastRunStatus = nil
      expected?.lastRunAt = nil
      #expect(before?.lastRunStatus == .completed)
      #expect(try await fixture.job(id: job.id) == expected)
      #expect(try await fixture.repository.jobRuns.page(job: job.id, limit: 9)?.runs == [])
      #expect(try await fixture.runCount(of: job.id) == 0)
      #expect(try await fixture.histories().isEmpty)
      let history: UUID = try await fixture.value(
        Statement("SELECT history_id FROM directory.jobs WHERE job_id = $1", .uuid)(.uuid(job.id)))
      #expect(history != job.history, "what still holds the old one can do nothing with it")
      let hasLastRun: Bool = try await fixture.value(
        Statement("SELECT last_run_id IS NOT NULL FROM directory.jobs WHERE job_id = $1", .uuid)(
          .uuid(job.id)))
      #expect(!hasLastRun)

      try await fixture.fill(SeededJob(id: job.id, history: history, name: job.name), runs: 1)
      #expect(try await fixture.runCount(of: job.id) == 1)
      #expect(try await fixture.delete([job], for: user)[0].runs == 1)
      #expect(try await fixture.histories().isEmpty)
    }
  }

  @Test("A job without runs can be deleted, and deleting it twice finds nothing the second time")
  func empty() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      #expect(try await fixture.delete([job], for: user)[0].runs == 0)
      let second = try await fixture.delete([job], for: user)[0]
      #expect(second.outcome == .notFound && second.jobName == nil && second.runs == 0 && !second.rowsLeft)
    }
  }

  @Test("What the caller may not delete is refused, and nothing changes", arguments: [true, false])
  func refused(remove: Bool) async throws {
    try await withFixture { fixture in
      let (user, other) = (try await fixture.user(), try await fixture.user())
      let (foreign, system) = (try await fixture.job(of: other), try await fixture.job(of: nil))
      let absent = SeededJob(id: UUID(), history: UUID(), name: "")
      for job in [foreign, system] { try await fixture.fill(job, runs: 2, messages: 2, data: 2, results: 2) }
      let before = try await fixture.histories()

      for (job, outcome) in [
        (foreign, JobDeletion.Outcome.notCreator), (system, .systemJob), (absent, .notFound),
      ] {
        let deletion = try await fixture.delete([job], for: user, remove: remove)[0]
        #expect(deletion.outcome == outcome)
        #expect(!deletion.rowsLeft)
      }
      #expect(try await fixture.histories() == before)
      #expect(try await fixture.count("directory.jobs") == 2)
      #expect(try await fixture.count("audit.events") == 0)
      #expect(try await fixture.count("store.purges") == 0)
    }
  }

  @Test("Of those who ask at the same moment each gets an answer of their own, and only who may deletes")
  func callers() async throws {
    try await withFixture { fixture in
      let users = [try await fixture.user(), try await fixture.user(), try await fixture.user()]
      let folder: UUID = try await fixture.value(
        Statement("SELECT folder_id FROM directory.folders LIMIT 1")())
      // What the first has from two roles; the second lacks one of the tasks, the third a folder.
      _ = try await fixture.role(of: users[0], tasks: ["View assets", "Manage jobs"], folders: [])
      _ = try await fixture.role(of: users[0], tasks: ["Manage jobs"], folders: [folder])
      _ = try await fixture.role(of: users[1], tasks: ["View assets"], folders: [folder])
      _ = try await fixture.role(of: users[2], tasks: ["View assets", "Manage jobs"], folders: [])
      let requirement = Authorizations.Requirement(
        tasks: ["Manage jobs", "View assets"], folders: [folder], wholeTree: true)
      let deletion = fixture.deletion
      var hashes: [[UInt8]] = []
      for user in users { hashes.append(try await fixture.token(of: user)) }
      hashes.append(.random(32))
      let tokens = hashes
      var jobs: [SeededJob] = []
      for index in 0..<60 {
        // Every fifth is somebody else's, which only who may learns.
        jobs.append(try await fixture.job(of: index % 5 == 0 ? users[(index + 1) % 2] : users[index % 4 % 3]))
        try await fixture.fill(jobs[index], runs: 1)
      }
      let all = jobs
      let deletions = try await withThrowingTaskGroup(of: (Int, JobDeletion).self) { group in
        for index in all.indices {
          group.addTask {
            let deletions = try await deletion.delete(
              jobs: [all[index].id], remove: true, requestID: UUID(), rowBound: 100,
              accessHash: tokens[index % 4], requirement: requirement)
            return (index, deletions[0])
          }
        }
        return try await group.reduce(into: [Int: JobDeletion]()) { $0[$1.0] = $1.1 }
      }
      var names: [String] = []
      for user in users {
        names.append(
          try await fixture.value(
            Statement("SELECT user_name FROM directory.users WHERE user_id = $1", .uuid)(.uuid(user))))
      }
      for index in all.indices {
        let deletion = try #require(deletions[index])
        let expected: JobDeletion.Outcome =
          [index % 5 == 0 ? .notCreator : .done, .notPermitted, .notPermitted, .unknownCaller][index % 4]
        #expect(deletion.jobID == all[index].id && deletion.outcome == expected)
        #expect(deletion.userName == (index % 4 == 3 ? nil : names[index % 4]))
        #expect((deletion.jobName != nil) == (index % 4 == 0), "who may not learns nothing about the job")
      }
      #expect(try await fixture.histories().count == 48)
      #expect(try await fixture.count("audit.events") == 12)
    }
  }

  @Test("Deletions with different requirements share a batch, and each is permitted by its own")
  func requirements() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let token = try await fixture.token(of: user)
      var jobs: [SeededJob] = []
      for _ in 0..<40 { jobs.append(try await fixture.job(of: user)) }
      let (all, deletion) = (jobs, fixture.deletion)
      let outcomes = try await withThrowingTaskGroup(of: (Int, JobDeletion).self) { group in
        for index in all.indices {
          group.addTask {
            let requirement = Authorizations.Requirement(
              tasks: index % 2 == 0 ? [] : ["Manage jobs"], folders: [], wholeTree: true)
            let deletions = try await deletion.delete(
              jobs: [all[index].id], remove: true, requestID: UUID(), rowBound: 100, accessHash: token,
              requirement: requirement)
            return (index, deletions[0])
          }
        }
        return try await group.reduce(into: [Int: JobDeletion]()) { $0[$1.0] = $1.1 }
      }
      for index in all.indices {
        #expect(outcomes[index]?.jobID == all[index].id)
        #expect(outcomes[index]?.outcome == (index % 2 == 0 ? .done : .notPermitted))
      }
      #expect(try await fixture.count("directory.jobs") == 20)
    }
  }

  @Test("Of several jobs all are deleted or none, and each outcome says why")
  func allOrNone() async throws {
    try await withFixture { fixture in
      let (user, other) = (try await fixture.user(), try await fixture.user())
      let mine = [
        try await fixture.job(of: user), try await fixture.job(of: user), try await fixture.job(of: user),
      ]
      let foreign = try await fixture.job(of: other)
      let absent = SeededJob(id: UUID(), history: UUID(), name: "")
      for job in mine { try await fixture.fill(job, runs: 2, messages: 1) }
      let before = try await fixture.histories()

      let refused = try await fixture.delete(
        [mine[0], absent, mine[1], foreign, mine[2]], for: user)
      #expect(refused.map(\.outcome) == [.done, .notFound, .done, .notCreator, .done])
      #expect(refused.map(\.jobID) == [mine[0], absent, mine[1], foreign, mine[2]].map(\.id))
      #expect(try await fixture.histories() == before)
      #expect(try await fixture.count("directory.jobs") == 4)
      #expect(try await fixture.count("audit.events") == 0)

      let done = try await fixture.delete(mine.reversed(), for: user)
      #expect(done.map(\.outcome) == [.done, .done, .done] && done.map(\.runs) == [2, 2, 2])
      #expect(done.map(\.jobName) == mine.reversed().map(\.name))
      #expect(try await fixture.histories().isEmpty)
      #expect(try await fixture.count("directory.jobs") == 1)
      #expect(try await fixture.count("audit.events") == 3)
    }
  }

  @Test("A hundred jobs can be deleted at once")
  func hundred() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      var jobs: [SeededJob] = []
      for number in 0..<100 {
        let job = try await fixture.job(of: user)
        try await fixture.fill(job, runs: number % 3, messages: 1)
        jobs.append(job)
      }
      let deletions = try await fixture.delete(jobs, for: user)
      #expect(deletions.map(\.runs) == (0..<100).map { $0 % 3 })
      #expect(try await fixture.histories().isEmpty)
      #expect(try await fixture.count("directory.jobs") == 0)
    }
  }

  @Test(
    "An event says who deleted what, in which request, and whether the job was kept",
    arguments: [true, false])
  func audit(remove: Bool) async throws {
    try await withFixture { fixture in
      let user = try await fixture.user("CORP\\me")
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 4)
      let request = UUID()
      _ = try await fixture.delete([job], for: user, remove: remove, bound: 1, requestID: request)
      let events = try await fixture.owner.execute(
        Statement(
          "SELECT user_id, user_name, operation, job_id, job_name, request_id, details::text FROM audit.events"
        )())
      #expect(events.count == 1)
      let event = try #require(events.first)
      #expect(try event(0, as: UUID.self) == user)
      #expect(try event(1, as: String.self) == "CORP\\me")
      #expect(try event(2, as: String.self) == (remove ? "Delete Job" : "Purge Job"))
      #expect(try event(3, as: UUID.self) == job.id)
      #expect(try event(4, as: String.self) == job.name)
      #expect(try event(5, as: UUID.self) == request)
      #expect(try event(6, as: String.self) == #"{"Runs": 4}"#)
    }
  }

  @Test(
    "The transaction erases up to the bound and nothing beyond it; the rest is recorded",
    arguments: [1, 2, 11, 12, 13, 23, 24, 25, 1000])
  func bound(bound: Int) async throws {
    try await withFixture { fixture in
      let user = try await fixture.user("the caller")
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 2, messages: 3, data: 3, results: 5)  // 24 rows
      let deletion = try await fixture.delete([job], for: user, bound: bound)[0]
      #expect(deletion.outcome == .done && deletion.runs == 2)
      #expect(deletion.rowsErased == min(bound, 24))
      let left = try await fixture.histories()[job.history]?.rows ?? 0
      #expect(left == max(0, 24 - bound))
      #expect(deletion.rowsLeft == (left > 0))
      #expect(try await fixture.count("store.purges") == (left > 0 ? 1 : 0))
      #expect(try await fixture.orphans() == 0)
      #expect(
        try await fixture.repository.jobRuns.page(job: job.id, limit: 9) == nil)
      guard left > 0 else { return }
      let purges = Statement(
        "SELECT history_id, job_id, job_name, requested_by, rows_erased FROM store.purges")
      let purge = try await fixture.owner.execute(purges())[0]
      #expect(try purge(0, as: UUID.self) == job.history)
      #expect(try purge(1, as: UUID.self) == job.id)
      #expect(try purge(2, as: String.self) == job.name)
      #expect(try purge(3, as: String.self) == "the caller")
      #expect(try purge(4, as: Int.self) == bound)
    }
  }

  @Test("Several jobs share one bound")
  func sharedBound() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      var jobs: [SeededJob] = []
      for _ in 0..<4 {
        let job = try await fixture.job(of: user)
        try await fixture.fill(job, runs: 1, messages: 4)  // 5 rows each
        jobs.append(job)
      }
      let deletions = try await fixture.delete(jobs, for: user, bound: 12)
      #expect(deletions.map(\.outcome) == [.done, .done, .done, .done])
      #expect(deletions.contains { $0.rowsLeft })
      #expect(deletions.reduce(0) { $0 + $1.rowsErased } == 12)
      #expect(try await fixture.histories().values.reduce(0) { $0 + $1.rows } == 8)
      #expect(try await fixture.count("store.purges") == 2)
      #expect(try await fixture.orphans() == 0)
    }
  }

  @Test("A run with the least and one with the greatest identifier are erased like the others")
  func extremeIdentifiers() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      let insert = Statement(
        """
        WITH runs AS (
            INSERT INTO store.job_runs (history_id, run_id, status, triggered_by)
            SELECT $1, run_id, 'Completed', 'tests'
            FROM (VALUES ('00000000-0000-0000-0000-000000000000'::uuid), ('ffffffff-ffff-ffff-ffff-ffffffffffff')) r (run_id)
            RETURNING run_id
        )
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        SELECT $1, run_id, n, 'Information', '' FROM runs, unnest(ARRAY[0, 9223372036854775807]) n
        """, .uuid)
      _ = try await fixture.owner.execute(insert(.uuid(job.history)))
      _ = try await fixture.delete([job], for: user, bound: 1)
      while try await fixture.repository.purges.erasePurged(rows: 1) != nil {}
      #expect(try await fixture.histories().isEmpty)
    }
  }

  @Test("Of two that delete the same job at once, one does it and the other finds nothing", arguments: 0..<5)
  func twice(_: Int) async throws {
    try await withFixture { fixture in
      try await withPool(fixture.database.conninfo(user: "ccs_jobstore")) { pool in
        let otherServer = Repository(pool: pool).deletion
        let user = try await fixture.user()
        for _ in 0..<10 {
          let job = try await fixture.job(of: user)
          try await fixture.fill(job, runs: 2, messages: 2)
          async let first = fixture.delete([job], for: user)
          async let second = fixture.delete([job], for: user, on: otherServer)
          async let third = fixture.delete([job], for: user)
          let outcomes = try await [first[0].outcome, second[0].outcome, third[0].outcome]
          #expect(outcomes.count { $0 == .done } == 1)
          #expect(outcomes.count { $0 == .notFound } == 2)
        }
        #expect(try await fixture.histories().isEmpty)
        #expect(try await fixture.count("audit.events") == 10)
      }
    }
  }

  @Test("Two that delete the same jobs in opposite orders at once never wait for each other in a circle")
  func oppositeOrders() async throws {
    try await withFixture { fixture in
      try await withPool(fixture.database.conninfo(user: "ccs_jobstore")) { pool in
        let repository = Repository(pool: pool)
        let otherServer = repository.deletion
        let user = try await fixture.user()
        for round in 0..<50 {
          var jobs: [SeededJob] = []
          for _ in 0..<6 { jobs.append(try await fixture.job(of: user)) }
          for job in jobs { try await fixture.fill(job, runs: 1, messages: 2) }
          let all = jobs
          async let forwards = fixture.delete(
            all, for: user, bound: round % 2 == 0 ? 1000 : 5)
          async let backwards = fixture.delete(all.reversed(), for: user, on: otherServer)
          let outcomes = try await (forwards.map(\.outcome), backwards.map(\.outcome))
          let (done, gone) = (
            [JobDeletion.Outcome](repeating: .done, count: 6),
            [JobDeletion.Outcome](repeating: .notFound, count: 6)
          )
          #expect(outcomes == (done, gone) || outcomes == (gone, done))
        }
        while try await repository.purges.erasePurged(rows: 1000) != nil {}
        #expect(try await fixture.histories().isEmpty)
        #expect(try await fixture.count("audit.events") == 300)
      }
    }
  }

  @Test("Single deletions and deletions of several at once all come to their end, each job once")
  func crowd() async throws {
    try await withFixture { fixture in
      try await withPool(fixture.database.conninfo(user: "ccs_jobstore")) { pool in
        let servers = [fixture.deletion, Repository(pool: pool).deletion]
        let user = try await fixture.user()
        var jobs: [SeededJob] = []
        for _ in 0..<60 {
          let job = try await fixture.job(of: user)
          try await fixture.fill(job, runs: 1, messages: 1)
          jobs.append(job)
        }
        let all = jobs
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
          for index in 0..<60 {
            for server in servers {
              group.addTask {
                try await fixture.delete([all[index]], for: user, on: server).count { $0.outcome == .done }
              }
            }
            group.addTask {
              let some = [all[index], all[59 - index], all[(index + 7) % 60]]
              let together = Array(Set(some.map(\.id))).compactMap { id in all.first { $0.id == id } }
              let deletions = try await fixture.delete(together, for: user, on: servers[index % 2])
              return deletions.allSatisfy { $0.outcome == .done } ? deletions.count : 0
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(done == 60)
        #expect(try await fixture.histories().isEmpty)
        #expect(try await fixture.count("directory.jobs") == 0)
        #expect(try await fixture.count("audit.events") == 60)
      }
    }
  }

  @Test("A job that somebody else holds for too long is an error that passes, and nothing has changed")
  func locked() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 2)
      let impatient = fixture.database.conninfo(user: "ccs_jobstore")
      try await withPool(impatient, lockTimeout: .milliseconds(200)) { pool in
        let server = Repository(pool: pool).deletion
        try await fixture.owner.withConnection { holder throws(PostgresError) in
          _ = try await holder.execute([
            Statement("BEGIN")(),
            Statement("SELECT FROM directory.jobs WHERE job_id = $1 FOR UPDATE", .uuid)(.uuid(job.id)),
          ])
          await #expect {
            try await fixture.delete([job], for: user, on: server)
          } throws: {
            if case RepositoryError.unavailable = $0 { true } else { false }
          }
          _ = try await holder.execute([Statement("ROLLBACK")()])
        }
        #expect(try await fixture.runCount(of: job.id) == 2)
        #expect(try await fixture.delete([job], for: user, on: server)[0].outcome == .done)
      }
    }
  }
}
