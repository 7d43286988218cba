import FoundationEssentials
import Repository
import Synchronization
import Testing

@testable import Background

/// A repository without a database: what is due, and what was done.
private final class FakeStore: ScheduleStore {
  struct State {
    var due: [Schedules.DueJob] = []
    var untilNext: Duration?
    var overdue: [RunUpkeep.OverdueRun] = []
    var lost: [RunUpkeep.LostRun] = []
    /// What calls fail with, by their names.
    var failures: [String: RepositoryError] = [:]
    /// Jobs that fail every batch they are in.
    var refused: Set<UUID> = []
    var outcome = Schedules.Outcome.started
    var calls: [String] = []
    var batches: [[UUID]] = []
  }

  private let state: Mutex<State>

  init(_ state: State) { self.state = Mutex(state) }

  var calls: [String] { state.withLock { $0.calls } }
  var batches: [[UUID]] { state.withLock { $0.batches } }
  var isDone: Bool { state.withLock { $0.due.isEmpty && $0.overdue.isEmpty && $0.lost.isEmpty } }
  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  private func call<Result: Sendable>(
    _ name: String, _ body: (inout State) throws(RepositoryError) -> Result
  ) throws(RepositoryError) -> Result {
    try state.withLock { state throws(RepositoryError) in
      state.calls.append(name)
      if let failure = state.failures[name] { throw failure }
      return try body(&state)
    }
  }

  func dueJobs(after last: Schedules.DueJob?, limit: Int) async throws(RepositoryError) -> [Schedules.DueJob]
  {
    try call("due") { state in
      let start = last.flatMap { last in state.due.firstIndex { $0 == last } }.map { $0 + 1 } ?? 0
      return Array(state.due[start...].prefix(limit))
    }
  }

  func carryOut(_ steps: [Schedules.Step]) async throws(RepositoryError) -> [UUID: Schedules.Outcome] {
    try call("carry out") { state throws(RepositoryError) in
      let jobs = steps.map(\.job.jobID)
      state.batches.append(jobs)
      if jobs.contains(where: state.refused.contains) { throw .failed("refused") }
      return Dictionary(uniqueKeysWithValues: jobs.map { ($0, state.outcome) })
    }
  }

  func untilNextJob() async throws(RepositoryError) -> Duration? {
    try call("until next") { $0.untilNext }
  }

  func endOverdueRuns(limit: Int) async throws(RepositoryError) -> [RunUpkeep.OverdueRun] {
    try call("end overdue") { state in
      defer { state.overdue.removeFirst(min(limit, state.overdue.count)) }
      return Array(state.overdue.prefix(limit))
    }
  }

  func releaseLostRuns(maximumAttempts: Int, limit: Int) async throws(RepositoryError) -> [RunUpkeep.LostRun]
  {
    try call("release lost") { state in
      defer { state.lost.removeFirst(min(limit, state.lost.count)) }
      return Array(state.lost.prefix(limit))
    }
  }
}

@Suite("The scheduler, without a database")
struct SchedulerTests {
  private static let moment = Date(timeIntervalSince1970: 1_800_000_000)
  private static let hourly =
    #"{"RunPeriodically": true, "StartDate": "2026-01-01T00:00:00Z", "RepeatMinutes": 60}"#

  private static func jobs(_ count: Int, schedule: String? = hourly) -> [Schedules.DueJob] {
    (0..<count).map { _ in
      Schedules.DueJob(jobID: UUID(), dueAt: moment, version: 1, schedule: schedule, now: moment)
    }
  }

  /// Runs a scheduler with a poll interval of 5 s.
  private func withScheduler(
    _ state: FakeStore.State, _ body: (FakeStore, ManualClock, Observations) async throws -> Void
  ) async rethrows {
    let (store, clock, observations) = (FakeStore(state), ManualClock(), Observations())
    let scheduler = Scheduler(
      store: store, settings: .init(pollInterval: .seconds(5), maximumAttempts: 3), clock: clock,
      observe: { observations.append($0) })
    let task = Task { await scheduler.run() }
    try await body(store, clock, observations)
    task.cancel()
    await task.value
  }

  @Test("With nothing due it pauses for the poll interval, or until the next job is due if that is sooner")
  func pauses() async {
    await withScheduler(.init()) { store, clock, observations in
      await clock.idle()
      #expect(store.calls == ["due", "end overdue", "release lost", "until next"])
      #expect(clock.sleeps == [.seconds(5)])
      store.change { $0.untilNext = .seconds(2) }
      clock.advance(by: .seconds(5))
      await clock.idle()
      store.change { $0.untilNext = .seconds(9) }
      clock.advance(by: .seconds(2))
      await clock.idle()
      store.change { $0.untilNext = .zero }
      clock.advance(by: .seconds(5))
      await clock.idle()
      #expect(clock.sleeps == [.seconds(5), .seconds(2), .seconds(5), .milliseconds(1)])
      #expect(observations.all == [])
    }
  }

