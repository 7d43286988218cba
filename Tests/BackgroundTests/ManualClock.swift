import Background
import Synchronization

/// A clock that a test moves by hand.
final class ManualClock: BackgroundClock {
  private struct Sleeper {
    let deadline: Duration
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now = Duration.zero
    var sleepers: [UInt64: Sleeper] = [:]
    var lastNumber: UInt64 = 0
    /// What sleep was asked for, in order.
    var sleeps: [Duration] = []
  }

  private let state = Mutex(State())

  var now: Duration { state.withLock { $0.now } }
  var sleeps: [Duration] { state.withLock { $0.sleeps } }
  /// The number of tasks that sleep now.
  var sleepers: Int { state.withLock { $0.sleepers.count } }

  func sleep(for duration: Duration) async {
    let number = state.withLock { state in
      state.lastNumber += 1
      state.sleeps.append(duration)
      return state.lastNumber
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard !Task.isCancelled else { return true }
          state.sleepers[number] = Sleeper(deadline: state.now + duration, continuation: continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume()
    }
  }

  /// Lets time pass: wakes the sleepers that are due.
  func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.now += duration
      let due = state.sleepers.filter { $0.value.deadline <= state.now }
      for number in due.keys { state.sleepers[number] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }

  /// Returns once so many tasks sleep, that is, have nothing to do.
  func idle(sleepers count: Int = 1) async {
    while sleepers < count { await Task.yield() }
  }
}
