import EventLoop
import FoundationEssentials
import Postgres
import Synchronization
import Testing

@testable import Repository

/// Work that is held back until the test lets it go, and that fails when a member says so.
private final class HeldWork: Sendable {
  private struct State {
    var batches: [[Int]] = []
    var isOpen = false
    var cancelled = 0
    var held: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  /// What a batch with a number fails with.
  let failures: [Int: RepositoryError]

  init(failures: [Int: RepositoryError] = [:]) { self.failures = failures }

  var batches: [[Int]] { state.withLock { $0.batches } }

  /// How many batches were cancelled while they were held.
  var cancelled: Int { state.withLock { $0.cancelled } }

  func open() {
    let held = state.withLock { state in
      state.isOpen = true
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  func perform(_ inputs: [Int]) async throws(RepositoryError) -> [Result<Int, RepositoryError>] {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        state.batches.append(inputs)
        if !state.isOpen { state.held.append(continuation) }
        return state.isOpen
      }
      if goesOn { continuation.resume() }
    }
    if Task.isCancelled { state.withLock { $0.cancelled += 1 } }
    for input in inputs { if let failure = failures[input] { throw failure } }
    return inputs.map { .success($0 * 10) }
  }
}

@Suite("Requests that share a transaction")
struct CoalescerTests {
  private typealias Outcome = Result<Int, RepositoryError>

  /// Starts a call, and returns when it has taken its place.
  private func start(
    _ coalescer: Coalescer<Int, Int>, _ input: Int, locking key: UUID? = nil
  ) async -> Task<Outcome, Never> {
    let before = await coalescer.count
    let task = Task {
      do throws(RepositoryError) {
        return Outcome.success(try await coalescer(input, locking: key))
      } catch {
        return .failure(error)
      }
    }
    while await coalescer.count == before { await Task.yield() }
    return task
  }

  private func withLoop(_ body: (EventLoop) async throws -> Void) async rethrows {
    let loop = EventLoop(name: "coalescer-tests")
    defer { loop.stop() }
    try await body(loop)
  }

  @Test("A lone request goes at once; those that come meanwhile go together, in their order, up to the bound")
  func gathering() async {
    await withLoop { loop in
      let work = HeldWork()
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatchSize: 3, maxBatches: 1) {
        inputs throws(RepositoryError) in try await work.perform(inputs)
      }
      var tasks: [Task<Outcome, Never>] = []
      for input in 1...6 { tasks.append(await start(coalescer, input)) }
      #expect(work.batches == [[1]])
      work.open()
      for (input, task) in zip(1...6, tasks) { #expect((try? await task.value.get()) == input * 10) }
      #expect(work.batches == [[1], [2, 3, 4], [5, 6]])
    }
  }

  @Test("So many batches are under way as may be, and no more")
  func severalBatches() async {
    await withLoop { loop in
      let work = HeldWork()
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 2, overlapDelay: .zero) {
        inputs throws(RepositoryError) in try await work.perform(inputs)
      }
      var tasks: [Task<Outcome, Never>] = []
      for input in 1...5 { tasks.append(await start(coalescer, input)) }
      #expect(work.batches == [[1], [2]])
      work.open()
      for task in tasks { _ = await task.value }
      #expect(work.batches == [[1], [2], [3, 4, 5]])
    }
  }

