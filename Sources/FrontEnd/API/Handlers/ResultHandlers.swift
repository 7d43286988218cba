import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// Get Evaluation Results.
struct ResultHandlers: Sendable {
  let gate: ResultGate

  @Sendable func results(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let wanted = try await request.json(ResultsRequest.read)
    let results = try await gate.results(wanted, &context)
    return .json(
      200,
      .object {
        $0.add("JobRunID", results.runID)
        $0.add("JobID", results.jobID)
        $0.add("AssetID", results.assetID)
        $0.add("StandardID", results.standardID)
        $0.add("StandardVersion", results.standardVersion)
        $0.name("Checks")
        $0.array(results.checks) { writer, check in
          writer.object {
            $0.add("CheckID", check.id)
            $0.add("Outcome", check.outcome.rawValue)
            $0.add("Evidence", check.evidence)
            $0.add("Time", check.time)
          }
        }
      })
  }
}
