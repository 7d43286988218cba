/// Everything the service finds worth logging or counting, one case each.
///
/// The rest of the service states *what happened* and hands it to the ``Observer``; only this module decides which log
/// line that makes, at which level, and which metrics change. A case never carries a secret: no token, no password, no
/// key.
public enum Observation: Sendable {
  /// A request has been answered, or its client has gone.
  case request(RequestRecord)

  /// A login was refused. `user` is what the client claimed; `reason` is for the operator and never sent to the client.
  case loginFailed(user: String, peer: String, reason: String)
  /// A login succeeded.
  case loginSucceeded(user: String, peer: String)
  /// A refresh token was presented a second time, and its family has been revoked (RFC 9700, section 4.14.2).
  case refreshTokenReused(user: String)

  /// Delete Job committed: how many jobs' histories were purged, and how many runs those had.
  case jobsDeleted(count: Int, runs: Int)
  /// Rows of the store erased by one committed statement or batch, of Delete Job or the eraser. The counter of erased rows
  /// counts these alone.
  case rowsErased(Int)
  /// The last row of a purged history is erased. `rows` is the total of all batches, which ``rowsErased(_:)`` has counted
  /// already; `seconds` is the time since the purge was recorded.
  case purgeFinished(historyID: String, rows: Int, seconds: Double)
  /// A batch of the eraser failed and will be retried.
  case eraserFailed(String)

  /// Runs that schedules have started.
  case runsScheduled(Int)
  /// Occurrences of a job's schedule that started no run: the previous run was not over, or no server was there in time.
  case occurrencesMissed(jobID: String, count: Int, reason: String)
  /// A job's only or last occurrence will be retried later.
  case occurrencePostponed(jobID: String, reason: String)
  /// A job's schedule is invalid, and the job has no next run any more.
  case scheduleCleared(jobID: String, String)
  /// A run was ended because it took longer than its job allows.
  case runOverdue(runID: String, jobID: String)
  /// A run's lease expired. `outcome` is `requeued` or `failed`.
  case leaseLost(runID: String, jobID: String, outcome: String)
  /// A step of the scheduler failed and will be retried.
  case schedulerFailed(String)
  /// Runs that retention has removed.
  case runsExpired(Int)

  /// Connected to the database; the text is for the log.
  case databaseConnected(String)
  /// An established connection to the database was lost; the text is the server's or libpq's.
  case databaseLost(String)
  /// An attempt to connect failed; the next one follows in `retrySeconds`.
  case databaseConnectFailed(String, retrySeconds: Double)

  /// The process has started; nothing has been read or opened yet.
  case serverStarting(version: String)
  /// Requests are accepted from now on. `port` is 1...65535.
  case listening(address: String, port: Int)
  /// Configuration or certificate were reloaded and apply; the text says what changed.
  case reloaded(String)
  /// A reload was refused and the former state still applies; the text says why.
  case reloadRefused(String)
  /// New requests are refused; those in progress have at most `seconds` left.
  case draining(seconds: Double)
  /// The service has stopped in order.
  case stopped
  /// The certificate in use, and the days until it expires; negative afterwards.
  case certificate(expiresInDays: Double, subject: String)
  /// The database's schema is not one that this version works with; `remedy` is what to do.
  case schemaRefused(found: String, wanted: String, remedy: String)

  /// Fewer files may be open than the configured connections need.
  case descriptorLimitLow(limit: Int, wanted: Int)
  /// Connections that were closed while idle, or refused, because there was no room for more, within a second. `shortage`
  /// is the setting or resource that was used up.
  case connectionsShed(shortage: String, closed: Int, refused: Int)

  /// Log lines of a kind that were counted within the last second instead of written.
  case repeated(Repetition, count: Int)
  /// Log lines dropped because the log's reader did not keep up.
  case logLinesDropped(count: Int)
}
