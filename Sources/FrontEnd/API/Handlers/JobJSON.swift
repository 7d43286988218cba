import Domain
import FoundationEssentials
import HTTPServer
import JSON

/// Jobs and runs as the documents spell them.
enum JobJSON {
  /// One job.
  static func response(_ job: Job) -> Response { .json(200, .object { members(of: job, in: &$0) }) }

  static func members(of job: Job, in writer: inout JSONWriter) {
    writer.name("JobProperties")
    writer.object {
      $0.add("JobID", job.id)
      $0.add("JobName", job.name)
      $0.add("JobDescription", job.description)
      $0.add("JobType", job.type)
      $0.add("JobCategory", job.category.rawValue)
      $0.add("CreatedBy", job.createdBy)
      $0.add("JobCreationTime", job.createdAt)
      $0.add("JobModifiedTime", job.modifiedAt)
      $0.add("LastRunStatus", job.lastRunStatus?.rawValue)
      $0.add("LastRunDate", job.lastRunAt)
      $0.add("NextRunDate", job.nextRunAt)
    }
    if Job.userTypes.contains(job.type) {
      writer.add("JobConfiguration", json: job.configuration ?? "{}")
    }
  }

  /// A run that was started or ended.
  static func response(_ run: UUID, _ status: JobRun.Status) -> Response {
    .json(
      200,
      .object {
        $0.add("JobRunID", run)
        $0.add("Status", status.rawValue)
      })
  }

  static func members(of run: JobRun, in writer: inout JSONWriter) {
    writer.add("JobRunID", run.id)
    writer.add("JobID", run.jobID)
    writer.add("Status", run.status.rawValue)
    writer.add("TriggeredBy", run.triggeredBy)
    writer.add("QueuedTime", run.queuedAt)
    writer.add("StartTime", run.startedAt)
    writer.add("EndTime", run.endedAt)
  }

  static func add(_ message: JobRun.Message, to writer: inout JSONWriter) {
    writer.object {
      $0.add("Time", message.time)
      $0.add("Severity", message.severity)
      $0.add("AssetID", message.assetID)
      $0.add("Message", message.text)
    }
  }
}

/// What a deletion answers to a client that prefers a representation.
enum DeletionJSON {
  static func message(_ deletions: [JobDeletion], removed: Bool) -> JSONWriter {
    .object {
      $0.add("Message", text(deletions, removed: removed))
      $0.name("Jobs")
      $0.array(deletions) { writer, deletion in
        writer.object {
          $0.add("JobID", deletion.jobID)
          $0.add("JobName", deletion.jobName)
          $0.add("Removed", removed)
          $0.add("RunsDeleted", deletion.runs)
        }
      }
    }
  }

  private static func text(_ deletions: [JobDeletion], removed: Bool) -> String {
    let runs = deletions.reduce(0) { $0 + $1.runs }
    let name = deletions.count == 1 ? "job \"\(deletions[0].jobName ?? "")\"" : nil
    let (runsText, verb) = runs == 1 ? ("1 run", "was") : ("\(runs) runs", "were")
    return removed
      ? "\(name.map { "The \($0)" } ?? "\(deletions.count) jobs") and \(runsText) were deleted."
      : "\(runsText) of \(name.map { "the \($0)" } ?? "\(deletions.count) jobs") \(verb) deleted. The job definition was kept."
  }
}
