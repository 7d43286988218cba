import Authorization
import FoundationEssentials
import HTTPServer

/// What the service reports about itself, to anybody: liveness, readiness, metrics, the API's description.
struct ServiceHandlers: Sendable {
  let readiness: @Sendable () async -> Readiness
  let metrics: @Sendable () async -> String

  /// The process answers.
  @Sendable func livez(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    .json(200, .object { $0.add("status", "live") })
  }

  /// The service can do its work.
  @Sendable func readyz(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let readiness = await readiness()
    let problems = readiness.notReady
    var response = Response.json(
      problems.isEmpty ? 200 : 503,
      .object {
        $0.add("status", problems.isEmpty ? "ready" : "not ready")
        if let schema = readiness.schema { $0.add("schema", schema) }
        $0.name("notReady")
        $0.array(problems) { writer, problem in
          writer.object {
            $0.add("part", problem.part)
            $0.add("detail", problem.detail)
          }
        }
      })
    if !problems.isEmpty { response.headers.append(("Retry-After", "2")) }
    return response
  }

  /// The metrics in Prometheus' text format.
  @Sendable func prometheus(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    .text(200, await metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  /// The OpenAPI document.
  @Sendable func openAPI(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    var response = Response(
      status: 200, headers: [("Content-Type", "application/json")], body: OpenAPIDocument.bytes)
    response.isShared = true
    return response
  }
}
