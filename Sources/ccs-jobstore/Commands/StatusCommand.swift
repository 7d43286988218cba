import Administration
import FoundationEssentials
import JSON
import Repository

extension Command {
  static let status = Command(
    words: ["status"],
    summary: "report whether configuration, certificate, database, schema, server and queue are well",
    options: [.json("one object with all parts")],
    notes: [
      "It prints a line for each, with what to do. The exit status is 0 if all are ok, and 1 otherwise, also if "
        + "something could not be looked at.",
      "A certificate is reported \(StatusReport.daysOfNotice) days before it expires, the queue when a run has been "
        + "waiting for an hour. The server is asked on this machine, at listen.port.",
    ]
  ) { arguments, terminal throws(CommandFailure) in
    let report = await StatusReport.make(arguments)
    try terminal.write(report.text, arguments) { report.write(to: &$0) }
    guard report.isWell else { throw CommandFailure(.failed, lines: []) }
  }
}

/// What `status` reports.
struct StatusReport: Equatable {
  enum State: String {
    case ok
    case wrong
    /// Something keeps it from being looked at.
    case unknown
  }

  struct Part: Equatable {
    let name: String
    let state: State
    /// What is so, and what to do about it.
    let detail: String
  }

  /// Days before the end of a certificate from which it is wrong.
  static let daysOfNotice = 14
  /// Seconds from which a run waits too long.
  static let longestWait = 3600

  private(set) var parts: [Part] = []

  var isWell: Bool { parts.allSatisfy { $0.state == .ok } }

  var text: String {
    var table = TextTable(["PART", "STATE", "DETAILS"].map { .init(heading: $0) })
    for part in parts { table.add(part.name, part.state.rawValue, part.detail) }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.add("Well", isWell)
    json.name("Parts")
    json.array(parts) { json, part in
      json.object {
        $0.add("Part", part.name)
        $0.add("State", part.state.rawValue)
        $0.add("Detail", part.detail)
      }
    }
  }

  mutating func add(_ name: String, _ state: State, _ detail: String) {
    parts.append(Part(name: name, state: state, detail: detail))
  }

  static func make(_ arguments: Arguments) async -> StatusReport {
    var report = StatusReport()
    let configuration: Configuration
    do throws(CommandFailure) {
      configuration = try Configuration.load(arguments)
    } catch {
      report.add("configuration", .wrong, "\(error)")
      for part in ["certificate", "database", "schema", "server", "queue"] {
        report.add(part, .unknown, "needs the configuration")
      }
      return report
    }
    let path = ConfigurationPath.of(arguments, environment: ProcessInfo.processInfo.environment)
    report.add("configuration", .ok, path)
    let server = Result { () throws(ServerProbe.Failure) in
      try ServerProbe.readiness(address: configuration.listen.address, port: configuration.listen.port)
    }
    report.addCertificate(configuration.tls.certificateFile, served: (try? server.get())?.certificate)
    let queue = await report.addDatabase(configuration)
    report.addServer(server, configuration.listen)
    if let queue {
      report.addQueue(queue)
    } else {
      report.add("queue", .unknown, "needs the database and its schema")
    }
    return report
  }
}

// MARK: - The parts

extension StatusReport {
  /// - Parameter served: That of the running server.
  mutating func addCertificate(_ file: String, served: CertificateFacts?, now: Date = Date()) {
    let stored = CertificateFacts(file: file)
    let reload = "then run: systemctl reload ccs-jobstore"
    guard let facts = stored ?? served else {
      add("certificate", .unknown, "\(file) has no certificate that you may read, and no server answers")
      return
    }
    let days = Int((facts.expires.timeIntervalSince(now) / 86_400).rounded(.down))
    if days < Self.daysOfNotice {
      let end = days < 0 ? "has expired" : "expires in \(days) days"
      add("certificate", .wrong, "\(end); replace \(file), \(reload)")
    } else if let stored, let served, stored != served {
      add(
        "certificate", .wrong, "the server has another one than \(file); run: systemctl reload ccs-jobstore")
    } else {
      add("certificate", .ok, "expires in \(days) days")
    }
  }

  /// - Returns: nil if the database does not say it.
  private mutating func addDatabase(_ configuration: Configuration) async -> RunQueue? {
    do {
      let session = try await AdministrationSession(
        try configuration.administrationSettings(statementTimeout: .seconds(10)),
        scrypt: configuration.scryptParameters, actor: "")
      let queue = try? await session.queue()
      await session.close()
      add("database", .ok, "answers")
      add("schema", .ok, session.schema)
      return queue
    } catch {
      let failure = (error as? AdministrationError).map { CommandFailure($0) } ?? error as? CommandFailure
      let reason = failure.map { "\($0)" } ?? "\(error)"
      if case .wrongSchema? = error as? AdministrationError {
        add("database", .ok, "answers")
        add("schema", .wrong, reason)
      } else {
        add("database", .wrong, reason)
        add("schema", .unknown, "needs the database")
      }
      return nil
    }
  }

  mutating func addServer(
    _ server: Result<ServerProbe.Answer, ServerProbe.Failure>, _ listen: Configuration.Listen
  ) {
    let place = "\(listen.address) port \(listen.port)"
    switch server {
    case .success(let answer) where answer.status == 200:
      add("server", .ok, "ready on \(place)")
    case .success(let answer):
      add("server", .wrong, "not ready (\(answer.status)): " + Self.reasons(answer.body))
    case .failure(.notListening(let reason)):
      add("server", .wrong, "none on \(place) (\(reason)); run: systemctl start ccs-jobstore")
    case .failure(.silent):
      add("server", .wrong, "no HTTPS answer on \(place); see: journalctl -u ccs-jobstore")
    }
  }

  /// The sentences of `/readyz`.
  private static func reasons(_ body: [UInt8]) -> String {
    guard case .object(let members)? = try? JSONNode(json: body),
      case .array(let parts)? = members["notReady"]
    else { return "see: journalctl -u ccs-jobstore" }
    let sentences = parts.compactMap { part -> String? in
      guard case .object(let part) = part, case .text(let detail)? = part["detail"] else { return nil }
      return detail
    }
    return sentences.joined(separator: " ")
  }

  mutating func addQueue(_ queue: RunQueue) {
    guard let seconds = queue.oldestSeconds else {
      add("queue", .ok, "no run waits")
      return
    }
    let text = "\(queue.runs.grouped) queued runs, the oldest for \(Self.duration(seconds))"
    if seconds < Self.longestWait {
      add("queue", .ok, text)
    } else {
      add("queue", .wrong, "\(text); start collectors, or more of them")
    }
  }

  /// `3 d 4 h`, `2 h 13 min`, `40 s`
  static func duration(_ seconds: Int) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
    if days > 0 { return "\(days) d \(hours % 24) h" }
    if hours > 0 { return "\(hours) h \(minutes % 60) min" }
    return minutes > 0 ? "\(minutes) min" : "\(seconds) s"
  }
}
