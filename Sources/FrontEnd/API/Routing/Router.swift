import Authorization
import FoundationEssentials
import HTTPServer

/// Finds the route of a request and takes the request along it.
public struct Router: Sendable {
  let routes: [Route]
  let authenticate: @Sendable (String?) async throws(Refusal) -> Principal

  /// Where a request goes.
  enum Destination: Sendable {
    case route(Route, [String])
    case problem(Problem, template: String)
  }

  func destination(method: String, path: [String]?) -> Destination {
    guard let path else {
      return .problem(Problem(400, "The path is malformed."), template: "unmatched")
    }
    var allowed: [String] = []
    var template = "unmatched"
    for route in routes {
      guard let values = route.match(path) else { continue }
      if route.method == method || (method == "HEAD" && route.method == "GET") {
        return .route(route, values)
      }
      allowed.append(route.method)
      if route.method == "GET" { allowed.append("HEAD") }
      template = route.template
    }
    guard !allowed.isEmpty else {
      let detail = "There is nothing at this path. What there is stands in /ccs/api/v1/openapi.json."
      return .problem(Problem(404, detail), template: template)
    }
    let methods = allowed.joined(separator: ", ")
    return .problem(
      Problem(405, "This path answers \(methods).", headers: [("Allow", methods)]), template: template)
  }

  /// Answers a request; whatever goes wrong becomes a problem.
  ///
  /// - Parameter body: For a route that streams.
  func respond(
    to request: Request, body: BodyStream? = nil, along route: Route, values: [String]
  ) async -> Response {
    var user: String?
    do {
      var response: Response
      switch route.access {
      case .anybody(let handler):
        return try await handler(request, values)
      case .tokenHolder(let handler):
        let principal = try await authenticate(request.bearer)
        user = principal.userName
        response = try await handler(request, values, principal)
      case .tokenHolderAtOnce(let decode):
        let work: Route.Work
        do {
          work = try decode(request, values)
        } catch {
          // What is wrong with the request is told to those only who have a token.
          user = try await authenticate(request.bearer).userName
          throw error
        }
        let answer = await work(request.bearer)
        user = answer.user
        response = try answer.outcome.get()
      case .streamingTokenHolder(let handler):
        let principal = try await authenticate(request.bearer)
        user = principal.userName
        guard let body else { throw Problem(500, Problem.fault, cause: "a body that was to stream was read") }
        response = try await handler(request, body, values, principal)
      }
      response.user = user
      return response
    } catch {
      let problem: Problem =
        switch error {
        case let problem as Problem: problem
        case let refusal as Refusal: Problem(refusal)
        case let fault as RequestFault: Problem(fault)
        case is CancellationError: Problem(Refusal.timedOut)
        default: Problem(500, Problem.fault, cause: "\(error)")
        }
      var response = problem.response(requestID: request.id)
      response.user = user
      return response
    }
  }
}
