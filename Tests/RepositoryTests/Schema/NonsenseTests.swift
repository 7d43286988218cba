import Domain
import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

/// A call of the repository, the function of the schema behind it, and the answers that make no sense.
struct NonsenseCall: Sendable, CustomTestStringConvertible {
  let function: String
  /// Beside those of every call.
  var nonsense: [Nonsense] = []
  /// Its columns have no words and no numbers, so that every value of their types makes sense.
  var hasOnlyIdentifiers = false
  /// A NULL, or no row, is an answer: there is nothing to do.
  var mayBeEmpty = false
  var mayHaveRows = false
  let perform: @Sendable (Repository) async throws -> Void

  var testDescription: String { function }

  /// Other types come last: a function that stands in for another has the columns of the one before.
  var answers: [Nonsense] {
    (hasOnlyIdentifiers ? [] : [.extremes([:])]) + nonsense + (mayBeEmpty ? [] : [.nulls])
      + (mayHaveRows ? [] : [.noRow, .twoRows]) + [.otherTypes]
  }

  static let all: [NonsenseCall] = [
    .init(
      function: "store.claim_runs",
      nonsense: [
        .only(["claimant": "1"]), .only(["claimant": "2"]), .only(["claimant": "0"]),
        .extremes(["claimant": "1"]),
      ],
      mayHaveRows: true,
      perform: {
        let request = ClaimRequest(count: 1, collector: "tests", leaseSeconds: 60, maximumAttempts: 3)
        _ = try await $0.jobRunClaims.claim(request, wait: .zero)
      }),
    .init(
      function: "store.renew_lease",
      nonsense: [.only(["outcome": "'over'"]), .extremes(["outcome": "'over'", "expires_at": "NULL"])],
      perform: { _ = try await $0.jobRunClaims.renew(run: UUID(), lease: UUID(), seconds: 60) }),
    .init(
      function: "store.complete_run",
      nonsense: [
        .only(["outcome": "'over'"]), .extremes(["outcome": "'over'"]), .only(["outcome": "'unfinished'"]),
        .extremes(["outcome": "'unfinished'"]), .extremes(["outcome": "'unfinished'", "kind": "'messages'"]),
      ],
      perform: {
        _ = try await $0.jobRunClaims.complete(
          run: UUID(), lease: UUID(), caller: UUID(), callerName: "tests", requestID: UUID())
      }),
    .init(
      function: "store.end_run",
      nonsense: [.only(["outcome": "'over'"]), .extremes(["outcome": "'over'"])],
      perform: {
        _ = try await $0.jobRunClaims.fail(
          run: UUID(), lease: UUID(), message: "m", caller: UUID(), callerName: "tests", requestID: UUID())
      }),
    .init(
      function: "store.end_run",
      nonsense: [.only(["outcome": "'over'"]), .extremes(["outcome": "'over'"])],
      perform: {
        _ = try await $0.runControl.abort(run: UUID(), user: UUID(), userName: "tests", requestID: UUID())
      }),
    .init(
      function: "store.start_run", nonsense: [.only(["outcome": "'active'"])],
      perform: {
        _ = try await $0.runControl.start(
          job: UUID(), run: UUID(), user: UUID(), userName: "tests", requestID: UUID())
      }),
    .init(
      function: "directory.run_due_jobs", nonsense: [.only(["outcome": "'started'"])],
      perform: {
        let job = Schedules.DueJob(jobID: UUID(), dueAt: Date(), version: 1, schedule: nil, now: Date())
        _ = try await $0.schedules.carryOut([.init(job, next: nil)])
      }),
    .init(
      function: "store.end_overdue_runs", hasOnlyIdentifiers: true, mayHaveRows: true,
      perform: { _ = try await $0.runUpkeep.endOverdueRuns(limit: 10) }),
    .init(
      function: "store.release_lost_runs",
      nonsense: [.extremes(["outcome": "NULL"]), .only(["outcome": "'requeued'"])], mayHaveRows: true,
      perform: { _ = try await $0.runUpkeep.releaseLostRuns(maximumAttempts: 3, limit: 10) }),
    .init(
      function: "store.erase_next", nonsense: [.only(["history_id": "gen_random_uuid()"])], mayBeEmpty: true,
      perform: { _ = try await $0.purges.erasePurged(rows: 10) }),
    .init(
      function: "store.erase_removed_runs", mayBeEmpty: true,
      perform: { _ = try await $0.retention.eraseRemovedRuns(rows: 10) }),
    .init(
      function: "store.remove_expired_runs", mayBeEmpty: true,
      perform: {
        _ = try await $0.retention.removeExpiredRuns(
          .init(keepRuns: 1, keepDays: 1), pause: .seconds(1), jobs: 10, runs: 10)
      }),
    .init(
      function: "store.lock_batch",
      nonsense: [
        .only(["outcome": "'ready'"]), .extremes(["outcome": "'ready'"]),
        .extremes(["outcome": "'ready'", "next_row": "3", "rows_stored": "4"]), .only(["outcome": "'over'"]),
        .extremes(["outcome": "'over'"]), .only(["outcome": "'inherited'"]),
        .extremes(["outcome": "'inherited'"]), .only(["outcome": "'out of order'"]),
        .only(["outcome": "'overdue'"]),
      ],
      perform: {
        _ = try await $0.reports.standing(of: .init(kind: .messages, runID: UUID(), lease: UUID(), number: 1))
      }),
    .init(
      function: "directory.delete_jobs",
      nonsense: [
        .only(["outcome": "'done'"]), .extremes(["outcome": "'done'"]),
        .extremes(["outcome": "'done'", "rows_erased": "NULL"]),
      ],
      perform: {
        _ = try await $0.deletion.delete(
          jobs: [UUID()], remove: true, requestID: UUID(), rowBound: 10, accessHash: [1],
          requirement: .validToken)
      }),
  ]
}

