import Observability
import Testing

@Suite("Metrics")
struct MetricsTests {
  private let metrics = Metrics(version: "1.2.3", startedAt: 1_700_000_000.5)

  private func lines(_ prefix: String) -> [String] {
    metrics.exposition(gauges()).split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
  }

  @Test("A fresh process exposes every metric that has no label, each with HELP, TYPE and its value")
  func freshProcess() {
    #expect(
      metrics.exposition(gauges()) == """
        # HELP ccs_jobstore_requests_total Requests answered, by route, method and status.
        # TYPE ccs_jobstore_requests_total counter
        # HELP ccs_jobstore_request_duration_seconds From a request's head to the end of its response.
        # TYPE ccs_jobstore_request_duration_seconds histogram
        # HELP ccs_jobstore_jobs_deleted_total Jobs whose history Delete Job purged.
        # TYPE ccs_jobstore_jobs_deleted_total counter
        ccs_jobstore_jobs_deleted_total 0
        # HELP ccs_jobstore_rows_erased_total Rows of job history erased.
        # TYPE ccs_jobstore_rows_erased_total counter
        ccs_jobstore_rows_erased_total 0
        # HELP ccs_jobstore_runs_scheduled_total Runs that schedules have started.
        # TYPE ccs_jobstore_runs_scheduled_total counter
        ccs_jobstore_runs_scheduled_total 0
        # HELP ccs_jobstore_occurrences_missed_total Occurrences of schedules that started no run.
        # TYPE ccs_jobstore_occurrences_missed_total counter
        ccs_jobstore_occurrences_missed_total 0
        # HELP ccs_jobstore_runs_overdue_total Runs ended for having taken too long.
        # TYPE ccs_jobstore_runs_overdue_total counter
        ccs_jobstore_runs_overdue_total 0
        # HELP ccs_jobstore_leases_lost_total Runs whose collector was lost.
        # TYPE ccs_jobstore_leases_lost_total counter
        ccs_jobstore_leases_lost_total 0
        # HELP ccs_jobstore_runs_expired_total Runs removed by retention.
        # TYPE ccs_jobstore_runs_expired_total counter
        ccs_jobstore_runs_expired_total 0
        # HELP ccs_jobstore_logins_total Logins that succeeded.
        # TYPE ccs_jobstore_logins_total counter
        ccs_jobstore_logins_total 0
        # HELP ccs_jobstore_logins_failed_total Logins that were refused.
        # TYPE ccs_jobstore_logins_failed_total counter
        ccs_jobstore_logins_failed_total 0
        # HELP ccs_jobstore_refresh_token_reuses_total Refresh tokens presented a second time.
        # TYPE ccs_jobstore_refresh_token_reuses_total counter
        ccs_jobstore_refresh_token_reuses_total 0
        # HELP ccs_jobstore_database_connection_losses_total Connections to the database that broke.
        # TYPE ccs_jobstore_database_connection_losses_total counter
        ccs_jobstore_database_connection_losses_total 0
        # HELP ccs_jobstore_connections_shed_total Connections that were closed while idle, or refused, because there was no room for more.
        # TYPE ccs_jobstore_connections_shed_total counter
        # HELP ccs_jobstore_config_last_reload_successful Whether the last reload of configuration and certificate was accepted: 1 or 0.
        # TYPE ccs_jobstore_config_last_reload_successful gauge
        ccs_jobstore_config_last_reload_successful 1
        # HELP ccs_jobstore_config_last_reload_success_timestamp_seconds When a configuration was last accepted, in seconds since 1970.
        # TYPE ccs_jobstore_config_last_reload_success_timestamp_seconds gauge
        ccs_jobstore_config_last_reload_success_timestamp_seconds 1700000000.5
        # HELP ccs_jobstore_requests_in_flight Requests taken and not answered yet.
        # TYPE ccs_jobstore_requests_in_flight gauge
        ccs_jobstore_requests_in_flight 5
        # HELP ccs_jobstore_connections_open Connections of clients.
        # TYPE ccs_jobstore_connections_open gauge
        ccs_jobstore_connections_open 6
        # HELP ccs_jobstore_waiting_bytes Request bodies and answers that wait in memory, in bytes.
        # TYPE ccs_jobstore_waiting_bytes gauge
        ccs_jobstore_waiting_bytes 9
        # HELP ccs_jobstore_pool_connections Connections to the database: open, and of those idle and leased.
        # TYPE ccs_jobstore_pool_connections gauge
        ccs_jobstore_pool_connections{state="idle"} 1
        ccs_jobstore_pool_connections{state="leased"} 2
        ccs_jobstore_pool_connections{state="open"} 3
        # HELP ccs_jobstore_pool_queue_length Callers that wait for a connection to the database.
        # TYPE ccs_jobstore_pool_queue_length gauge
        ccs_jobstore_pool_queue_length 4
        # HELP ccs_jobstore_purges_waiting Purges whose rows are not all erased.
        # TYPE ccs_jobstore_purges_waiting gauge
        ccs_jobstore_purges_waiting 7
        # HELP ccs_jobstore_certificate_expires_days Days until the certificate expires.
        # TYPE ccs_jobstore_certificate_expires_days gauge
        ccs_jobstore_certificate_expires_days 41.5
        # HELP process_resident_memory_bytes Memory the process holds, in bytes.
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes 8
        # HELP ccs_jobstore_build_info Always 1; the label says which version runs.
        # TYPE ccs_jobstore_build_info gauge
        ccs_jobstore_build_info{version="1.2.3"} 1
        # HELP process_start_time_seconds When the process started, in seconds since 1970.
        # TYPE process_start_time_seconds gauge
        process_start_time_seconds 1700000000.5

        """)
  }

  @Test("A gauge that could not be read is left out altogether")
  func absentGauges() {
    let page = metrics.exposition(gauges(purgesWaiting: nil, certificateExpiresInDays: nil))
    #expect(!page.contains("ccs_jobstore_purges_waiting"))
    #expect(!page.contains("ccs_jobstore_certificate_expires_days"))
  }

  @Test("Requests are counted by route, method and status, in a stable order")
  func requests() {
    metrics.record(.request(deletion(status: 404)))
    metrics.record(.request(deletion()))
    metrics.record(.request(deletion()))
    metrics.record(.request(deletion(method: "GET", status: 200)))
    metrics.record(.request(deletion(route: "/ccs/api/v1/Hosts", status: 204)))
    #expect(
      lines("ccs_jobstore_requests_total{") == [
        #"ccs_jobstore_requests_total{route="/ccs/api/v1/Hosts",method="DELETE",status="204"} 1"#,
        #"ccs_jobstore_requests_total{route="/ccs/api/v1/Jobs",method="DELETE",status="204"} 2"#,
        #"ccs_jobstore_requests_total{route="/ccs/api/v1/Jobs",method="DELETE",status="404"} 1"#,
        #"ccs_jobstore_requests_total{route="/ccs/api/v1/Jobs",method="GET",status="200"} 1"#,
      ])
  }

  @Test("A request that was never answered is counted with the status none")
  func unanswered() {
    metrics.record(.request(deletion(status: 0)))
    metrics.record(.request(deletion(status: 99)))
    metrics.record(.request(deletion(status: 600)))
    metrics.record(.request(deletion(status: 100)))
    metrics.record(.request(deletion(status: 599)))
    #expect(
      lines("ccs_jobstore_requests_total{").map { $0.suffix(17) }.sorted() == [
        #"",status="100"} 1"#, #"",status="599"} 1"#, #",status="none"} 3"#,
      ])
  }

  @Test("Methods that clients make up share one label, however many there are")
  func unknownMethods() {
    for index in 0..<1000 { metrics.record(.request(deletion(method: "M\(index)"))) }
    metrics.record(.request(deletion(method: "delete")))
    #expect(
      lines("ccs_jobstore_requests_total{") == [
        #"ccs_jobstore_requests_total{route="/ccs/api/v1/Jobs",method="other",status="204"} 1001"#
      ])
  }

  @Test(
    "A method that a service may answer keeps its name",
    arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
  func knownMethods(method: String) {
    metrics.record(.request(deletion(method: method)))
    #expect(lines("ccs_jobstore_requests_total{").count == 1)
    #expect(lines("ccs_jobstore_requests_total{").first?.contains(#"method="\#(method)""#) == true)
  }

  @Test("A request's duration falls into every bucket whose bound it does not exceed")
  func durations() {
    for seconds in [0.0005, 0.00075, 0.03125, 10, 10.5] {
      metrics.record(.request(deletion(seconds: seconds)))
    }
    let labels = #"{route="/ccs/api/v1/Jobs",method="DELETE""#
    let cumulative = [
      ("0.0005", 1), ("0.001", 2), ("0.0025", 2), ("0.005", 2), ("0.01", 2), ("0.025", 2), ("0.05", 3),
      ("0.1", 3), ("0.25", 3), ("0.5", 3), ("1.0", 3), ("2.5", 3), ("5.0", 3), ("10.0", 4), ("+Inf", 5),
    ]
    let name = "ccs_jobstore_request_duration_seconds"
    #expect(lines(name + "_bucket") == cumulative.map { #"\#(name)_bucket\#(labels),le="\#($0)"} \#($1)"# })
    #expect(lines(name + "_sum") == ["\(name)_sum\(labels)} 20.5325"])
    #expect(lines(name + "_count") == ["\(name)_count\(labels)} 5"])
  }

  @Test(
    "A duration that no clock can have measured counts as zero and does not spoil the sum",
    arguments: [Double.nan, .infinity, -.infinity, -1])
  func impossibleDurations(seconds: Double) {
    metrics.record(.request(deletion(seconds: seconds)))
    metrics.record(.request(deletion(seconds: 0.25)))
    #expect(lines("ccs_jobstore_request_duration_seconds_sum").first?.hasSuffix(" 0.25") == true)
    #expect(
      lines("ccs_jobstore_request_duration_seconds_bucket").first?.hasSuffix(#"le="0.0005"} 1"#) == true)
  }

  @Test("Each observation that counts moves its own counter and no other")
  func counters() {
    let names = [
      "jobs_deleted", "rows_erased", "logins", "logins_failed", "refresh_token_reuses",
      "database_connection_losses", "runs_scheduled", "occurrences_missed", "runs_overdue", "leases_lost",
      "runs_expired",
    ].map { "ccs_jobstore_\($0)_total" }
    for observation in everyObservation { metrics.record(observation) }
    for _ in 0..<2 { metrics.record(.loginFailed(user: "a", peer: "p", reason: "r")) }
    for _ in 0..<3 { metrics.record(.loginSucceeded(user: "a", peer: "p")) }
    for _ in 0..<4 { metrics.record(.refreshTokenReused(user: "a")) }
    for _ in 0..<5 { metrics.record(.databaseLost("")) }
    #expect(
      names.flatMap { lines($0 + " ") }
        == zip(names, [2, 1000, 4, 3, 5, 6, 12, 3, 1, 1, 40]).map { "\($0) \($1)" })
  }

  @Test("A refused reload shows until one is accepted, and leaves the time of the last accepted one")
  func reloads() throws {
    let name = "ccs_jobstore_config_last_reload_"
    metrics.record(.reloadRefused("x"))
    #expect(
      lines(name) == ["\(name)successful 0", "\(name)success_timestamp_seconds 1700000000.5"])
    let before = Metrics.secondsSince1970()
    metrics.record(.reloaded("x"))
    #expect(lines(name).first == "\(name)successful 1")
    let time = try #require(lines(name).last?.split(separator: " ").last.flatMap { Double($0) })
    #expect(before...Metrics.secondsSince1970() ~= time)
  }

  @Test("A counter never goes down")
  func negativeCounts() {
    metrics.record(.rowsErased(10))
    metrics.record(.rowsErased(-3))
    metrics.record(.jobsDeleted(count: 1, runs: 0))
    metrics.record(.jobsDeleted(count: -1, runs: 0))
    #expect(lines("ccs_jobstore_rows_erased_total ") == ["ccs_jobstore_rows_erased_total 10"])
    #expect(lines("ccs_jobstore_jobs_deleted_total ") == ["ccs_jobstore_jobs_deleted_total 1"])
  }

  @Test("A label's value is escaped: backslash, quote and line feed, nothing else")
  func labels() {
    let page = Metrics(version: "a\\b\"c\nd\te\r\nf", startedAt: 0).exposition(gauges())
    #expect(page.contains(#"ccs_jobstore_build_info{version="a\\b\"c\nd"# + "\te\r" + #"\nf"} 1"#))
  }

  @Test(
    "A number that is not finite is spelt as the format asks for",
    arguments: [
      (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (-2, "-2.0"),
    ])
  func notFinite(value: Double, expected: String) {
    let page = metrics.exposition(gauges(certificateExpiresInDays: value))
    #expect(page.contains("\nccs_jobstore_certificate_expires_days \(expected)\n"))
  }

  @Test("Counts from several tasks at once all arrive")
  func concurrency() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<50_000 { metrics.record(.request(deletion())) } }
      }
    }
    #expect(lines("ccs_jobstore_requests_total{").first?.hasSuffix(" 200000") == true)
  }

  @Test("Unless told otherwise the process started when its metrics were made")
  func startTime() throws {
    let before = Metrics.secondsSince1970()
    let page = Metrics(version: "1").exposition(gauges())
    let last = try #require(page.split(separator: "\n").last?.split(separator: " ").last)
    let started = try #require(Double(last))
    #expect(before...Metrics.secondsSince1970() ~= started)
    #expect(started > 1_600_000_000)
  }
}
