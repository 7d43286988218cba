import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// Get Latest Job Runs and Job Operation.
struct RunHandlers: Sendable {
  let gate: RunGate

  /// Get Latest Job Runs.
  @Sendable func latest(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let id = try UUID(jobID: values[0])
    let query = request.parameters
    let text = try query.text("count")?.trimmed ?? "1"
    guard let count = Int(text), count >= 0 else {
      throw Problem(400, "count is invalid: expected an integer from 0, where 0 means all runs.")
    }
    let withMessages = try query.boolean("showmessages") ?? false
    var last: JobRun.Position?
    if let cursor = try query.text("cursor") {
      last = JobRun.Position(cursor: String(cursor.trimmed))
      guard last != nil else {
        throw Problem(400, "cursor is invalid: expected the NextCursor of an answer about this job's runs.")
      }
    }
    let listing = try await gate.latest(of: id, count: count, after: last, &context)
    return try await .json(RunsAnswer(listing, of: id, withMessages: withMessages))
  }

  /// Job Operation.
  @Sendable func operate(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let command = try await request.json { JobCommand.read($0, $1) }
    switch command {
    case .execute:
      let job = try UUID(jobID: values[0])
      return JobJSON.response(try await gate.execute(job: job, &context), .queued)
    case .abort:
      let run = try UUID(jobRunID: values[0])
      try await gate.abort(run: run, &context)
      return JobJSON.response(run, .aborted)
    }
  }
}
