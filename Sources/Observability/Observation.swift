/// Everything the service finds worth logging or counting, one case each.
///
/// The rest of the service states *what happened* and hands it to the ``Observer``; which line that makes, at
/// which level, and which metric moves is decided in this module alone. A case never carries a secret: no
/// token, no password, no key.
public enum Observation: Sendable {
  /// A request has been answered, or its client has gone.
  case request(RequestRecord)

  /// A login was refused. `user` is what the client claimed, `reason` is for the operator and never sent out.
  case loginFailed(user: String, peer: String, reason: String)
  /// A login succeeded.
  case loginSucceeded(user: String, peer: String)
  /// A refresh token was presented a second time, and its family has been revoked (RFC 9700, section 4.14.2).
  case refreshTokenReused(user: String)

  /// Delete Job committed: the number of jobs whose history was purged, and of the runs those had.
  case jobsDeleted(count: Int, runs: Int)
  /// Rows of the store erased by one committed statement or batch, whoever ran it: Delete Job or the eraser.
  /// This alone feeds the counter of erased rows.
  case rowsErased(Int)
  /// The last row of a purged history is gone. `rows` is the total over all batches, which ``rowsErased(_:)``
  /// has counted already; `seconds` the time since the purge was recorded.
  case purgeFinished(historyID: String, rows: Int, seconds: Double)
  /// A batch of the eraser failed; it will be tried again.
  case eraserFailed(String)

  /// Schedules have started this many runs.
  case runsScheduled(Int)
  /// Occurrences of a job's schedule for which no run was started: the run before was not over, or no server was
  /// there to start it in time.
  case occurrencesMissed(jobID: String, count: Int, reason: String)
  /// A job's only or last occurrence is tried again later.
  case occurrencePostponed(jobID: String, reason: String)
  /// A job's schedule could not be followed, and the job has no next run any more.
  case scheduleCleared(jobID: String, String)
  /// A run was ended for having taken longer than its job allows.
  case runOverdue(runID: String, jobID: String)
  /// The lease of a run ended with nobody renewing it. `outcome` is `requeued` or `failed`.
  case leaseLost(runID: String, jobID: String, outcome: String)
  /// Looking after schedules and runs failed; it will be tried again.
  case schedulerFailed(String)
  /// Retention has removed this many runs.
  case runsExpired(Int)

  /// A connection to the database is up; the text says to which server.
  case databaseConnected(String)
  /// An established connection to the database broke; the text is the server's or the library's.
  case databaseLost(String)
  /// An attempt to connect failed; the next follows in `retrySeconds`.
  case databaseConnectFailed(String, retrySeconds: Double)

  /// The process has started, before anything else is read or opened.
  case serverStarting(version: String)
  /// Requests are accepted from now on. `port` is 1...65535.
  case listening(address: String, port: Int)
  /// Configuration or certificate were read again and are in force; the text says what changed.
  case reloaded(String)
  /// A reload was refused and the former state stays in force; the text says why.
  case reloadRefused(String)
  /// No new requests are taken; those under way have at most `seconds` left.
  case draining(seconds: Double)
  /// The service has ended in order.
  case stopped
  /// The certificate in use, and the days it has left; below zero once it has expired.
  case certificate(expiresInDays: Double, subject: String)
  /// The database's schema is not the one this version works with.
  case schemaRefused(found: String, wanted: String)

  /// The log's reader did not keep up, and this many lines were lost.
  case logLinesDropped(count: Int)
  /// Anything else an operator may like to know.
  case notice(String)
  /// Anything else an operator must know.
  case failure(String)
}