  @Test(
    "Another batch goes beside one that takes longer than is usual, and no sooner", .timeLimit(.minutes(20)))
  func lateness() async {
    await withLoop { loop in
      let work = HeldWork()
      let delay = Duration.milliseconds(200)
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 2, overlapDelay: delay) {
        inputs throws(RepositoryError) in try await work.perform(inputs)
      }
      let began = ContinuousClock.now
      var tasks: [Task<Outcome, Never>] = []
      for input in 1...3 { tasks.append(await start(coalescer, input)) }
      // Without a bound of its own: where the other tests take all processors, a timer is late by seconds.
      while work.batches.count < 2 { try? await Task.sleep(for: .milliseconds(5)) }
      #expect(.now - began >= delay)
      // The third may have come after the second had gone, where the machine was busy.
      #expect(work.batches.count == 2)
      #expect(work.batches.first == [1])
      #expect(work.batches.last?.first == 2)
      work.open()
      for task in tasks { _ = await task.value }
    }
  }

  /// What becomes of the inputs 1 to 6, of which the first has a batch of its own and the others wait for it.
  private func outcomes(of work: HeldWork, on loop: EventLoop) async -> [(input: Int, outcome: Outcome)] {
    let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 1) { inputs throws(RepositoryError) in
      try await work.perform(inputs)
    }
    var tasks: [Task<Outcome, Never>] = []
    for input in 1...6 { tasks.append(await start(coalescer, input)) }
    work.open()
    var outcomes: [(Int, Outcome)] = []
    for (input, task) in zip(1...6, tasks) { outcomes.append((input, await task.value)) }
    return outcomes
  }

  @Test("One that fails does not fail its neighbours: they are tried one by one")
  func injectedFailure() async {
    for failure in [RepositoryError.failed("injected"), .cancelled, .rolledBack("deadlock detected")] {
      await withLoop { loop in
        let work = HeldWork(failures: [4: failure])
        for (input, outcome) in await outcomes(of: work, on: loop) {
          #expect((try? outcome.get()) == (input == 4 ? nil : input * 10))
        }
        #expect(work.batches == [[1], [2, 3, 4, 5, 6], [2], [3], [4], [5], [6]])
      }
    }
  }

  @Test(
    "What keeps all from the database is told to all at once, and what may have happened is not done again")
  func commonFailure() async {
    for failure in [
      RepositoryError.unavailable("away"), .uncertain("the connection broke"), .unexpectedAnswer("nonsense"),
    ] {
      await withLoop { loop in
        let work = HeldWork(failures: [4: failure])
        for (input, outcome) in await outcomes(of: work, on: loop) {
          #expect(((try? outcome.get()) != nil) == (input == 1))
        }
        #expect(work.batches == [[1], [2, 3, 4, 5, 6]])
      }
    }
  }

  @Test("A member whose own result is an error fails alone, and nothing is tried again")
  func errorOfOneMember() async {
    await withLoop { loop in
      let work = HeldWork()
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 1) { inputs throws(RepositoryError) in
        try await work.perform(inputs).map { result in
          result.flatMap { $0 == 30 ? .failure(.unexpectedAnswer("nonsense")) : .success($0) }
        }
      }
      var tasks: [Task<Outcome, Never>] = []
      for input in 1...4 { tasks.append(await start(coalescer, input)) }
      work.open()
      for (input, task) in zip(1...4, tasks) {
        #expect((try? await task.value.get()) == (input == 3 ? nil : input * 10))
      }
      #expect(work.batches == [[1], [2, 3, 4]])
    }
  }

  @Test("Whoever is cancelled leaves, its neighbours do not; a batch that nobody waits for is cancelled")
  func cancellation() async {
    await withLoop { loop in
      let work = HeldWork()
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 1) { inputs throws(RepositoryError) in
        try await work.perform(inputs)
      }
      let first = await start(coalescer, 1)
      let waiting = await start(coalescer, 2)
      let neighbour = await start(coalescer, 3)
      waiting.cancel()
      #expect((try? await waiting.value.get()) == nil)
      // The answer comes although the batch is still at work.
      first.cancel()
      #expect((try? await first.value.get()) == nil)
      work.open()
      #expect((try? await neighbour.value.get()) == 30)
      #expect(work.batches == [[1], [3]])
      #expect(work.cancelled == 1)
    }
  }

  @Test("The outcome of a change that is cancelled under way is unknown; one that waited has not begun")
  func cancelledChange() async {
    await withLoop { loop in
      let work = HeldWork()
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 1, changesData: true) {
        inputs throws(RepositoryError) in try await work.perform(inputs)
      }
      let underWay = await start(coalescer, 1)
      let waiting = await start(coalescer, 2)
      waiting.cancel()
      underWay.cancel()
      let (unsent, unknown) = await (waiting.value, underWay.value)
      let isUnsent = if case .failure(.cancelled) = unsent { true } else { false }
      let isUnknown = if case .failure(.uncertain) = unknown { true } else { false }
      #expect(isUnsent && isUnknown)
      work.open()
    }
  }

  @Test("A key is in one batch at a time, and once; others pass it by")
  func keys() async {
    await withLoop { loop in
      let work = HeldWork()
      let coalescer = Coalescer<Int, Int>(loop: loop, maxBatches: 2, overlapDelay: .zero) {
        inputs throws(RepositoryError) in try await work.perform(inputs)
      }
      let key = UUID()
      var tasks: [Task<Outcome, Never>] = []
      for input in 1...3 { tasks.append(await start(coalescer, input, locking: key)) }
      tasks.append(await start(coalescer, 4, locking: UUID()))
      #expect(work.batches == [[1], [4]])
      work.open()
      for task in tasks { _ = await task.value }
      #expect(work.batches == [[1], [4], [2], [3]])
    }
  }
}
