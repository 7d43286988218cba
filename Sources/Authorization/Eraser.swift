import FoundationEssentials
import Observability
import Repository

/// The background task that works off the purged histories, a bounded transaction at a time.
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

    public init(batchRows: Int, pollInterval: Duration, dutyPercent: Int) {
      self.batchRows = batchRows
      self.pollInterval = pollInterval
      self.dutyPercent = dutyPercent
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
        guard let step = try await repository.purges.eraseNext(rows: settings.batchRows) else { return }
        observe(.rowsErased(step.rowsErased))
        if step.finished {
          observe(
            .purgeFinished(
              historyID: step.historyID.uuidString.lowercased(), rows: step.rowsInAll,
              seconds: Date().timeIntervalSince(step.requestedAt)))
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
}