  @Test("Due jobs are started page by page, at most 100 in a transaction")
  func pages() async {
    await withScheduler(.init(due: Self.jobs(250))) { store, clock, observations in
      await clock.idle()
      #expect(store.batches.map(\.count) == [100, 100, 50])
      #expect(Set(store.batches.joined()).count == 250)
      #expect(observations.all == ["runsScheduled(100)", "runsScheduled(100)", "runsScheduled(50)"])
    }
  }

  @Test(
    "Overdue and lost runs are worked off in full batches, and what keeps coming does not starve the rest")
  func fullBatches() async {
    let overdue = (0..<10_150).map { _ in RunUpkeep.OverdueRun(runID: UUID(), jobID: UUID()) }
    let lost = (0..<130).map { _ in
      RunUpkeep.LostRun(runID: UUID(), jobID: UUID(), outcome: .requeued)
    }
    await withScheduler(.init(overdue: overdue, lost: lost)) { store, clock, observations in
      await clock.idle()
      // A pass has at most 100 batches of a kind; the next one follows at once.
      #expect(store.calls.count { $0 == "end overdue" } == 100)
      #expect(store.calls.count { $0 == "release lost" } == 2)
      #expect(clock.sleeps == [.milliseconds(1)])
      clock.advance(by: .milliseconds(1))
      await clock.idle()
      #expect(store.isDone)
      #expect(clock.sleeps == [.milliseconds(1), .seconds(5)])
      #expect(observations.all.count == 10_280)
    }
  }

  @Test(
    "A kind of work that fails is reported, keeps no other from being done, and is tried again 10 s later",
    arguments: ["due", "carry out", "end overdue", "release lost"])
  func failure(call: String) async {
    var state = FakeStore.State()
    state.due = Self.jobs(1)
    state.overdue = [.init(runID: UUID(), jobID: UUID())]
    state.lost = [.init(runID: UUID(), jobID: UUID(), outcome: .failed)]
    state.failures = [call: .unexpectedAnswer("nonsense")]
    await withScheduler(state) { store, clock, observations in
      await clock.idle()
      #expect(Set(store.calls).isSuperset(of: ["due", "end overdue", "release lost"]))
      #expect(observations.all.count { $0 == #"schedulerFailed("nonsense")"# } == 1)
      #expect(clock.sleeps == [.seconds(10)])
      store.change { $0.failures = [:] }
      clock.advance(by: .seconds(10))
      await clock.idle()
      #expect(clock.sleeps == [.seconds(10), .seconds(5)])
      #expect(!store.batches.isEmpty)
    }
  }

  @Test("A database that is away is not reported, and polled as usual")
  func unavailable() async {
    let failures = ["due", "end overdue", "release lost", "until next"].map {
      ($0, RepositoryError.unavailable("away"))
    }
    await withScheduler(.init(failures: Dictionary(uniqueKeysWithValues: failures))) {
      store, clock, observations in
      await clock.idle()
      #expect(observations.all == [])
      #expect(clock.sleeps == [.seconds(5)])
    }
  }

  @Test("A job that the database refuses does not keep its neighbours from running")
  func refusedJob() async {
    let due = Self.jobs(3)
    await withScheduler(.init(due: due, refused: [due[1].jobID])) { store, clock, observations in
      await clock.idle()
      #expect(store.batches == [due.map(\.jobID)] + due.map { [$0.jobID] })
      #expect(observations.all == ["runsScheduled(1)", #"schedulerFailed("refused")"#, "runsScheduled(1)"])
    }
  }

  @Test("An answer that makes no sense is not asked for again job by job: the jobs may have been started")
  func unexpectedAnswer() async {
    await withScheduler(.init(due: Self.jobs(3), failures: ["carry out": .unexpectedAnswer("nonsense")])) {
      store, clock, observations in
      await clock.idle()
      #expect(store.calls.count { $0 == "carry out" } == 1)
    }
  }

  @Test("A schedule that cannot be followed clears the job's date, with the reason in the log")
  func unreadableSchedule() async {
    let due = Self.jobs(1, schedule: nil)
    await withScheduler(.init(due: due, outcome: .cleared)) { _, clock, observations in
      await clock.idle()
      #expect(observations.all.count == 1)
      #expect(observations.all.first?.contains("the job has no schedule") == true)
    }
  }

  @Test("Cancelled, it ends, and starts no further batch")
  func cancellation() async {
    let store = FakeStore(.init())
    let clock = ManualClock()
    let scheduler = Scheduler(
      store: store, settings: .init(pollInterval: .seconds(5), maximumAttempts: 3), clock: clock,
      observe: { _ in })
    let task = Task { await scheduler.run() }
    await clock.idle()
    task.cancel()
    await task.value
    #expect(store.calls.count == 4)
  }
}
