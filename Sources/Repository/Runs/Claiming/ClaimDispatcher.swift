import Domain
import EventLoop
import Postgres

/// Gives runs to collectors, now or when there are some: the shell around ``ClaimQueue``.
///
/// However many claims wait, they cost one statement every half second, and one for each run that this server queues.
/// A claim that waits holds no connection to the database.
actor ClaimDispatcher {
  typealias Work = @Sendable ([ClaimRequest]) async throws(RepositoryError) -> [[ClaimedRun]]

  private typealias Answer = CheckedContinuation<Result<[ClaimedRun], RepositoryError>, Never>

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let work: Work
  private let epoch = ContinuousClock.now
  private var queue = ClaimQueue(interval: .milliseconds(500))
  private var answers: [UInt64: Answer] = [:]
  private var isPolling = false
  private var clock: Task<Void, Never>?

  /// - Parameter work: Claims runs for several requests in one transaction, and returns those of each in their order.
  init(loop: EventLoop, work: @escaping Work) {
    self.loop = loop
    self.work = work
  }

  private var now: Duration { epoch.duration(to: .now) }

  /// Claims runs.
  ///
  /// A claim whose task is cancelled leaves the queue. If its runs are being claimed at that moment, nobody has them
  /// until their leases expire.
  ///
  /// - Parameter wait: How long to wait for the first run.
  /// - Returns: None, if no run was queued in time.
  func claim(_ request: ClaimRequest, wait: Duration) async throws(RepositoryError) -> [ClaimedRun] {
    let number = queue.join(request, wait: wait, now: now)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (answer: Answer) in
        answers[number] = answer
        startPolling()
        startClock()
      }
    } onCancel: {
      Task(executorPreference: loop) { await self.leave(number) }
    }
    return try result.get()
  }

  /// A run may have been queued.
  func wake() {
    queue.wake()
    startPolling()
  }

  /// Ends all waits, now and later: claims without a run get an empty answer.
  func close() {
    queue.close(now: now)
    answerExpired()
    startPolling()
  }

  private func leave(_ number: UInt64) {
    queue.leave(number)
    answer(number, .failure(.cancelled))
  }

  private func answer(_ number: UInt64, _ result: Result<[ClaimedRun], RepositoryError>) {
    answers.removeValue(forKey: number)?.resume(returning: result)
  }

  private func answerExpired() {
    for number in queue.expired(now: now) { answer(number, .success([])) }
  }

  // MARK: - Polling the database

  private func startPolling() {
    guard queue.isUrgent, !isPolling else { return }
    isPolling = true
    Task(executorPreference: loop) { await self.poll() }
  }

  private func poll() async {
    while queue.isUrgent, let poll = queue.beginPoll(now: now) {
      do throws(RepositoryError) {
        let claimed = try await work(poll.members.map(\.request))
        queue.endPoll(poll, counts: claimed.map(\.count))
        for (member, runs) in zip(poll.members, claimed) where !runs.isEmpty {
          answer(member.number, .success(runs))
        }
      } catch {
        for number in queue.failed(poll, all: error.isFault, now: now) { answer(number, .failure(error)) }
      }
      answerExpired()
    }
    isPolling = false
  }

  private func startClock() {
    guard clock == nil else { return }
    clock = Task(executorPreference: loop) {
      while let pause = await self.pause() {
        try? await Task.sleep(for: pause)
        await self.tick()
      }
    }
  }

  private func pause() -> Duration? {
    let pause = queue.pause(now: now)
    if pause == nil { clock = nil }
    return pause
  }

  private func tick() {
    answerExpired()
    queue.tick(now: now)
    startPolling()
  }
}
