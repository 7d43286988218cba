import Domain
import FoundationEssentials
import JSON
import Repository

/// Runs of a directory file.
extension ImportFile {
  private enum Outcome: String, CaseIterable {
    case pass = "Pass"
    case fail = "Fail"
    case unknown = "Unknown"
    case notApplicable = "NotApplicable"
    case error = "Error"
  }

  /// Stands for a job that the plan has yet to find.
  static let unresolvedJob = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

  static func run(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> Run? {
    ObjectReader.read(node, at: pointer, problems) { run in
      let job = run.text("Job", required: true)
      let id = run.guid("ID")
      let status = run.choice("Status", JobRun.Status.self, required: true)
      let triggeredBy = run.text("TriggeredBy", nameRule)
      let queuedAt = run.time("QueuedTime", required: true)
      let startedAt = run.time("StartTime")
      let endedAt = run.time("EndTime")
      if let status, let queuedAt {
        noteTimes(run, status, queuedAt: queuedAt, startedAt: startedAt, endedAt: endedAt)
      }
      let time = startedAt ?? queuedAt
      let messages = run.list("Messages") { message($0, $1, problems, runTime: time) }
      let collectedData = run.list("CollectedData") { datum($0, $1, problems, runTime: time) }
      let results = run.list("Results") { result($0, $1, problems, runTime: time) }
      guard let job, let status, let queuedAt else { return nil }
      return Run(
        pointer: pointer, job: job,
        run: ImportedRun(
          id: id, jobID: unresolvedJob, sequence: 0, status: status, triggeredBy: triggeredBy ?? "Schedule",
          queuedAt: queuedAt, startedAt: startedAt, endedAt: endedAt, messages: messages ?? [],
          collectedData: collectedData ?? [], results: results ?? []))
    }
  }

  /// Notes times that are missing, superfluous or out of order; unreadable ones are skipped.
  private static func noteTimes(
    _ run: ObjectReader, _ status: JobRun.Status, queuedAt: Date, startedAt: Date?, endedAt: Date?
  ) {
    let needsStart = [.running, .completed, .failed].contains(status)
    let needsEnd = [.completed, .failed, .aborted].contains(status)
    for (key, needed, forbidden) in [
      ("StartTime", needsStart, status == .queued), ("EndTime", needsEnd, !needsEnd),
    ] {
      if run.node(key) == nil, needed {
        run.problems.note(run.pointer / key, rule: "is required with Status \(status.rawValue)")
      } else if run.node(key) != nil, forbidden {
        run.problems.note(run.pointer / key, rule: "must not be given with Status \(status.rawValue)")
      }
    }
    if let startedAt, startedAt < queuedAt {
      run.problems.note(run.pointer / "StartTime", rule: "must not be before QueuedTime")
    }
    if let endedAt, endedAt < startedAt ?? queuedAt {
      let earlier = startedAt == nil ? "QueuedTime" : "StartTime"
      run.problems.note(run.pointer / "EndTime", rule: "must not be before \(earlier)")
    }
  }

  private static func message(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems, runTime: Date?
  ) -> ImportedRun.Message? {
    ObjectReader.read(node, at: pointer, problems) { message in
      let time = message.time("Time") ?? runTime
      let severity = message.text("Severity", nameRule)
      let asset = message.guid("AssetID")
      let text = message.text("Message", required: true)
      guard let time, let text else { return nil }
      return ImportedRun.Message(
        time: time, severity: severity ?? "Information", assetID: asset, message: text)
    }
  }

  private static func datum(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems, runTime: Date?
  ) -> ImportedRun.Datum? {
    ObjectReader.read(node, at: pointer, problems) { datum in
      let time = datum.time("Time") ?? runTime
      let asset = datum.guid("AssetID", required: true)
      let data = datum.json("Data", required: true)
      guard let time, let asset, let data else { return nil }
      return ImportedRun.Datum(time: time, assetID: asset, data: data)
    }
  }

  private static func result(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems, runTime: Date?
  ) -> ImportedRun.Result? {
    ObjectReader.read(node, at: pointer, problems) { result in
      let time = result.time("Time") ?? runTime
      let asset = result.guid("AssetID", required: true)
      let standard = result.guid("StandardID", required: true)
      let check = result.text("CheckID", required: true, nameRule)
      let outcome = result.choice("Outcome", Outcome.self, required: true)
      let evidence = result.text("Evidence")
      guard let time, let asset, let standard, let check, let outcome else { return nil }
      return ImportedRun.Result(
        time: time, assetID: asset, standardID: standard, checkID: check, outcome: outcome.rawValue,
        evidence: evidence ?? "")
    }
  }
}
