import FoundationEssentials
import Repository
import Synchronization
import Testing

@testable import Background

/// A repository without a database: what there is to erase, and what was done. Each call takes a second.
private final class FakeStore: ErasureStore {
  struct State {
    /// How many sweeps find a full batch.
    var sweepBatches = 0
    var purgedRows = 0
    var removedRunRows = 0
    var expiredRuns = 0
    /// What calls fail with, by their names.
    var failures: [String: RepositoryError] = [:]
    var calls: [String] = []
  }

  private let state: Mutex<State>
  private let clock: ManualClock

  init(_ state: State, _ clock: ManualClock) {
    self.state = Mutex(state)
    self.clock = clock
  }

  var calls: [String] { state.withLock { $0.calls } }
  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  private func call<Result: Sendable>(
    _ name: String, _ body: (inout State) -> Result
  ) throws(RepositoryError) -> Result {
    clock.advance(by: .seconds(1))
    return try state.withLock { state throws(RepositoryError) in
      state.calls.append(name)
      if let failure = state.failures[name] { throw failure }
      return body(&state)
    }
  }

  func sweep(keepAuditDays: Int?, limit: Int) async throws(RepositoryError) -> Bool {
    try call("sweep") { state in
      state.sweepBatches -= 1
      return state.sweepBatches >= 0
    }
  }

  func erasePurged(rows: Int) async throws(RepositoryError) -> Purges.Step? {
    try call("purged") { state in
      guard state.purgedRows > 0 else { return nil }
      let erased = min(rows, state.purgedRows)
      state.purgedRows -= erased
      return Purges.Step(
        historyID: UUID(), rowsErased: erased, finished: state.purgedRows == 0, rowsInAll: 250,
        requestedAt: Date())
    }
  }

  func eraseRemovedRuns(rows: Int) async throws(RepositoryError) -> Int? {
    try call("removed") { state in
      guard state.removedRunRows > 0 else { return nil }
      let erased = min(rows, state.removedRunRows)
      state.removedRunRows -= erased
      return erased
    }
  }

  func removeExpiredRuns(
    _ defaults: Retention.Defaults, pause: Duration, jobs: Int, runs: Int
  ) async throws(RepositoryError) -> Int? {
    try call("expired") { state in
      guard state.expiredRuns > 0 else { return nil }
      let removed = min(runs, state.expiredRuns)
      state.expiredRuns -= removed
      return removed
    }
  }
}

@Suite("The eraser, without a database")
struct EraserTests {
  private static func settings(dutyPercent: Int = 100) -> Eraser.Settings {
    .init(
      batchRows: 100, pollInterval: .seconds(60), dutyPercent: dutyPercent,
      retention: .init(keepRuns: nil, keepDays: nil), sweepInterval: .seconds(3600), keepAuditDays: nil)
  }

  private func withEraser(
    _ state: FakeStore.State, dutyPercent: Int = 100,
    _ body: (WakeUps, FakeStore, ManualClock, Observations) async throws -> Void
  ) async rethrows {
    let (clock, observations) = (ManualClock(), Observations())
    let (store, wakeUps) = (FakeStore(state, clock), WakeUps())
    let eraser = Eraser(
      store: store, settings: Self.settings(dutyPercent: dutyPercent), wakeUps: wakeUps, clock: clock,
      observe: { observations.append($0) })
    let task = Task { await eraser.run() }
    try await body(wakeUps, store, clock, observations)
    task.cancel()
    await task.value
  }

  /// Waits until a number of calls was made.
  private func reach(_ count: Int, _ store: FakeStore) async {
    while store.calls.count < count { await Task.yield() }
  }

  private static let lookAtAll = ["sweep", "purged", "removed", "expired"]

  @Test("It looks at everything once, then only when it is woken or the poll interval is over")
  func polling() async {
    await withEraser(.init()) { wakeUps, store, clock, observations in
      await reach(4, store)
      #expect(store.calls == Self.lookAtAll)
      wakeUps.wake()
      await reach(8, store)
      #expect(store.calls == Self.lookAtAll + Self.lookAtAll)
      await clock.idle()
      clock.advance(by: .seconds(60))
      await reach(12, store)
      #expect(observations.all == [])
    }
  }

