import EventLoop
import FoundationEssentials
import Postgres

/// Batches concurrent requests: those that wait at the same moment share one statement and one transaction.
///
/// A request that finds no batch under way is sent at once. Those that arrive during a batch wait, in their order, and
/// form the next one: the longer the database takes, the larger the batches. A second batch starts beside the first only
/// if that takes unusually long. Each request has its own answer, error and cancellation: if a batch fails and nothing has
/// changed, its members are tried one by one, so that one does not fail the others; not if the database is unavailable,
/// which concerns them all. Where the work takes locks, a key names them: it is in one batch at a time, and once, so a
/// batch never waits for a lock of another.
actor Coalescer<Input: Sendable, Output: Sendable> {
  /// Performs a batch in one transaction, and returns a result for each input in their order. What it throws concerns
  /// the whole batch.
  typealias Work = @Sendable ([Input]) async throws(RepositoryError) -> [Result<Output, RepositoryError>]

  private typealias Answer = CheckedContinuation<Result<Output, RepositoryError>, Never>

  private struct Member {
    let number: UInt64
    let input: Input
    let key: UUID?
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let maxBatchSize: Int
  private let maxBatches: Int
  private let overlapDelay: Duration
  private let changesData: Bool
  private let work: Work
  private var waiting: [Member] = []
  private var answers: [UInt64: Answer] = [:]
  private var keysUnderWay: Set<UUID> = []
  private var underWay: [UInt64: (members: [UInt64], task: Task<Void, Never>)] = [:]
  private var lastBatch: UInt64 = 0
  private var lastStart = ContinuousClock.now
  /// A timer for the next overlapping batch is set.
  private var hasTimer = false
  private var lastNumber: UInt64 = 0

  /// - Parameters:
  ///   - maxBatchSize: The most members of a batch, from 1.
  ///   - maxBatches: The most concurrent batches, from 1.
  ///   - overlapDelay: How long the latest batch must have run before another one starts beside it.
  ///   - changesData: Whether the outcome of a cancelled batch matters to anybody.
  init(
    loop: EventLoop, maxBatchSize: Int = 128, maxBatches: Int = 2, overlapDelay: Duration = .milliseconds(25),
    changesData: Bool = false, work: @escaping Work
  ) {
    self.loop = loop
    self.maxBatchSize = maxBatchSize
    self.maxBatches = maxBatches
    self.overlapDelay = overlapDelay
    self.changesData = changesData
    self.work = work
  }

  /// The number of requests without an answer.
  var count: Int { answers.count }

  /// Performs a request as a member of the next batch.
  ///
  /// - Parameter key: What the work locks; nil if it locks nothing.
  func callAsFunction(_ input: Input, locking key: UUID? = nil) async throws(RepositoryError) -> Output {
    lastNumber += 1
    let member = Member(number: lastNumber, input: input, key: key)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (answer: Answer) in
        answers[member.number] = answer
        waiting.append(member)
        startBatches()
      }
    } onCancel: {
      Task(executorPreference: loop) { await self.cancel(member.number) }
    }
    return try result.get()
  }

  /// A member that waits leaves the queue. One that is under way is answered at once, although it may take effect, and a
  /// batch without a member that waits for its answer is cancelled.
  private func cancel(_ number: UInt64) {
    let waited = waiting.count
    waiting.removeAll { $0.number == number }
    let isUnsent = waiting.count < waited || !changesData
    answer(number, with: .failure(isUnsent ? .cancelled : .uncertain("cancelled during its statement")))
    for (id, batch) in underWay where batch.members.allSatisfy({ answers[$0] == nil }) {
      underWay[id]?.task.cancel()
    }
  }

  private func answer(_ number: UInt64, with result: Result<Output, RepositoryError>) {
    answers.removeValue(forKey: number)?.resume(returning: result)
  }

  private func startBatches() {
    while underWay.isEmpty || underWay.count < maxBatches && lastStart + overlapDelay <= .now {
      let batch = nextBatch()
      guard !batch.isEmpty else { return }
      lastBatch += 1
      lastStart = .now
      let id = lastBatch
      let task = Task(executorPreference: loop) { await self.perform(batch, id) }
      underWay[id] = (batch.map(\.number), task)
    }
    if !waiting.isEmpty, underWay.count < maxBatches, !hasTimer {
      hasTimer = true
      let due = lastStart + overlapDelay
      Task(executorPreference: loop) {
        try? await Task.sleep(until: due, clock: .continuous)
        await self.timerFired()
      }
    }
  }

  private func timerFired() {
    hasTimer = false
    startBatches()
  }

  /// Removes the first members from the queue, except those whose key is under way.
  private func nextBatch() -> [Member] {
    var batch: [Member] = []
    var left: [Member] = []
    for (index, member) in waiting.enumerated() {
      if batch.count == maxBatchSize {
        left.append(contentsOf: waiting[index...])
        break
      }
      if let key = member.key, !keysUnderWay.insert(key).inserted {
        left.append(member)
      } else {
        batch.append(member)
      }
    }
    waiting = left
    return batch
  }

  private func perform(_ batch: [Member], _ id: UInt64) async {
    var results: [Result<Output, RepositoryError>]
    do throws(RepositoryError) {
      results = try await work(batch.map(\.input))
      guard results.count == batch.count else {
        throw .unexpectedAnswer("a batch of \(batch.count) got \(results.count) results")
      }
    } catch {
      results = batch.map { _ in .failure(error) }
      if batch.count > 1, error.isWorthTryingOneByOne { await performOneByOne(batch) }
    }
    for member in batch { if let key = member.key { keysUnderWay.remove(key) } }
    underWay[id] = nil
    // Before the answers are given, so that the database is not idle meanwhile.
    startBatches()
    // Members that were tried one by one have been answered.
    for (member, result) in zip(batch, results) { answer(member.number, with: result) }
  }

  /// At most `maxBatches` run concurrently, so that connections are left for others.
  private func performOneByOne(_ batch: [Member]) async {
    let work = work
    await withTaskGroup(of: (UInt64, Result<Output, RepositoryError>).self) { group in
      for (index, member) in batch.enumerated() {
        if index >= maxBatches, let (number, result) = await group.next() { answer(number, with: result) }
        guard answers[member.number] != nil else { continue }
        group.addTask(executorPreference: loop) {
          do throws(RepositoryError) {
            let results = try await work([member.input])
            return (member.number, results.first ?? .failure(.unexpectedAnswer("a batch of 1 got no result")))
          } catch {
            return (member.number, .failure(error))
          }
        }
      }
      for await (number, result) in group { answer(number, with: result) }
    }
  }
}
