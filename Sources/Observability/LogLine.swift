/// The format of the log: one JSON object a log line, `time`, `level` and `event` first, then the event's own fields. For
/// the journal its priority comes before it.
public enum LogLine {
  /// The log line of an observation with its newline, at most 4096 bytes of UTF-8.
  ///
  /// Texts are cut to 200 characters, and `…` stands for the rest; fields that are nil are left out.
  ///
  /// - Parameters:
  ///   - milliseconds: When it happened, since 1970-01-01T00:00:00Z.
  ///   - isForJournal: Whether the journal reads it.
  public static func bytes(
    of observation: Observation, milliseconds: Int64, isForJournal: Bool = false
  ) -> [UInt8] {
    let level = observation.level
    var line = LogLineWriter(milliseconds: milliseconds, prefix: isForJournal ? level.journalPrefix : "")
    line.add("level", level.rawValue)
    switch observation {
    case .request(let record):
      line.add("event", "request")
      add(record, to: &line)
    case .loginFailed(let user, let peer, let reason):
      line.add("event", "loginFailed")
      line.add("user", user)
      line.add("peer", peer)
      line.add("reason", reason)
    case .loginSucceeded(let user, let peer):
      line.add("event", "loginSucceeded")
      line.add("user", user)
      line.add("peer", peer)
    case .refreshTokenReused(let user):
      line.add("event", "refreshTokenReused")
      line.add("user", user)
    case .jobsDeleted(let count, let runs):
      line.add("event", "jobsDeleted")
      line.add("count", count)
      line.add("runs", runs)
    case .rowsErased(let rows):
      line.add("event", "rowsErased")
      line.add("rows", rows)
    case .purgeFinished(let historyID, let rows, let seconds):
      line.add("event", "purgeFinished")
      line.add("historyID", historyID)
      line.add("rows", rows)
      line.add("seconds", seconds)
    case .eraserFailed(let detail):
      line.add("event", "eraserFailed")
      line.add("detail", detail)
    case .runsScheduled(let runs):
      line.add("event", "runsScheduled")
      line.add("runs", runs)
    case .occurrencesMissed(let jobID, let count, let reason):
      line.add("event", "occurrencesMissed")
      line.add("jobID", jobID)
      line.add("count", count)
      line.add("reason", reason)
    case .occurrencePostponed(let jobID, let reason):
      line.add("event", "occurrencePostponed")
      line.add("jobID", jobID)
      line.add("reason", reason)
    case .scheduleCleared(let jobID, let detail):
      line.add("event", "scheduleCleared")
      line.add("jobID", jobID)
      line.add("detail", detail)
    case .runOverdue(let runID, let jobID):
      line.add("event", "runOverdue")
      line.add("runID", runID)
      line.add("jobID", jobID)
    case .leaseLost(let runID, let jobID, let outcome):
      line.add("event", "leaseLost")
      line.add("runID", runID)
      line.add("jobID", jobID)
      line.add("outcome", outcome)
    case .schedulerFailed(let detail):
      line.add("event", "schedulerFailed")
      line.add("detail", detail)
    case .runsExpired(let runs):
      line.add("event", "runsExpired")
      line.add("runs", runs)
    case .databaseConnected(let detail):
      line.add("event", "databaseConnected")
      line.add("detail", detail)
    case .descriptorLimitLow(let limit, let wanted):
      line.add("event", "descriptorLimitLow")
      line.add("limit", limit)
      line.add("wanted", wanted)
      line.add("detail", "raise LimitNOFILE of the unit (ulimit -n), or lower limits.connections")
    case .connectionsShed(let shortage, let closed, let refused):
      line.add("event", "connectionsShed")
      line.add("shortage", shortage)
      line.add("closed", closed)
      line.add("refused", refused)
    case .databaseLost(let detail):
      line.add("event", "databaseLost")
      line.add("detail", detail)
    case .databaseConnectFailed(let detail, let retrySeconds):
      line.add("event", "databaseConnectFailed")
      line.add("detail", detail)
      line.add("retrySeconds", retrySeconds)
    case .serverStarting(let version):
      line.add("event", "serverStarting")
      line.add("version", version)
    case .listening(let address, let port):
      line.add("event", "listening")
      line.add("address", address)
      line.add("port", port)
    case .reloaded(let detail):
      line.add("event", "reloaded")
      line.add("detail", detail)
    case .reloadRefused(let detail):
      line.add("event", "reloadRefused")
      line.add("detail", detail)
    case .draining(let seconds):
      line.add("event", "draining")
      line.add("seconds", seconds)
    case .stopped:
      line.add("event", "stopped")
    case .certificate(let days, let subject):
      line.add("event", "certificate")
      line.add("subject", subject)
      line.add("expiresInDays", days)
    case .schemaRefused(let found, let wanted, let remedy):
      line.add("event", "schemaRefused")
      line.add("found", found)
      line.add("wanted", wanted)
      line.add("detail", remedy)
    case .repeated(let repetition, let count):
      line.add("event", "repeated")
      line.add("of", repetition.event.rawValue)
      if let status = repetition.status { line.add("status", status) }
      line.add("user", repetition.user)
      line.add("network", repetition.network ?? "others")
      line.add("count", count)
    case .logLinesDropped(let count):
      line.add("event", "logLinesDropped")
      line.add("count", count)
    }
    return line.finished()
  }

  private static func add(_ record: RequestRecord, to line: inout LogLineWriter) {
    line.add("requestID", record.requestID)
    line.add("method", record.method)
    line.add("route", record.route)
    line.add("operation", record.operation)
    line.add("user", record.user)
    line.add("status", record.status)
    line.add("outcome", record.outcome)
    line.add("seconds", record.seconds)
    line.add("bytesIn", record.bytesIn)
    line.add("bytesOut", record.bytesOut)
    line.add("peer", record.peer)
    line.add("detail", record.detail)
  }
}
