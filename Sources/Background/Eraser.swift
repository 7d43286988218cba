import FoundationEssentials
import Observability
import Repository

/// Erases purged histories in bounded transactions. When there are none, it removes runs beyond their retention. Before,
/// and at every poll interval in between, it sweeps what expires by itself: tokens, failed logins and audit events come in
/// while a large history is erased, too.
///
/// The work is listed in the database, so any number of servers can erase side by side, and one that is killed leaves
/// nothing behind but the rest of the list.
public actor Eraser {
  public struct Settings: Sendable {
    /// The most rows that one transaction erases.
    public var batchRows: Int
    /// Maximum interval between polls for work.
    public var pollInterval: Duration
    /// The share of time that erasing may take, 1 to 100.
    public var dutyPercent: Int
    /// How long runs are kept.
    public var retention: Retention.Defaults
    /// From the beginning of one sweep through all jobs for expired runs to that of the next.
    public var sweepInterval: Duration
    /// How many days audit events are kept; nil for ever.
    public var keepAuditDays: Int?

    public init(
      batchRows: Int, pollInterval: Duration, dutyPercent: Int, retention: Retention.Defaults,
      sweepInterval: Duration, keepAuditDays: Int?
    ) {
      self.batchRows = batchRows
      self.pollInterval = pollInterval
      self.dutyPercent = dutyPercent
      self.retention = retention
      self.sweepInterval = sweepInterval
      self.keepAuditDays = keepAuditDays
    }

    /// How long to pause after work that took so long.
    func pause(after busy: Duration) -> Duration { busy * (100 - dutyPercent) / dutyPercent }
  }

  /// The most rows of each kind that one sweep deletes.
  private static let sweepRows = 5000

  private let store: any ErasureStore
  private let settings: Settings
  private let clock: any BackgroundClock
  private let observe: @Sendable (Observation) -> Void
  private let wakeUps: WakeUps

  /// - Parameter wakeUps: Called by each deletion that leaves rows to the eraser.
  public init(
    store: any ErasureStore, settings: Settings, wakeUps: WakeUps, clock: any BackgroundClock = SystemClock(),
    observe: @escaping @Sendable (Observation) -> Void
  ) {
    self.store = store
    self.settings = settings
    self.wakeUps = wakeUps
    self.clock = clock
    self.observe = observe
  }

  /// Works until the task is cancelled.
  public func run() async {
    let (interval, clock) = (settings.pollInterval, clock)
    let (calls, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let listener = wakeUps.add(wakeUp)
    defer { wakeUps.remove(listener) }
    let polling = Task {
      while !Task.isCancelled {
        wakeUp.yield()
        await clock.sleep(for: interval)
      }
    }
    await withTaskCancellationHandler {
      for await _ in calls {
        await workOff()
        if Task.isCancelled { break }
      }
    } onCancel: {
      polling.cancel()
      wakeUp.finish()
    }
  }

  /// Works until nothing is left, or a step fails: the next wake-up tries again.
  private func workOff() async {
    var sweepIsDueAt = clock.now
    while !Task.isCancelled {
      let started = clock.now
      do throws(RepositoryError) {
        if started >= sweepIsDueAt {
          if try await !store.sweep(keepAuditDays: settings.keepAuditDays, limit: Self.sweepRows) {
            // From the end of the pause, so that a long one does not leave time for sweeps alone.
            sweepIsDueAt = clock.now + settings.pause(after: clock.now - started) + settings.pollInterval
          }
        } else {
          var hasWorked = try await erasePurged()
          if !hasWorked { hasWorked = try await removeExpired() }
          guard hasWorked else { return }
        }
      } catch {
        return report(error)
      }
      let pause = settings.pause(after: clock.now - started)
      if pause > .zero { await clock.sleep(for: pause) }
    }
  }

  /// - Returns: Whether there may be more to do.
  private func erasePurged() async throws(RepositoryError) -> Bool {
    guard let step = try await store.erasePurged(rows: settings.batchRows) else { return false }
    observe(.rowsErased(step.rowsErased))
    if step.finished {
      observe(
        .purgeFinished(
          historyID: step.historyID.uuidString.lowercased(), rows: step.rowsInAll,
          seconds: Date().timeIntervalSince(step.requestedAt)))
    }
    return true
  }

  /// One step of retention. Steps are small, because starting, ending or deleting a run of the job waits meanwhile.
  ///
  /// - Returns: Whether there may be more to do.
  private func removeExpired() async throws(RepositoryError) -> Bool {
    if let erased = try await store.eraseRemovedRuns(rows: min(settings.batchRows, 10_000)) {
      if erased > 0 { observe(.rowsErased(erased)) }
      return true
    }
    let removed = try await store.removeExpiredRuns(
      settings.retention, pause: settings.sweepInterval, jobs: 200, runs: min(settings.batchRows, 5000))
    guard let removed else { return false }
    if removed > 0 {
      observe(.runsExpired(removed))
      // The rows of the runs themselves.
      observe(.rowsErased(removed))
    }
    return true
  }

  /// A step that failed has changed nothing. An unavailable database is reported by the pool.
  private func report(_ error: RepositoryError) {
    switch error {
    case .failed(let message), .unexpectedAnswer(let message): observe(.eraserFailed(message))
    case .cancelled where !Task.isCancelled:
      observe(.eraserFailed("a batch exceeded the statement time-out: lower deletion.eraserBatchRows"))
    case .cancelled, .unavailable, .rolledBack, .uncertain: break
    }
  }
}
