extension Observation {
  /// The level of the observation's log line.
  ///
  /// A request that is refused is `info`, like one that succeeds: the operator need not act. A certificate is `warning` in
  /// its last 21 days and `error` once it has expired.
  public var level: LogLevel {
    switch self {
    case .rowsErased, .runsScheduled:
      .debug
    case .request(let record):
      record.outcome == "failed" ? .error : .info
    case .loginSucceeded, .jobsDeleted, .purgeFinished, .databaseConnected, .serverStarting, .listening,
      .reloaded, .draining, .stopped, .occurrencesMissed, .occurrencePostponed, .runOverdue,
      .runsExpired:
      .info
    case .loginFailed, .refreshTokenReused, .databaseLost, .logLinesDropped, .leaseLost,
      .connectionsShed, .descriptorLimitLow:
      .warning
    case .repeated(let repetition, _):
      repetition.level
    case .certificate(let days, _):
      days <= 0 ? .error : days < 21 ? .warning : .info
    case .eraserFailed, .databaseConnectFailed, .reloadRefused, .schemaRefused, .scheduleCleared,
      .schedulerFailed:
      .error
    }
  }

  /// Whether it happens with every request, or with many, and its log line may wait.
  var isRoutine: Bool {
    switch self {
    case .request, .jobsDeleted, .rowsErased, .loginSucceeded: level < .warning
    default: false
    }
  }
}
