import Domain
import FoundationEssentials
import HTTPServer

/// How the HTTP server sees the router.
extension Router: Application {
  /// For a request that no route answers, in bytes.
  private static let unroutedBodyLimit = 1 << 20

  /// Maximum length of a body that is read before it is known whether its sender may do what it asks for, in bytes.
  private static let unauthorizedBody = 4096

  private func isLarge(_ request: Request) -> Bool {
    request.bodyLength.map { $0 > Self.unauthorizedBody } ?? true
  }

  public func newRequestID() -> UUID { .timeOrdered() }

  public func plan(for request: Request) -> RequestPlan {
    switch destination(method: request.method, path: request.target.segments) {
    case .problem(let problem, let template):
      return RequestPlan(
        route: template, operation: "none", bodyLimit: Self.unroutedBodyLimit,
        answer: .refusal(problem.response(requestID: request.id)))
    case .route(let route, let values):
      let answer: RequestPlan.Answer =
        switch route.answer {
        case .whole where !route.readsBody:
          .ignoringBody { await respond(to: $0, along: route, values: values) }
        case .whole where !isLarge(request) || !route.operation.policy.needsToken:
          .whole { await respond(to: $0, along: route, values: values) }
        case .whole: .onDemand { await respond(to: $0, body: $1, along: route, values: values) }
        case .streaming: .streaming { await respond(to: $0, body: $1, along: route, values: values) }
        }
      return RequestPlan(
        route: route.template, operation: route.operation.title, bodyLimit: route.bodyLimit,
        longestWait: route.longestWait, answer: answer)
    }
  }

  public func response(to fault: RequestFault, requestID: UUID) -> Response {
    Problem(fault).response(requestID: requestID)
  }
}
