import Domain
import FoundationEssentials
import Observability
import Repository

/// Does what is due by the clock: schedules start runs, overdue runs are ended, and runs whose lease has expired are
/// queued again.
///
/// The work is listed in the database, whose clock decides, and each step is a transaction that does nothing where
/// another server was first. So any number of servers may run it, and one that is killed leaves nothing half done.
public actor Scheduler {
  public struct Settings: Sendable {
    /// Maximum interval between polls for due work.
    public var pollInterval: Duration
    /// How often a run may be claimed.
    public var maximumAttempts: Int

    public init(pollInterval: Duration, maximumAttempts: Int) {
      self.pollInterval = pollInterval
      self.maximumAttempts = maximumAttempts
    }
  }

  /// Jobs or runs in one transaction: their rows are locked until its end.
  static let batchSize = 100
  /// The most full batches of one kind of work in a pass, so that the other kinds get their turn.
  static let maximumBatches = 100
  /// Minimum pause after a fault, so that it is not logged every second.
  static let pauseAfterFault = Duration.seconds(10)

  private let store: any ScheduleStore
  private let settings: Settings
  private let clock: any BackgroundClock
  private let observe: @Sendable (Observation) -> Void

  public init(
    store: any ScheduleStore, settings: Settings, clock: any BackgroundClock = SystemClock(),
    observe: @escaping @Sendable (Observation) -> Void
  ) {
    self.store = store
    self.settings = settings
    self.clock = clock
    self.observe = observe
  }

  /// Works until the task is cancelled.
  public func run() async {
    while !Task.isCancelled { await clock.sleep(for: await pass()) }
  }

  /// The result of one kind of work in a pass.
  private enum Progress {
    case done
    /// The last batch was full.
    case more
    case faulty
  }

  /// Does everything that is due.
  ///
  /// - Returns: How long to pause before the next pass.
  private func pass() async -> Duration {
    // A failure of one kind of work does not keep the others from being done.
    let progress = [await startDue(), await endOverdue(), await releaseLost()]
    if progress.contains(.faulty) { return max(settings.pollInterval, Self.pauseAfterFault) }
    if progress.contains(.more) { return .milliseconds(1) }
    guard let next = try? await store.untilNextJob() else { return settings.pollInterval }
    return min(settings.pollInterval, max(next, .milliseconds(1)))
  }

  /// Work that failed is still due, and is tried again in the next pass. An unavailable database is reported by the
  /// pool.
  private func report(_ error: RepositoryError) -> Progress {
    switch error {
    case .failed(let message), .unexpectedAnswer(let message):
      observe(.schedulerFailed(message))
      return .faulty
    case .cancelled where !Task.isCancelled:
      observe(.schedulerFailed("a step exceeded the statement time-out"))
      return .faulty
    case .cancelled, .unavailable, .rolledBack, .uncertain:
      return .done
    }
  }

  // MARK: - Schedules

  private func startDue() async -> Progress {
    var last: Schedules.DueJob?
    var isFaulty = false
    do throws(RepositoryError) {
      for _ in 0..<Self.maximumBatches {
        let due = try await store.dueJobs(after: last, limit: Self.batchSize)
        if !due.isEmpty { isFaulty = try await start(due) == .faulty || isFaulty }
        guard due.count == Self.batchSize, !Task.isCancelled else { return isFaulty ? .faulty : .done }
        last = due.last
      }
      return isFaulty ? .faulty : .more
    } catch {
      return report(error)
    }
  }

  private func start(_ due: [Schedules.DueJob]) async throws(RepositoryError) -> Progress {
    let planned = due.map { ($0, DuePlan(schedule: $0.schedule, dueAt: $0.dueAt, now: $0.now)) }
    do throws(RepositoryError) {
      try await carryOut(planned)
      return .done
    } catch {
      // A job that the database refuses does not keep the others from running.
      guard case .failed = error, planned.count > 1 else { throw error }
      for one in planned {
        do throws(RepositoryError) { try await carryOut([one]) } catch { _ = report(error) }
      }
      return .faulty
    }
  }

  private func carryOut(_ planned: [(Schedules.DueJob, DuePlan)]) async throws(RepositoryError) {
    let outcomes = try await store.carryOut(
      planned.map { job, plan in
        switch plan {
        case .run(let next, _): Schedules.Step(job, next: next)
        case .unreadable(let fault): Schedules.Step(job, next: nil, fault: fault)
        }
      })
    let started = outcomes.values.count { $0 == .started }
    if started > 0 { observe(.runsScheduled(started)) }
    for (job, plan) in planned {
      let id = job.jobID.guidString
      switch (outcomes[job.jobID], plan) {
      case (.started, .run(_, let missed)) where missed > 0:
        observe(.occurrencesMissed(jobID: id, count: missed, reason: "no server was there to start them"))
      case (.active, .run(_, let missed)):
        observe(.occurrencesMissed(jobID: id, count: 1 + missed, reason: "the run before is not over"))
      case (.postponed, _):
        observe(.occurrencePostponed(jobID: id, reason: "the run before is not over"))
      case (.cleared, .unreadable(let fault)):
        observe(.scheduleCleared(jobID: id, fault))
      default: continue
      }
    }
  }

  // MARK: - Runs

  private func endOverdue() async -> Progress {
    await inBatches { store, observe throws(RepositoryError) in
      let ended = try await store.endOverdueRuns(limit: Self.batchSize)
      for run in ended {
        observe(.runOverdue(runID: run.runID.guidString, jobID: run.jobID.guidString))
      }
      return ended.count
    }
  }

  private func releaseLost() async -> Progress {
    let maximumAttempts = settings.maximumAttempts
    return await inBatches { store, observe throws(RepositoryError) in
      let released = try await store.releaseLostRuns(maximumAttempts: maximumAttempts, limit: Self.batchSize)
      for run in released {
        observe(
          .leaseLost(
            runID: run.runID.guidString, jobID: run.jobID.guidString, outcome: run.outcome.rawValue))
      }
      return released.count
    }
  }

  /// Performs batches until one is not full.
  ///
  /// - Parameter batch: Returns the number of its runs.
  private func inBatches(
    _ batch:
      @Sendable (any ScheduleStore, @Sendable (Observation) -> Void) async throws(RepositoryError) -> Int
  ) async -> Progress {
    do throws(RepositoryError) {
      for _ in 0..<Self.maximumBatches {
        guard try await batch(store, observe) == Self.batchSize, !Task.isCancelled else { return .done }
      }
      return .more
    } catch {
      return report(error)
    }
  }
}
