import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// Get Latest Job Runs and Job Operation.
struct RunHandlers: Sendable {
  /// A number of runs that is written within about a millisecond.
  private static let fewRuns = 100

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
    let runs = try await gate.latest(of: id, count: count, withMessages: withMessages, &context)
    // A long answer is written off the event loop, which has other requests to answer meanwhile.
    return runs.count <= Self.fewRuns && !withMessages
      ? JobJSON.response(runs, of: id) : await Task.detached { JobJSON.response(runs, of: id) }.value
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
