import FoundationEssentials
import HTTPServer
import Testing

@testable import API
@testable import Authorization

@Suite("Routing")
struct RoutingTests {
  private static let ok: Route.Handler = { _, _, _ in Response(status: 200) }

  private static let router = Router(
    routes: [
      Route("GET", "/ccs/api/v1/Jobs/{JobID}", .searchJobByID, bodyLimit: 1, .whole(ok)),
      Route("DELETE", "/ccs/api/v1/Jobs", .deleteJob, bodyLimit: 1, .whole(ok)),
      Route("GET", "/ccs/api/v1/Jobs", .searchJobs, bodyLimit: 1, .whole(ok)),
    ], authorizer: Authorizer(callers: Nobody()))

  private func problem(_ method: String, _ path: [String]?) -> Problem? {
    if case .problem(let problem, _) = Self.router.destination(method: method, path: path) {
      problem
    } else {
      nil
    }
  }

  @Test("Paths are matched without case, and their parameters are kept as sent")
  func match() {
    guard
      case .route(let route, let values) = Self.router.destination(
        method: "GET", path: ["CCS", "Api", "V1", "jobs", "AbC"])
    else {
      Issue.record("no route")
      return
    }
    #expect(route.operation == .searchJobByID)
    #expect(values == ["AbC"])
  }

  @Test("HEAD goes where GET goes")
  func head() {
    #expect(problem("HEAD", ["ccs", "api", "v1", "jobs"]) == nil)
  }

  @Test("Another method is 405 with Allow, another path 404, a malformed one 400")
  func refusals() {
    let refused = problem("PUT", ["ccs", "api", "v1", "jobs"])
    #expect(refused?.status == 405)
    #expect(refused?.headers.first { $0.name == "Allow" }?.value == "DELETE, GET, HEAD")
    #expect(problem("GET", ["ccs", "api", "v1"])?.status == 404)
    #expect(problem("GET", nil)?.status == 400)
  }

  /// The members of the document that the routing table must agree with.
  private struct Document: Decodable {
    struct Item: Decodable {
      let operationId: String
      let summary: String
      let security: [[String: [String]]]?
    }
    let openapi: String
    struct PathItem: Decodable {
      let get, put, post, delete, patch, head, options, trace: Item?

      var items: [String: Item] {
        [
          "GET": get, "PUT": put, "POST": post, "DELETE": delete, "PATCH": patch, "HEAD": head,
          "OPTIONS": options, "TRACE": trace,
        ].compactMapValues(\.self)
      }
    }
    let paths: [String: PathItem]
    let security: [[String: [String]]]?
  }

  @Test("Operations, policies, routes and the OpenAPI document say the same")
  func document() async throws {
    let document = try JSONDecoder().decode(Document.self, from: Data(OpenAPIDocument.bytes))
    #expect(document.openapi.hasPrefix("3.1."))
    var described: [String: Document.Item] = [:]
    for (path, pathItem) in document.paths {
      for (method, item) in pathItem.items { described["\(method) \(path.lowercased())"] = item }
    }
    var routes: [Route] = []
    await withRefusingGates { routes = RoutingTable.routes($0, .tests) }
    // Each operation has one route.
    let served = routes.flatMap { [$0.operation] + $0.variants }
    #expect(Set(served) == Set(Operation.allCases) && served.count == Operation.allCases.count)
    #expect(Set(described.keys) == Set(routes.map { "\($0.method) \($0.template.lowercased())" }))
    for route in routes {
      let item = try #require(described["\(route.method) \(route.template.lowercased())"])
      #expect(item.operationId == route.operation.rawValue)
      #expect(item.summary == route.operation.title)
      let security = item.security ?? document.security ?? []
      #expect(security.isEmpty == !route.operation.policy.needsToken, "\(route.template)")
      for variant in route.variants { #expect(variant.policy == route.operation.policy) }
    }
  }
}

@Suite("Who is told what")
struct RouterTests {
  private func response(
    _ handler: @escaping Route.Handler, _ operation: Operation = .searchJobs, bearer: String?
  ) async -> Response {
    let route = Route("GET", "/", operation, bodyLimit: .max, .whole(handler))
    let headers = Headers(bearer.map { [("Authorization", "Bearer \($0)")] } ?? [])
    return await Router(routes: [route], authorizer: Authorizer(callers: Nobody())).respond(
      to: Request(
        id: UUID(), method: "GET", target: Target(Array("/".utf8)), headers: headers, peer: ""), along: route,
      values: [])
  }

  @Test("What is wrong with a request is reported only to callers with a valid token; the log has their name")
  func wrongRequest() async {
    let wrong: Route.Handler = { _, _, _ in throw Problem(400, "wrong") }
    for (bearer, status, user) in [(nil, 401, nil), ("x", 401, nil), ("nobody", 400, "nobody")]
      as [(String?, Int, String?)]
    {
      let response = await response(wrong, bearer: bearer)
      #expect(response.status == status && response.user == user)
    }
    #expect(await response(wrong, .getToken, bearer: nil).status == 400)
  }

  @Test(
    "A large body is read only for callers who may do what it asks for, and one that means nothing is not kept",
    arguments: [
      ("POST", Operation.createJob, 4096, "whole"), ("POST", .createJob, 4097, "onDemand"),
      ("PATCH", .updateJob, nil, "onDemand"), ("POST", .getToken, 4097, "whole"),
      ("GET", .searchJobs, 1_000_000, "ignoringBody"), ("DELETE", .deleteJob, nil, "ignoringBody"),
    ] as [(String, Operation, Int?, String)])
  func largeBody(method: String, operation: Operation, length: Int?, expected: String) {
    let route = Route(method, "/", operation, bodyLimit: .max, .whole { _, _, _ in Response(status: 204) })
    let plan = Router(routes: [route], authorizer: Authorizer(callers: Nobody())).plan(
      for: Request(
        id: UUID(), method: method, target: Target(Array("/".utf8)), headers: Headers(), bodyLength: length,
        peer: ""))
    let found =
      switch plan.answer {
      case .refusal: "refusal"
      case .ignoringBody: "ignoringBody"
      case .whole: "whole"
      case .onDemand: "onDemand"
      case .streaming: "streaming"
      }
    #expect(found == expected)
  }

  @Test("A refusal by a gate has the user, too, and any other error is an internal one")
  func refusals() async {
    let authorizer = Authorizer(callers: Nobody())
    let refused = await response(
      { _, _, context in
        try await authorizer.permit(.searchJobs, &context)
        return Response(status: 200)
      }, bearer: "nobody")
    #expect(refused.status == 403 && refused.user == "nobody")
    struct Unknown: Error {}
    let failed = await response({ _, _, _ in throw Unknown() }, bearer: "nobody")
    #expect(failed.status == 500 && failed.detail?.contains("Unknown") == true)
    let cancelled = await response({ _, _, _ in throw CancellationError() }, bearer: "nobody")
    #expect(cancelled.status == 503)
  }
}
