import Domain
import FoundationEssentials
import JSON
import Repository

/// `GeneratedRuns` of a directory file: history invented for demonstrations.
extension ImportFile {
  static func inventedRuns(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems
  ) -> Invented? {
    ObjectReader.read(node, at: pointer, problems) { entry in
      let job = entry.text("Job", required: true)
      let count = entry.integer("Count", 1...1_000_000, required: true)
      let from = entry.time("From", required: true)
      let everyMinutes = entry.integer("EveryMinutes", 1...527_040, required: true)
      let triggeredBy = entry.text("TriggeredBy", nameRule)
      let messages = entry.integer("MessagesPerRun", 0...10_000)
      let collectedData = entry.integer("CollectedDataPerRun", 0...10_000)
      let results = entry.integer("ResultsPerRun", 0...10_000)
      let assets = entry.list("Assets") { guid($0, $1, problems) }
      let standards = entry.list("Standards") { guid($0, $1, problems) }
      guard let job, let count, let from, let everyMinutes else { return nil }
      if let end = OffsetDate("9999-12-31")?.date,
        end.timeIntervalSince(from) < Double(count) * Double(everyMinutes) * 60
      {
        problems.note(pointer, rule: "must not go beyond the year 9999")
        return nil
      }
      return Invented(
        pointer: pointer, job: job,
        runs: InventedRuns(
          jobID: unresolvedJob, jobName: job, count: count, from: from, everyMinutes: everyMinutes,
          triggeredBy: triggeredBy ?? "Schedule", messagesPerRun: messages ?? 0,
          collectedDataPerRun: collectedData ?? 0, resultsPerRun: results ?? 0, assets: assets ?? [],
          standards: standards ?? []))
    }
  }

  private static func guid(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> UUID? {
    if let guid = ObjectReader.guid(node) { return guid }
    problems.note(pointer, rule: "must be a GUID")
    return nil
  }
}

extension ImportPlan {
  mutating func planInventedRuns() {
    for entry in file.inventedRuns {
      guard let job = job(entry.job, entry.pointer / "Job") else { continue }
      var runs = entry.runs
      let details = file.jobs.first { $0.id == job.id }?.details
      runs.jobID = job.id
      runs.jobName = job.name
      if runs.assets.isEmpty { runs.assets = details?.assets?.map(\.id) ?? [] }
      if runs.standards.isEmpty { runs.standards = details?.standards?.map(\.id) ?? [] }
      if runs.assets.isEmpty, runs.collectedDataPerRun + runs.resultsPerRun > 0 {
        note(entry.pointer / "Assets", rule: "is required, as the job names none here")
      }
      if runs.standards.isEmpty, runs.resultsPerRun > 0 {
        note(entry.pointer / "Standards", rule: "is required, as the job names none here")
      }
      rows.inventedRuns.append(runs)
    }
  }
}
