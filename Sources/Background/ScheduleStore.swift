import FoundationEssentials
import Repository

/// What the scheduler needs of the repository. Each method is one transaction.
public protocol ScheduleStore: Sendable {
  /// Jobs that are due now, the longest overdue first.
  ///
  /// - Parameter last: The last job of the page before; nil for the first page.
  func dueJobs(after last: Schedules.DueJob?, limit: Int) async throws(RepositoryError) -> [Schedules.DueJob]
  /// Starts due jobs, or does what else was decided about them. Has an outcome for each.
  func carryOut(_ steps: [Schedules.Step]) async throws(RepositoryError) -> [UUID: Schedules.Outcome]
  /// The time until the next job is due; nil if none will be.
  func untilNextJob() async throws(RepositoryError) -> Duration?
  /// Ends runs that exceed their time limit.
  func endOverdueRuns(limit: Int) async throws(RepositoryError) -> [RunUpkeep.OverdueRun]
  /// Queues runs again whose lease has expired, or fails them after `maximumAttempts` claims.
  func releaseLostRuns(maximumAttempts: Int, limit: Int) async throws(RepositoryError) -> [RunUpkeep.LostRun]
}

extension Repository: ScheduleStore {
  public func dueJobs(
    after last: Schedules.DueJob?, limit: Int
  ) async throws(RepositoryError) -> [Schedules.DueJob] {
    try await schedules.dueJobs(after: last, limit: limit)
  }

  public func carryOut(
    _ steps: [Schedules.Step]
  ) async throws(RepositoryError) -> [UUID: Schedules.Outcome] {
    try await schedules.carryOut(steps)
  }

  public func untilNextJob() async throws(RepositoryError) -> Duration? {
    try await schedules.untilNextJob()
  }

  public func endOverdueRuns(limit: Int) async throws(RepositoryError) -> [RunUpkeep.OverdueRun] {
    try await runUpkeep.endOverdueRuns(limit: limit)
  }

  public func releaseLostRuns(
    maximumAttempts: Int, limit: Int
  ) async throws(RepositoryError) -> [RunUpkeep.LostRun] {
    try await runUpkeep.releaseLostRuns(maximumAttempts: maximumAttempts, limit: limit)
  }
}
