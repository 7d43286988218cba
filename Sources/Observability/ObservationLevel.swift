extension Observation {
  /// The level of the observation's log line.
  ///
  /// A request that the client got wrong is `info`, like one that went well: an operator cannot mend it. A
  /// certificate is `warning` in its last 21 days and `error` once it has expired.
  public var level: LogLevel {
    switch self {
    case .rowsErased, .runsScheduled:
      .debug
    case .request(let record):
      record.outcome == "failed" ? .error : .info
    case .loginSucceeded, .jobsDeleted, .purgeFinished, .databaseConnected, .serverStarting, .listening,
      .reloaded, .draining, .stopped, .notice, .occurrencesMissed, .occurrencePostponed, .runOverdue,
      .runsExpired:
      .info
    case .loginFailed, .refreshTokenReused, .databaseLost, .logLinesDropped, .leaseLost:
      .warning
    case .certificate(let days, _):
      days <= 0 ? .error : days < 21 ? .warning : .info
    case .eraserFailed, .databaseConnectFailed, .reloadRefused, .schemaRefused, .failure, .scheduleCleared,
      .schedulerFailed:
      .error
    }
  }

  /// Whether it happens at every request, or at many, and nobody must know of it at once.
  var isRoutine: Bool {
    switch self {
    case .request, .jobsDeleted, .rowsErased, .loginSucceeded: level < .warning
    default: false
    }
  }
}