@Suite("A database that answers nonsense")
struct NonsenseTests {
  @Test(
    "Whatever a function answers, the call is an error that names what was found", arguments: NonsenseCall.all
  )
  func functions(call: NonsenseCall) async throws {
    try await withFixture { fixture in
      for nonsense in call.answers {
        try await fixture.replace(call.function, answering: nonsense)
        try await fixture.withNewRepository { repository in
          await #expect("\(nonsense)") {
            try await call.perform(repository)
          } throws: { error in
            if case RepositoryError.unexpectedAnswer = error { true } else { false }
          }
        }
      }
    }
  }

  @Test(
    "A job whose status is no word, or that has no type, is an error for whoever asks for it, and for nobody else"
  )
  func jobs() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let (good, word, null) = (
        try await fixture.job(of: user), try await fixture.job(of: user), try await fixture.job(of: user)
      )
      try await fixture.loosen("directory.jobs", nullable: "job_description")
      try await fixture.database.psql(
        """
        UPDATE directory.jobs SET last_run_status = 'Levitating' WHERE job_id = '\(word.id)';
        UPDATE directory.jobs SET job_description = NULL WHERE job_id = '\(null.id)';
        """)
      let (jobs, hash) = (fixture.repository.jobs, try await fixture.token(of: user))
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<50 {
          group.addTask {
            let found = try? await jobs.job(id: good.id, accessHash: hash, requirement: .validToken)
            #expect(found?.job?.id == good.id)
          }
          for job in [word, null] {
            group.addTask {
              await expectUnexpected {
                _ = try await jobs.job(id: job.id, accessHash: hash, requirement: .validToken)
              }
            }
          }
        }
      }
      await expectUnexpected { _ = try await jobs.job(named: word.name) }
      await expectUnexpected { _ = try await jobs.search(JobSearch([]), SearchPage(number: 0, size: 20)) }
    }
  }

  @Test("A run, a message, a result or an account with a NULL or an unknown word is an error")
  func tables() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user("ann")
      let job = try await fixture.job(of: user)
      try await fixture.fill(job, runs: 1, messages: 1, results: 1)
      let (runs, results) = (fixture.repository.jobRuns, fixture.repository.results)
      let latest = try #require(await runs.page(job: job.id, limit: 1)).runs
      try await fixture.loosen("store.job_run_messages", nullable: "message")
      try await fixture.database.psql("UPDATE store.job_run_messages SET message = NULL")
      await expectUnexpected {
        _ = try await runs.messages(of: latest.map(\.id), job: job.id, history: job.history)
      }
      try await fixture.loosen("store.evaluation_results")
      let asset: UUID = try await fixture.value(Statement("SELECT asset_id FROM store.evaluation_results")())
      let standard: UUID = try await fixture.value(
        Statement("SELECT standard_id FROM store.evaluation_results")())
      try await fixture.database.psql("UPDATE store.evaluation_results SET outcome = 'Perhaps'")
      let request = ResultsRequest(
        asset: asset, standard: standard, run: nil, standardVersion: nil, checks: nil)
      await expectUnexpected { _ = try await results.find(request, limit: 10) }

      try await fixture.loosen("store.job_runs", nullable: "message_count")
      try await fixture.database.psql("UPDATE store.job_runs SET message_count = NULL")
      await expectUnexpected { _ = try await runs.page(job: job.id, limit: 1) }
      try await fixture.database.psql("UPDATE store.job_runs SET message_count = 1, status = 'Levitating'")
      await expectUnexpected { _ = try await runs.page(job: job.id, limit: 1) }

      try await fixture.loosen("directory.users", nullable: "disabled")
      try await fixture.database.psql("UPDATE directory.users SET disabled = NULL")
      await expectUnexpected { _ = try await fixture.repository.sessions.account(named: "ann") }
    }
  }
}

private func expectUnexpected(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
  await #expect(sourceLocation: sourceLocation) {
    try await body()
  } throws: { error in
    if case RepositoryError.unexpectedAnswer = error { true } else { false }
  }
}
