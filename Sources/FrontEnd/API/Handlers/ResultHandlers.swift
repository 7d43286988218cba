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
    return try await .json(ResultsAnswer(try await gate.results(wanted, &context)))
  }
}
