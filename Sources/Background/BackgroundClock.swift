/// Time for background tasks, so that their tests do not wait.
public protocol BackgroundClock: Sendable {
  /// The time since a fixed moment.
  var now: Duration { get }
  /// Returns after a time, or when the task is cancelled.
  func sleep(for duration: Duration) async
}

/// The time of the machine; it goes on while the machine is suspended.
public struct SystemClock: BackgroundClock {
  private let epoch = ContinuousClock.now

  public init() {}

  public var now: Duration { epoch.duration(to: .now) }
  public func sleep(for duration: Duration) async { try? await Task.sleep(for: duration) }
}
