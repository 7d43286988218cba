import FoundationEssentials
import Postgres
import Repository
import Testing

@Suite("Schedules of disabled users")
struct PausedScheduleTests {
  /// Jobs that are due, and the administrator's side of the directory.
  private func withDueJobs(
    _ count: Int,
    _ body: (Fixture, DirectoryAdministration, [SeededJob]) async throws -> Void
  ) async throws {
    try await withFixture { fixture in
      try await withPool(fixture.database.conninfo(user: "ccs_jobstore_admin")) { pool in
        let user = try await fixture.user("ann")
        var jobs: [SeededJob] = []
        for _ in 0..<count { jobs.append(try await fixture.job(of: user)) }
        _ = try await fixture.owner.execute(
          Statement("UPDATE directory.jobs SET next_run_at = now() - interval '3 hours'")())
        try await body(fixture, DirectoryAdministration(pool: pool), jobs)
      }
    }
  }

  private func due(on fixture: Fixture) async throws -> [Schedules.DueJob] {
    try await fixture.repository.schedules.dueJobs(after: nil, limit: 100)
  }

  /// Starts what is due, as the scheduler does, each job for the last time.
  private func startDue(on fixture: Fixture) async throws -> Set<Schedules.Outcome> {
    let steps = try await due(on: fixture).map { Schedules.Step($0, next: nil) }
    return Set(try await fixture.repository.schedules.carryOut(steps).values)
  }

  @Test("No run starts for a disabled user, the jobs are polled once, and enabling makes them due as before")
  func pausedAndResumed() async throws {
    try await withDueJobs(3) { fixture, directory, _ in
      let other = try await fixture.job(of: try await fixture.user("bob"))
      let before = try await due(on: fixture)
      let disabled = try await directory.setUser("ann", disabled: true, by: "tests")
      #expect(disabled.change == .done && disabled.scheduledJobs == 3)
      #expect(try await directory.setUser("ann", disabled: true, by: "tests").change == .unchanged)
      #expect(try await startDue(on: fixture) == [.paused])
      #expect(try await due(on: fixture).isEmpty)
      _ = try await fixture.owner.execute(
        Statement("UPDATE directory.jobs SET next_run_at = now() WHERE job_id = $1", .uuid)(.uuid(other.id)))
      #expect(try await startDue(on: fixture) == [.started])

      let enabled = try await directory.setUser("ann", disabled: false, by: "tests")
      #expect(enabled.change == .done && enabled.scheduledJobs == 3)
      let after = try await due(on: fixture)
      #expect(after.map(\.jobID) == before.map(\.jobID))
      #expect(after.map(\.dueAt) == before.map(\.dueAt), "so that what was missed is counted")
      #expect(try await startDue(on: fixture) == [.started])
      #expect(try await fixture.count("store.job_runs") == 4)
      let trail = try await fixture.database.psql(
        """
        SELECT operation, details ->> 'PausedJobs', details ->> 'ResumedJobs'
        FROM audit.events
        WHERE operation LIKE '% User'
        ORDER BY occurred_at
        """)
      #expect(trail == "Disable User|3|\nEnable User||3")
    }
  }

  @Test("A job that becomes due while its creator is being enabled is neither started nor paused for ever")
  func raceWithEnabling() async throws {
    try await withDueJobs(1) { fixture, directory, _ in
      _ = try await directory.setUser("ann", disabled: true, by: "tests")
      try await fixture.owner.withConnection { connection throws(PostgresError) in
        _ = try await connection.execute([
          Statement("BEGIN")(), Statement("UPDATE directory.users SET disabled = false")(),
        ])
        let outcomes = try? await startDue(on: fixture)
        #expect(outcomes == [.passedOver])
        _ = try await connection.execute([Statement("COMMIT")()])
      }
      #expect(try await startDue(on: fixture) == [.started])
    }
  }

  @Test("An import that changes a paused job resumes it, unless its creator is disabled")
  func imported() async throws {
    try await withDueJobs(2) { fixture, directory, jobs in
      _ = try await fixture.user("bob")
      _ = try await directory.setUser("ann", disabled: true, by: "tests")
      #expect(try await startDue(on: fixture) == [.paused])
      _ = try await directory.importDirectory(
        .init(runs: [], assets: [], standards: []), keeps: true, by: "tests", progress: { _ in },
        plan: { _ in
          var rows = ImportRows()
          rows.jobs = zip(jobs, ["bob", "ann"]).map { job, creator in
            ImportRows.Job(
              id: job.id, name: job.name, description: "changed", type: "CollectionJob", createdBy: creator,
              createdAt: nil, configuration: nil, nextRunAt: nil, runTimeLimit: nil, keepRuns: nil,
              keepDays: nil, runNow: false)
          }
          return rows
        })
      #expect(try await due(on: fixture).count == 2)
      #expect(try await startDue(on: fixture) == [.started, .paused])
    }
  }
}
