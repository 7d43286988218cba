/// The counters, and the one place where an observation is counted.
struct Counters: Sendable {
  /// What requests are counted by. Both parts come from bounded sets, so the number of keys is bounded.
  struct Endpoint: Hashable, Comparable, Sendable {
    var route: String
    var method: String

    static func < (left: Endpoint, right: Endpoint) -> Bool {
      (left.route, left.method) < (right.route, right.method)
    }
  }

  /// The requests of one endpoint.
  struct Requests: Sendable {
    /// By status; 0 stands for no or an invalid status.
    var byStatus: [Int: Int] = [:]
    var durations = Histogram()
  }

  private(set) var requests: [Endpoint: Requests] = [:]
  private(set) var jobsDeleted = 0
  private(set) var rowsErased = 0
  private(set) var runsScheduled = 0
  private(set) var occurrencesMissed = 0
  private(set) var runsOverdue = 0
  private(set) var leasesLost = 0
  private(set) var runsExpired = 0
  private(set) var loginsSucceeded = 0
  private(set) var loginsFailed = 0
  private(set) var refreshTokensReused = 0
  private(set) var databaseConnectionsLost = 0
  /// By what was used up.
  private(set) var connectionsClosed: [String: Int] = [:]
  private(set) var connectionsRefused: [String: Int] = [:]
  /// The start counts as a reload that succeeded.
  private(set) var lastReloadSucceeded = true
  /// When one last did, in seconds since 1970.
  private(set) var reloadedAt: Double

  /// - Parameter now: When the process started, in seconds since 1970.
  init(now: Double) { reloadedAt = now }

  /// Counts an observation. Without a `default`, so that a new case must be decided on here.
  ///
  /// - Parameter now: The time, in seconds since 1970.
  mutating func record(_ observation: Observation, now: @autoclosure () -> Double) {
    switch observation {
    case .request(let record):
      let endpoint = Endpoint(route: record.route, method: Self.known(record.method))
      let status = 100...599 ~= record.status ? record.status : 0
      requests[endpoint, default: Requests()].count(status: status, seconds: record.seconds)
    case .jobsDeleted(let count, _): jobsDeleted += max(count, 0)
    case .rowsErased(let rows): rowsErased += max(rows, 0)
    case .runsScheduled(let runs): runsScheduled += max(runs, 0)
    case .occurrencesMissed(_, let count, _): occurrencesMissed += max(count, 0)
    case .runOverdue: runsOverdue += 1
    case .leaseLost: leasesLost += 1
    case .runsExpired(let runs): runsExpired += max(runs, 0)
    case .loginSucceeded: loginsSucceeded += 1
    case .loginFailed: loginsFailed += 1
    case .refreshTokenReused: refreshTokensReused += 1
    case .databaseLost: databaseConnectionsLost += 1
    case .connectionsShed(let shortage, let closed, let refused):
      connectionsClosed[shortage, default: 0] += max(closed, 0)
      connectionsRefused[shortage, default: 0] += max(refused, 0)
    case .reloaded: (lastReloadSucceeded, reloadedAt) = (true, now())
    case .reloadRefused: lastReloadSucceeded = false
    case .scheduleCleared, .occurrencePostponed, .schedulerFailed, .purgeFinished, .eraserFailed,
      .databaseConnected,
      .databaseConnectFailed, .serverStarting, .listening, .draining, .stopped,
      .certificate, .schemaRefused, .descriptorLimitLow, .repeated, .logLinesDropped:
      break
    }
  }

  /// The method if it is one of RFC 9110 or RFC 5789 that a service may answer, otherwise `other`. Methods are
  /// case-sensitive (RFC 9110, section 9.1).
  private static func known(_ method: String) -> String {
    switch method {
    case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS": method
    default: "other"
    }
  }
}

extension Counters.Requests {
  fileprivate mutating func count(status: Int, seconds: Double) {
    byStatus[status, default: 0] += 1
    durations.record(seconds)
  }
}
