import Authorization
import FoundationEssentials
import HTTPServer

/// Finds the route of a request and lets its handler answer.
public struct Router: Sendable {
  let routes: [Route]
  private let authorizer: Authorizer

  /// The router of everything that is served.
  public init(_ gates: Gates, limits: RequestLimits) {
    self.init(routes: RoutingTable.routes(gates, limits), authorizer: gates.authorizer)
  }

  init(routes: [Route], authorizer: Authorizer) {
    self.routes = routes
    self.authorizer = authorizer
  }

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
      let detail = "Nothing is served at this path; see \(RoutingTable.base)/openapi.json."
      return .problem(Problem(404, detail), template: template)
    }
    let methods = allowed.joined(separator: ", ")
    return .problem(
      Problem(405, "This path answers \(methods).", headers: [("Allow", methods)]), template: template)
  }

  /// Answers a request. Every error becomes a problem.
  ///
  /// - Parameter body: If it has not been read.
  func respond(
    to request: Request, body: BodyStream? = nil, along route: Route, values: [String]
  ) async -> Response {
    var context = RequestContext(requestID: request.id, bearer: request.bearer, peer: request.peer)
    var response: Response
    do {
      response = try await answer(request, body, along: route, values, &context)
    } catch {
      let problem: Problem =
        switch error {
        case let problem as Problem: problem
        case Refusal.outcomeUnknown(let cause) where route.changesNothing: Problem(Refusal.unavailable(cause))
        case let refusal as Refusal: Problem(refusal)
        case let fault as RequestFault: Problem(fault)
        case is CancellationError: Problem(Refusal.timedOut)
        default: Problem(500, Problem.fault, cause: "\(error)")
        }
      response = problem.response(requestID: request.id)
    }
    response.user = context.userName
    return response
  }

  /// Lets the handler answer. It decodes the request first, and its gate authorises the caller together with the work;
  /// but a large body is read only for callers who may do what it asks for, and what is wrong with a request is reported
  /// only to callers with a valid token.
  private func answer(
    _ request: Request, _ body: BodyStream?, along route: Route, _ values: [String],
    _ context: inout RequestContext
  ) async throws -> Response {
    let needsToken = route.operation.policy.needsToken
    // Nothing of the request is read for somebody without a token.
    if needsToken, context.bearer == nil { throw Refusal.unauthenticated(presented: false) }
    do {
      switch route.answer {
      case .whole(let handler):
        var request = request
        if let body {
          try await authorizer.permit(route.operation, &context)
          request.body = try await body.whole()
        }
        return try await handler(request, values, &context)
      case .streaming(let handler):
        guard let body else { throw Problem(500, Problem.fault, cause: "a body to be streamed was read") }
        return try await handler(request, body, values, &context)
      }
    } catch let problem as Problem where needsToken && context.userName == nil {
      try await authorizer.identify(&context)
      throw problem
    }
  }
}
