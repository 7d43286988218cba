import Domain
import EventLoop
import Postgres

/// Where collectors get runs, or wait for some: the shell around ``ClaimLine``.
///
/// However many wait, it is one statement every half a second that looks for work, and none if nobody waits. Who
/// waits holds no connection to the database.
actor ClaimDesk {
  typealias Work = @Sendable ([ClaimOrder]) async throws(RepositoryError) -> [[ClaimedRun]]

  private typealias Answer = CheckedContinuation<Result<[ClaimedRun], RepositoryError>, Never>

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let work: Work
  private let epoch = ContinuousClock.now
  private var line = ClaimLine(interval: .milliseconds(500))
  private var answers: [UInt64: Answer] = [:]
  private var isServing = false
  private var clock: Task<Void, Never>?

  /// - Parameter work: Claims runs for several orders in one transaction, those of each in their order.
  init(loop: EventLoop, work: @escaping Work) {
    self.loop = loop
    self.work = work
  }

  private var now: Duration { epoch.duration(to: .now) }

  /// Claims runs.
  ///
  /// One whose task is cancelled leaves the line. If that happens while its runs are being claimed, they are nobody's
  /// until their leases run out.
  ///
  /// - Parameter wait: How long to wait for the first run.
  /// - Returns: None, if there was nothing in time.
  func claim(_ order: ClaimOrder, wait: Duration) async throws(RepositoryError) -> [ClaimedRun] {
    let number = line.join(order, wait: wait, now: now)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (answer: Answer) in
        answers[number] = answer
        startServing()
        startClock()
      }
    } onCancel: {
      Task(executorPreference: loop) { await self.leave(number) }
    }
    return try result.get()
  }

  /// There may be something in the queue.
  func wake() {
    line.wake()
    startServing()
  }

  /// Nobody waits any more: those that do get an empty answer.
  func close() {
    line.close(now: now)
    answerExpired()
    startServing()
  }

  private func leave(_ number: UInt64) {
    line.leave(number)
    answer(number, .failure(.cancelled))
  }

  private func answer(_ number: UInt64, _ result: Result<[ClaimedRun], RepositoryError>) {
    answers.removeValue(forKey: number)?.resume(returning: result)
  }

  private func answerExpired() {
    for number in line.expired(now: now) { answer(number, .success([])) }
  }

  // MARK: - Looking at the queue

  private func startServing() {
    guard line.isUrgent, !isServing else { return }
    isServing = true
    Task(executorPreference: loop) { await self.serve() }
  }

  private func serve() async {
    while line.isUrgent, let look = line.beginLook(now: now) {
      do throws(RepositoryError) {
        let claimed = try await work(look.members.map(\.order))
        line.endLook(look, given: claimed.map(\.count))
        for (member, runs) in zip(look.members, claimed) where !runs.isEmpty {
          answer(member.number, .success(runs))
        }
      } catch {
        let isFault = if case .failed = error { true } else { false }
        for number in line.failed(look, all: isFault, now: now) { answer(number, .failure(error)) }
      }
      answerExpired()
    }
    isServing = false
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
    let pause = line.pause(now: now)
    if pause == nil { clock = nil }
    return pause
  }

  private func tick() {
    answerExpired()
    line.tick(now: now)
    startServing()
  }
}
