@testable import Observability

/// One observation of every case, with texts that tell the fields apart.
let everyObservation: [Observation] = [
  .request(deletion()),
  .loginFailed(user: "alice", peer: "10.0.0.1", reason: "wrong password"),
  .loginSucceeded(user: "alice", peer: "10.0.0.1"),
  .refreshTokenReused(user: "alice"),
  .jobsDeleted(count: 2, runs: 30),
  .rowsErased(1000),
  .purgeFinished(historyID: "h-1", rows: 5000, seconds: 1.5),
  .eraserFailed("lock timeout"),
  .databaseConnected("db1:5432"),
  .databaseLost("server closed the connection"),
  .databaseConnectFailed("refused", retrySeconds: 0.5),
  .serverStarting(version: "1.2.3"),
  .listening(address: "0.0.0.0", port: 12431),
  .reloaded("certificate"),
  .reloadRefused("key does not match"),
  .draining(seconds: 30),
  .stopped,
  .certificate(expiresInDays: 90, subject: "CN=ccs"),
  .schemaRefused(found: "3", wanted: "4", remedy: "Run: migrate deploy"),
  .logLinesDropped(count: 7),
  .runsScheduled(12),
  .occurrencesMissed(jobID: "j-1", count: 3, reason: "the run before is not over"),
  .occurrencePostponed(jobID: "j-1", reason: "the run before is not over"),
  .scheduleCleared(jobID: "j-2", "/WeeklyDay is required"),
  .runOverdue(runID: "r-2", jobID: "j-3"),
  .leaseLost(runID: "r-3", jobID: "j-4", outcome: "requeued"),
  .schedulerFailed("no such function"),
  .runsExpired(40),
  .descriptorLimitLow(limit: 64, wanted: 12_084),
  .connectionsShed(shortage: "limits.connections", closed: 3, refused: 2),
  .repeated(Repetition(event: .request, network: "10.0.0.1", user: "alice", status: 404), count: 5),
]

/// A Delete Job that went well, unless told otherwise.
func deletion(
  method: String = "DELETE", route: String = "/ccs/api/v1/Jobs", user: String? = "alice", status: Int = 204,
  outcome: String = "ok", seconds: Double = 0.0012345, detail: String? = nil
) -> RequestRecord {
  RequestRecord(
    requestID: "r-1", method: method, route: route, operation: "Delete Job", user: user, status: status,
    outcome: outcome, seconds: seconds, bytesIn: 12, bytesOut: 34, peer: "10.0.0.1", detail: detail)
}

/// Gauges whose values tell them apart.
func gauges(purgesWaiting: Int? = 7, certificateExpiresInDays: Double? = 41.5) -> Gauges {
  Gauges(
    poolConnectionsOpen: 3, poolConnectionsIdle: 1, poolConnectionsLeased: 2, poolQueueLength: 4,
    requestsInFlight: 5, connectionsOpen: 6, bytesWaiting: 9, purgesWaiting: purgesWaiting,
    certificateExpiresInDays: certificateExpiresInDays, residentBytes: 8)
}
