import Glibc
import Synchronization

/// The service's Prometheus metrics: a fixed list, all of them named in ``exposition(_:)``.
///
/// One lock is enough: counting a request holds it for a fraction of a microsecond.
public final class Metrics: Sendable {
  private let version: String
  private let startedAt: Double
  private let counters: Mutex<Counters>

  /// - Parameters:
  ///   - version: The label of `ccs_jobstore_build_info`.
  ///   - startedAt: When the process started, in seconds since 1970-01-01T00:00:00Z; now by default.
  public init(version: String, startedAt: Double = Metrics.secondsSince1970()) {
    self.version = version
    self.startedAt = startedAt
    counters = Mutex(Counters(now: startedAt))
  }

  /// Counts an observation if a counter includes it.
  public func record(_ observation: Observation) {
    counters.withLock { $0.record(observation, now: Self.secondsSince1970()) }
  }

  /// All metrics in the text format 0.0.4, to be sent as `text/plain; version=0.0.4; charset=utf-8`.
  public func exposition(_ gauges: Gauges) -> String {
    let counters = counters.withLock { $0 }
    var page = Exposition()
    Self.write(counters.requests, to: &page)
    Self.write(counters, to: &page)
    Self.write(gauges, to: &page)
    page.begin("ccs_jobstore_build_info", .gauge, "Always 1; the label says which version runs.")
    page.sample("ccs_jobstore_build_info", ["version": version], 1)
    page.single(
      "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.", startedAt)
    return page.text
  }

  /// The time by the system's clock, in seconds since 1970-01-01T00:00:00Z.
  public static func secondsSince1970() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func write(_ requests: [Counters.Endpoint: Counters.Requests], to page: inout Exposition) {
    let sorted = requests.sorted { $0.key < $1.key }

    let total = "ccs_jobstore_requests_total"
    page.begin(total, .counter, "Requests answered, by route, method and status.")
    for (endpoint, requests) in sorted {
      for (status, count) in requests.byStatus.sorted(by: { $0.key < $1.key }) {
        let status = status == 0 ? "none" : String(status)
        page.sample(total, ["route": endpoint.route, "method": endpoint.method, "status": status], count)
      }
    }

    let duration = "ccs_jobstore_request_duration_seconds"
    page.begin(duration, .histogram, "From a request's head to the end of its response.")
    for (endpoint, requests) in sorted {
      let (route, method) = (endpoint.route, endpoint.method)
      let cumulative = requests.durations.cumulative
      for (bound, count) in zip(Histogram.bounds + [.infinity], cumulative) {
        let labels: KeyValuePairs = ["route": route, "method": method, "le": bound.exposed]
        page.sample(duration + "_bucket", labels, count)
      }
      page.sample(duration + "_sum", ["route": route, "method": method], requests.durations.sum)
      page.sample(duration + "_count", ["route": route, "method": method], cumulative.last ?? 0)
    }
  }

  private static func write(_ counters: Counters, to page: inout Exposition) {
    page.single(
      "ccs_jobstore_jobs_deleted_total", .counter, "Jobs whose history Delete Job purged.",
      counters.jobsDeleted)
    page.single(
      "ccs_jobstore_rows_erased_total", .counter, "Rows of job history erased.", counters.rowsErased)
    page.single(
      "ccs_jobstore_runs_scheduled_total", .counter, "Runs that schedules have started.",
      counters.runsScheduled)
    page.single(
      "ccs_jobstore_occurrences_missed_total", .counter, "Occurrences of schedules that started no run.",
      counters.occurrencesMissed)
    page.single(
      "ccs_jobstore_runs_overdue_total", .counter, "Runs ended for having taken too long.",
      counters.runsOverdue)
    page.single(
      "ccs_jobstore_leases_lost_total", .counter, "Runs whose collector was lost.", counters.leasesLost)
    page.single(
      "ccs_jobstore_runs_expired_total", .counter, "Runs removed by retention.", counters.runsExpired)
    page.single("ccs_jobstore_logins_total", .counter, "Logins that succeeded.", counters.loginsSucceeded)
    page.single(
      "ccs_jobstore_logins_failed_total", .counter, "Logins that were refused.", counters.loginsFailed)
    page.single(
      "ccs_jobstore_refresh_token_reuses_total", .counter, "Refresh tokens presented a second time.",
      counters.refreshTokensReused)
    page.single(
      "ccs_jobstore_database_connection_losses_total", .counter, "Connections to the database that broke.",
      counters.databaseConnectionsLost)
    let shed = "ccs_jobstore_connections_shed_total"
    page.begin(
      shed, .counter,
      "Connections that were closed while idle, or refused, because there was no room for more.")
    for (outcome, counts) in [
      ("closed", counters.connectionsClosed), ("refused", counters.connectionsRefused),
    ] {
      for (shortage, count) in counts.sorted(by: { $0.key < $1.key }) {
        page.sample(shed, ["shortage": shortage, "outcome": outcome], count)
      }
    }
    page.single(
      "ccs_jobstore_config_last_reload_successful", .gauge,
      "Whether the last reload of configuration and certificate was accepted: 1 or 0.",
      counters.lastReloadSucceeded ? 1 : 0)
    page.single(
      "ccs_jobstore_config_last_reload_success_timestamp_seconds", .gauge,
      "When a configuration was last accepted, in seconds since 1970.", counters.reloadedAt)
  }

  private static func write(_ gauges: Gauges, to page: inout Exposition) {
    page.single(
      "ccs_jobstore_requests_in_flight", .gauge, "Requests taken and not answered yet.",
      gauges.requestsInFlight)
    page.single(
      "ccs_jobstore_connections_open", .gauge, "Connections of clients.", gauges.connectionsOpen)
    page.single(
      "ccs_jobstore_waiting_bytes", .gauge, "Request bodies and answers that wait in memory, in bytes.",
      gauges.bytesWaiting)

    let pool = "ccs_jobstore_pool_connections"
    page.begin(pool, .gauge, "Connections to the database: open, and of those idle and leased.")
    page.sample(pool, ["state": "idle"], gauges.poolConnectionsIdle)
    page.sample(pool, ["state": "leased"], gauges.poolConnectionsLeased)
    page.sample(pool, ["state": "open"], gauges.poolConnectionsOpen)
    page.single(
      "ccs_jobstore_pool_queue_length", .gauge, "Callers that wait for a connection to the database.",
      gauges.poolQueueLength)

    if let waiting = gauges.purgesWaiting {
      page.single(
        "ccs_jobstore_purges_waiting", .gauge, "Purges whose rows are not all erased.", waiting)
    }
    if let days = gauges.certificateExpiresInDays {
      page.single(
        "ccs_jobstore_certificate_expires_days", .gauge, "Days until the certificate expires.", days)
    }
    page.single(
      "process_resident_memory_bytes", .gauge, "Memory the process holds, in bytes.", gauges.residentBytes)
  }
}
