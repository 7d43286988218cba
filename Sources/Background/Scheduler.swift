import Domain
import FoundationEssentials
import Observability
import Repository

/// The background task for what happens by the clock alone: schedules start runs, runs that take too long are ended, and
/// runs whose collector was lost go back into the queue.
///
/// What is due stands in the database, whose clock decides, and each step is a transaction that does nothing where
/// another server was first. So any number of servers may run it, and one that is killed leaves nothing half done.
public actor Scheduler {
  public struct Settings: Sendable {
    /// The longest time between two looks at what is due.
    public var pollInterval: Duration
    /// How often a run may be claimed.
    public var maximumAttempts: Int

    public init(pollInterval: Duration, maximumAttempts: Int) {
      self.pollInterval = pollInterval
      self.maximumAttempts = maximumAttempts
    }
  }

  /// Jobs or runs in one transaction: their rows are locked until its end.
  private static let batch = 100
  /// After a fault of ours, so that it is not logged every second.
  private static let pauseAfterFault = Duration.seconds(10)

  private let repository: Repository
  private let settings: Settings
  private let observe: Observer
  private var isFaulty = false

  public init(repository: Repository, settings: Settings, observer: Observer) {
    self.repository = repository
    self.settings = settings
    observe = observer
  }

  /// Works until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      isFaulty = false
      await attempt { scheduler throws(RepositoryError) in try await scheduler.startDue() }
      await attempt { scheduler throws(RepositoryError) in try await scheduler.endOverdue() }
      await attempt { scheduler throws(RepositoryError) in try await scheduler.releaseLost() }
      var pause = settings.pollInterval
      if isFaulty {
        pause = max(pause, Self.pauseAfterFault)
      } else if let next = try? await repository.schedules.untilNext() {
        pause = min(pause, max(next, .milliseconds(1)))
      }
      try? await Task.sleep(for: pause)
    }
  }

  /// One part's failure keeps no other part from its work.
  private func attempt(
    _ part: (isolated Scheduler) async throws(RepositoryError) -> Void
  ) async {
    do throws(RepositoryError) {
      try await part(self)
    } catch {
      note(error)
    }
  }

  /// What was not done is still due, and tried again. A database that is away says so by itself.
  private func note(_ error: RepositoryError) {
    switch error {
    case .failed(let message):
      isFaulty = true
      observe(.schedulerFailed(message))
    case .cancelled where !Task.isCancelled:
      isFaulty = true
      observe(.schedulerFailed("a step took longer than a statement may"))
    default: break
    }
  }

  // MARK: - Schedules

  private func startDue() async throws(RepositoryError) {
    var last: Schedules.DueJob?
    repeat {
      let due = try await repository.schedules.due(after: last, limit: Self.batch)
      last = due.count == Self.batch ? due.last : nil
      guard !due.isEmpty else { return }
      let planned = due.map { ($0, DuePlan(schedule: $0.schedule, dueAt: $0.dueAt, now: $0.now)) }
      do throws(RepositoryError) {
        try await carryOut(planned)
      } catch {
        // One job that the database refuses must not keep the others from running.
        guard case .failed = error, planned.count > 1 else { throw error }
        for one in planned {
          await attempt { scheduler throws(RepositoryError) in try await scheduler.carryOut([one]) }
        }
      }
    } while last != nil && !Task.isCancelled
  }

  private func carryOut(_ planned: [(Schedules.DueJob, DuePlan)]) async throws(RepositoryError) {
    let outcomes = try await repository.schedules.carryOut(
      planned.map { job, plan in
        switch plan {
        case .run(let next, _): Schedules.Order(job, next: next)
        case .unreadable(let fault): Schedules.Order(job, next: nil, fault: fault)
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

  private func endOverdue() async throws(RepositoryError) {
    while true {
      let ended = try await repository.runUpkeep.endOverdue(limit: Self.batch)
      for run in ended {
        observe(.runOverdue(runID: run.runID.guidString, jobID: run.jobID.guidString))
      }
      if ended.count < Self.batch { return }
    }
  }

  private func releaseLost() async throws(RepositoryError) {
    while true {
      let released = try await repository.runUpkeep.releaseLost(
        maximumAttempts: settings.maximumAttempts, limit: Self.batch)
      for run in released {
        observe(
          .leaseLost(
            runID: run.runID.guidString, jobID: run.jobID.guidString, outcome: run.outcome.rawValue))
      }
      if released.count < Self.batch { return }
    }
  }
}