  @Test("Sweeps come first, then purged histories to their end, then removed runs, then expired ones")
  func order() async {
    let state = FakeStore.State(sweepBatches: 1, purgedRows: 250, removedRunRows: 150, expiredRuns: 120)
    await withEraser(state) { _, store, _, observations in
      let expected =
        ["sweep", "sweep", "purged", "purged", "purged", "purged", "removed", "purged", "removed"]
        + ["purged", "removed", "expired", "purged", "removed", "expired", "purged", "removed", "expired"]
      await reach(expected.count, store)
      #expect(store.calls == expected)
      #expect(
        observations.all.filter { !$0.hasPrefix("purgeFinished") } == [
          "rowsErased(100)", "rowsErased(100)", "rowsErased(50)", "rowsErased(100)", "rowsErased(50)",
          "runsExpired(100)", "rowsErased(100)", "runsExpired(20)", "rowsErased(20)",
        ])
      #expect(observations.all.count { $0.hasPrefix("purgeFinished") } == 1)
    }
  }

  @Test("While it erases a large history, it sweeps at every poll interval")
  func sweepsInBetween() async {
    await withEraser(.init(purgedRows: 15_000)) { _, store, _, _ in
      await reach(156, store)
      #expect(store.calls.prefix(156).indices.filter { store.calls[$0] == "sweep" } == [0, 61, 122])
    }
  }

  @Test(
    "It works no more than its share of time",
    arguments: [(100, Duration.zero), (50, .seconds(1)), (20, .seconds(4)), (1, .seconds(99))])
  func dutyCycle(percent: Int, pause: Duration) async {
    #expect(Self.settings(dutyPercent: percent).pause(after: .seconds(1)) == pause)
    await withEraser(.init(purgedRows: 200), dutyPercent: percent) { _, store, clock, _ in
      while store.calls.last != "expired" {
        clock.advance(by: .milliseconds(100))
        await Task.yield()
      }
      // After the sweep and after each batch. The poll interval is the sleep of another task.
      let pauses = clock.sleeps.filter { $0 != .seconds(60) }
      #expect(pause == .zero ? pauses.isEmpty : pauses.count >= 3)
      #expect(pauses.allSatisfy { $0 >= pause })
    }
  }

  @Test(
    "A step that fails is reported, and tried again with the next wake-up",
    arguments: ["sweep", "purged", "removed", "expired"])
  func failure(call: String) async {
    await withEraser(.init(failures: [call: .failed("refused")])) { wakeUps, store, clock, observations in
      let count = Self.lookAtAll.firstIndex(of: call)! + 1
      await reach(count, store)
      while observations.all.isEmpty { await Task.yield() }
      #expect(observations.all == [#"eraserFailed("refused")"#])
      store.change { $0.failures = [:] }
      wakeUps.wake()
      await reach(count + 4, store)
      #expect(Array(store.calls.dropFirst(count)) == Self.lookAtAll)
    }
  }

  @Test(
    "A batch that takes longer than a statement may names the setting to change; an absent database does not")
  func kindsOfFailure() async {
    await withEraser(.init(failures: ["purged": .unavailable("away")])) { wakeUps, store, _, observations in
      await reach(2, store)
      store.change { $0.failures = ["purged": .cancelled] }
      wakeUps.wake()
      while observations.all.isEmpty { await Task.yield() }
      #expect(observations.all.count == 1)
      #expect(observations.all.first?.contains("deletion.eraserBatchRows") == true)
    }
  }

  @Test("A wake-up reaches the eraser that works now, not one that has ended")
  func successor() async {
    let (clock, wakeUps) = (ManualClock(), WakeUps())
    var store = FakeStore(.init(), clock)
    for _ in 0..<3 {
      store = FakeStore(.init(), clock)
      let eraser = Eraser(
        store: store, settings: Self.settings(), wakeUps: wakeUps, clock: clock, observe: { _ in })
      let task = Task { await eraser.run() }
      await reach(4, store)
      wakeUps.wake()
      await reach(8, store)
      #expect(store.calls == Self.lookAtAll + Self.lookAtAll)
      task.cancel()
      await task.value
    }
    wakeUps.wake()
    #expect(store.calls.count == 8)
  }

  @Test("Cancelled in a pause or between batches, it ends")
  func cancellation() async {
    let clock = ManualClock()
    let store = FakeStore(.init(purgedRows: 1_000_000), clock)
    let eraser = Eraser(
      store: store, settings: Self.settings(dutyPercent: 1), wakeUps: WakeUps(), clock: clock,
      observe: { _ in })
    let task = Task { await eraser.run() }
    await clock.idle(sleepers: 2)
    task.cancel()
    await task.value
    #expect(store.calls == ["sweep"])
  }
}
