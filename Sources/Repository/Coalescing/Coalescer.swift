import EventLoop
import FoundationEssentials
import Postgres

/// Lets requests that wait at the same moment share one statement and one transaction.
///
/// A lone request goes at once. Those that come while a batch is under way wait, in their order, and go together when
/// it is back: the longer the database takes, the more share the next transaction. Only when a batch takes unusually
/// long does another one go beside it. Each request keeps its own answer, its own error and its own cancellation: if a
/// batch fails, its members are tried one by one, so that one that fails does not fail its neighbours; unless it was the
/// database that was away or busy, for all of them alike. Where the work takes locks, a key says which: it is in one
/// batch at a time, and once, so a batch never waits for a lock of another.
actor Coalescer<Input: Sendable, Output: Sendable> {
  typealias Work = @Sendable ([Input]) async throws(RepositoryError) -> [Output]

  private typealias Answer = CheckedContinuation<Result<Output, RepositoryError>, Never>

  private struct Member {
    let number: UInt64
    let input: Input
    let key: UUID?
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let largestBatch: Int
  private let mostBatches: Int
  private let patience: Duration
  private let work: Work
  private var waiting: [Member] = []
  private var answers: [UInt64: Answer] = [:]
  private var keysUnderWay: Set<UUID> = []
  private var underWay: [UInt64: (members: [UInt64], task: Task<Void, Never>)] = [:]
  private var lastBatch: UInt64 = 0
  private var lastStart = ContinuousClock.now
  /// Somebody will look whether the batch under way is late.
  private var isWatched = false
  private var lastNumber: UInt64 = 0

  /// - Parameters:
  ///   - largestBatch: The most members of a batch, from 1.
  ///   - mostBatches: The most batches under way at once, from 1.
  ///   - patience: How long a batch may take before another one goes beside it.
  ///   - work: Answers a batch, an output for each input in their order, in one transaction.
  init(
    loop: EventLoop, largestBatch: Int = 128, mostBatches: Int = 2, patience: Duration = .milliseconds(25),
    work: @escaping Work
  ) {
    self.loop = loop
    self.largestBatch = largestBatch
    self.mostBatches = mostBatches
    self.patience = patience
    self.work = work
  }

  /// How many have no answer yet.
  var count: Int { answers.count }

  /// Takes part in the next batch.
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

  /// A member that waits leaves the line. The answer of one that is under way is not waited for, and if nobody
  /// is left who waits for the batch, it is cancelled.
  private func cancel(_ number: UInt64) {
    waiting.removeAll { $0.number == number }
    answer(number, with: .failure(.cancelled))
    for (id, batch) in underWay where batch.members.allSatisfy({ answers[$0] == nil }) {
      underWay[id]?.task.cancel()
    }
  }

  private func answer(_ number: UInt64, with result: Result<Output, RepositoryError>) {
    answers.removeValue(forKey: number)?.resume(returning: result)
  }

  private func startBatches() {
    while underWay.isEmpty || underWay.count < mostBatches && lastStart + patience <= .now {
      let batch = nextBatch()
      guard !batch.isEmpty else { return }
      lastBatch += 1
      lastStart = .now
      let id = lastBatch
      let task = Task(executorPreference: loop) { await self.perform(batch, id) }
      underWay[id] = (batch.map(\.number), task)
    }
    if !waiting.isEmpty, underWay.count < mostBatches, !isWatched {
      isWatched = true
      let due = lastStart + patience
      Task(executorPreference: loop) {
        try? await Task.sleep(until: due, clock: .continuous)
        await self.look()
      }
    }
  }

  private func look() {
    isWatched = false
    startBatches()
  }

  /// Takes the first that wait, but none whose key is under way already.
  private func nextBatch() -> [Member] {
    var batch: [Member] = []
    var left: [Member] = []
    for (index, member) in waiting.enumerated() {
      if batch.count == largestBatch {
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
    let outcome: Result<[Output], RepositoryError>
    do throws(RepositoryError) {
      let outputs = try await work(batch.map(\.input))
      guard outputs.count == batch.count else {
        throw .failed("a batch of \(batch.count) got \(outputs.count) answers")
      }
      outcome = .success(outputs)
    } catch {
      outcome = .failure(error)
      if batch.count > 1, error.isWorthTryingOneByOne { await performOneByOne(batch) }
    }
    for member in batch { if let key = member.key { keysUnderWay.remove(key) } }
    underWay[id] = nil
    // Before the answers are looked at, so that the database has something to do meanwhile.
    startBatches()
    switch outcome {
    case .success(let outputs):
      for (member, output) in zip(batch, outputs) { answer(member.number, with: .success(output)) }
    case .failure(let error):
      // Those that were tried one by one have their answers.
      for member in batch { answer(member.number, with: .failure(error)) }
    }
  }

  /// So many at once as there may be batches, so that connections are left for others.
  private func performOneByOne(_ batch: [Member]) async {
    let work = work
    await withTaskGroup(of: (UInt64, Result<Output, RepositoryError>).self) { group in
      for (index, member) in batch.enumerated() {
        if index >= mostBatches, let (number, result) = await group.next() { answer(number, with: result) }
        guard answers[member.number] != nil else { continue }
        group.addTask(executorPreference: loop) {
          do throws(RepositoryError) {
            let outputs = try await work([member.input])
            guard let output = outputs.first else { throw .failed("no answer") }
            return (member.number, .success(output))
          } catch {
            return (member.number, .failure(error))
          }
        }
      }
      for await (number, result) in group { answer(number, with: result) }
    }
  }
}
