import FoundationEssentials
import Observability
import Repository

/// The background task that works off the purged histories, a bounded transaction at a time. When there are none, it
/// removes the runs that are kept no longer.
///
/// The list of work is in the database, so any number of servers can erase side by side, and one that is
/// killed leaves nothing behind but the rest of the list.
public actor Eraser {
  public struct Settings: Sendable {
    /// The most rows that one transaction erases.
    public var batchRows: Int
    /// How often the list is looked at when nobody has said that there is something on it.
    public var pollInterval: Duration
    /// The share of time that erasing may take, 1 to 100.
    public var dutyPercent: Int
    /// How long runs are kept.
    public var retention: Retention.Defaults
    /// From the beginning of one look at all jobs for runs that are kept no longer to that of the next.
    public var sweepInterval: Duration

    public init(
      batchRows: Int, pollInterval: Duration, dutyPercent: Int, retention: Retention.Defaults,
      sweepInterval: Duration
    ) {
      self.batchRows = batchRows
      self.pollInterval = pollInterval
      self.dutyPercent = dutyPercent
      self.retention = retention
      self.sweepInterval = sweepInterval
    }
  }

  private let repository: Repository
  private let settings: Settings
  private let observe: Observer
  private let wakeUps: AsyncStream<Void>
  private let wakeUp: AsyncStream<Void>.Continuation

  public init(repository: Repository, settings: Settings, observer: Observer) {
    self.repository = repository
    self.settings = settings
    observe = observer
    (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// There is something to erase.
  public nonisolated func wake() {
    wakeUp.yield()
  }

  /// Works until the task is cancelled.
  public func run() async {
    let (interval, wakeUp) = (settings.pollInterval, wakeUp)
    let clock = Task {
      while !Task.isCancelled {
        wakeUp.yield()
        try? await Task.sleep(for: interval)
      }
    }
    await withTaskCancellationHandler {
      for await _ in wakeUps {
        await workOff()
        if Task.isCancelled { break }
      }
    } onCancel: {
      clock.cancel()
      wakeUp.finish()
    }
  }

  private func workOff() async {
    var sweeping = true
    while !Task.isCancelled {
      let started = ContinuousClock.now
      do throws(RepositoryError) {
        if sweeping {
          while try await repository.sessions.sweep() >= 5000 {}
          sweeping = false
        }
        if let step = try await repository.purges.eraseNext(rows: settings.batchRows) {
          observe(.rowsErased(step.rowsErased))
          if step.finished {
            observe(
              .purgeFinished(
                historyID: step.historyID.uuidString.lowercased(), rows: step.rowsInAll,
                seconds: Date().timeIntervalSince(step.requestedAt)))
          }
        } else if try await !removeExpiredRuns() {
          return
        }
      } catch {
        // Whatever it was, the list is as it was before the step: the next look at it tries again.
        switch error {
        case .failed(let message): observe(.eraserFailed(message))
        case .cancelled where !Task.isCancelled:
          observe(.eraserFailed("a batch took longer than a statement may: lower deletion.eraserBatchRows"))
        default: break
        }
        return
      }
      let busy = ContinuousClock.now - started
      let pause = busy * (100 - settings.dutyPercent) / settings.dutyPercent
      if pause > .zero { try? await Task.sleep(for: pause) }
    }
  }

  /// One step of retention. Steps are small, because whoever starts, ends or deletes a run of the job waits meanwhile.
  ///
  /// - Returns: Whether there may be more to do.
  private func removeExpiredRuns() async throws(RepositoryError) -> Bool {
    if let erased = try await repository.retention.erase(rows: min(settings.batchRows, 10_000)) {
      if erased > 0 { observe(.rowsErased(erased)) }
      return true
    }
    let removed = try await repository.retention.removeExpired(
      settings.retention, pause: settings.sweepInterval, jobs: 200, runs: min(settings.batchRows, 5000))
    guard let removed else { return false }
    if removed > 0 {
      observe(.runsExpired(removed))
      // Their own rows are gone with them.
      observe(.rowsErased(removed))
    }
    return true
  }
}
