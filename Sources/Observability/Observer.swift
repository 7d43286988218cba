/// The one place where an observation becomes a log line and a metric.
///
/// It is called like a function: `observe(.stopped)`.
public final class Observer: Sendable {
  private let log: Log
  private let metrics: Metrics

  /// Creates an observer that writes to `log` and counts in `metrics`.
  public init(log: Log, metrics: Metrics) {
    self.log = log
    self.metrics = metrics
  }

  /// Counts the observation and logs it. Whether it is logged depends on its level, whether it counts does not.
  public func callAsFunction(_ observation: Observation) {
    metrics.record(observation)
    log.write(observation)
  }

  /// Logs what was counted instead of written, see ``Log``. To be called once a second, and at the end.
  public func logRepetitions() {
    log.writeRepetitions()
  }

  /// Changes the least level that is logged, from the next observation on.
  public func setLevel(_ level: LogLevel) {
    log.setLevel(level)
  }

  /// All metrics, see ``Metrics/exposition(_:)``.
  public func exposition(_ gauges: Gauges) -> String {
    metrics.exposition(gauges)
  }
}
