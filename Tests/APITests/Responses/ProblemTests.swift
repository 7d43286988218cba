import Domain
import FoundationEssentials
import HTTPServer
import JSON
import Testing

@testable import API
@testable import Authorization

@Suite("Problems")
struct ProblemTests {
  private struct Body: Decodable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let requestId: String
    let outcome: String?
  }

  @Test(
    "Each refusal has its status, its text and its fields",
    arguments: [
      (
        Refusal.unauthenticated(presented: false), 401, "Unauthorized",
        ["WWW-Authenticate": #"Bearer realm="ccs""#]
      ),
      (
        .unauthenticated(presented: true), 401, "Unauthorized",
        ["WWW-Authenticate": #"Bearer realm="ccs", error="invalid_token""#]
      ),
      (.invalid("JobID is invalid."), 400, "Bad Request", [:]),
      (.forbidden("no \"task\""), 403, "Forbidden", [:]),
      (.notFound("no job"), 404, "Not Found", [:]),
      (.conflict("the run is over"), 409, "Conflict", [:]),
      (.preconditionFailed("the job has changed"), 412, "Precondition Failed", [:]),
      (
        .invalidFields(JSONProblemList([JSONProblem(.root / "A", .rule("is required"))])), 400,
        "Bad Request", [:]
      ),
      (
        .invalidLines(
          JSONProblemList([JSONProblem(.root / 7 / "Outcome", .rule("is required"))]), rowsStored: 1),
        400, "Bad Request", [:]
      ),
      (.unavailable("secret host"), 503, "Service Unavailable", ["Retry-After": "2"]),
      (.outcomeUnknown("secret host"), 503, "Service Unavailable", ["Retry-After": "2"]),
      (.timedOut, 503, "Service Unavailable", ["Retry-After": "5"]),
      (.failed("secret SQL"), 500, "Internal Server Error", [:]),
    ])
  func refusals(refusal: Refusal, status: Int, title: String, headers: [String: String]) throws {
    let id = UUID()
    let response = Problem(refusal).response(requestID: id)
    #expect(response.status == status)
    var fields = Dictionary(uniqueKeysWithValues: response.headers.map { ($0.name, $0.value) })
    #expect(fields.removeValue(forKey: "Content-Type") == "application/problem+json")
    #expect(fields == headers)
    let body = try JSONDecoder().decode(Body.self, from: Data(response.body))
    #expect(body.type == "about:blank" && body.title == title && body.status == status)
    #expect(body.requestId == id.uuidString.lowercased())
    #expect(body.outcome == (refusal == .outcomeUnknown("secret host") ? "unknown" : nil))
    switch refusal {
    case .invalid(let text), .forbidden(let text), .notFound(let text), .conflict(let text),
      .preconditionFailed(let text):
      #expect(body.detail == text && response.detail == text)
    case .unavailable(let cause), .outcomeUnknown(let cause), .failed(let cause):
      #expect(!String(decoding: response.body, as: UTF8.self).contains(cause), "the client is not told")
      #expect(response.detail == cause, "the log is")
    case .invalidFields: #expect(body.detail == "1 field is wrong. /A is required.")
    case .invalidLines(_, let rowsStored):
      #expect(rowsStored == 1)
      #expect(
        body.detail == "1 field is wrong. /7/Outcome is required. Of this batch 1 row from its beginning is"
          + " stored; correct the others and send the whole batch again.")
    case .unauthenticated, .timedOut: #expect(!body.detail.isEmpty)
    }
  }

  @Test("Of many faults the first hundred are listed, and how many more there are")
  func manyFaults() throws {
    struct Errors: Decodable {
      struct Field: Decodable { let pointer: String }
      let detail: String
      let errors: [Field]
      let moreErrors: Int?
    }
    for (count, more) in [(100, nil), (101, 1), (100_000, 99_900)] {
      let problems = JSONProblems()
      for index in 0..<count { problems.note(.root / index, rule: "is bad") }
      let answer = Problem(.invalidFields(problems.all)).response(requestID: UUID()).body
      let body = try JSONDecoder().decode(Errors.self, from: Data(answer))
      #expect(body.errors.map(\.pointer) == (0..<100).map { "/\($0)" })
      #expect(body.moreErrors == more)
      let listed = more == nil ? "" : " The first 100 are listed."
      #expect(body.detail == "\(count) fields are wrong. /0 is bad.\(listed)")
    }
  }

  @Test("A fault is told in the documented sentence, and in no other word")
  func fault() throws {
    let response = Problem(.failed("x")).response(requestID: UUID())
    let body = try JSONDecoder().decode(Body.self, from: Data(response.body))
    let sentence =
      "Server encountered an error while serving request. Please contact administrator if problem persists."
    #expect(body.detail == sentence)
  }

  @Test(
    "What the server itself refuses has its status",
    arguments: [
      (RequestFault.headTooLarge(limit: 1), 431), (.hostMissing, 400), (.conflictingLengths, 400),
      (.invalidContentLength, 400), (.unknownTransferCoding, 400), (.bodyTooLarge(limit: 1), 413),
      (.busy, 503),
    ])
  func faults(fault: RequestFault, status: Int) {
    #expect(Problem(fault).status == status)
  }

  @Test("Every status that is answered with a problem has its title (RFC 9110, section 15)")
  func titles() throws {
    let titles = [
      400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
      413: "Content Too Large", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
      503: "Service Unavailable",
    ]
    for (status, title) in titles {
      let response = Problem(status, "x").response(requestID: UUID())
      #expect(try JSONDecoder().decode(Body.self, from: Data(response.body)).title == title)
    }
  }

  @Test("Whatever goes wrong in a handler becomes a problem", arguments: 0..<4)
  func thrown(number: Int) async throws {
    struct Unexpected: Error {}
    let errors: [any Error] = [
      Problem(400, "JobID is invalid."), Refusal.notFound("none"), CancellationError(), Unexpected(),
    ]
    let error = errors[number]
    let route = Route("GET", "/x", .getLiveness, bodyLimit: 1, .whole { _, _, _ in throw error })
    let router = Router(routes: [route], authorizer: Authorizer(callers: Nobody()))
    let request = Request(
      id: UUID(), method: "GET", target: Target(Array("/x".utf8)), headers: Headers(), body: [], peer: "")
    let response = await router.respond(to: request, along: route, values: [])
    #expect(response.status == [400, 404, 503, 500][number])
    let body = try JSONDecoder().decode(Body.self, from: Data(response.body))
    #expect(body.requestId == request.id.uuidString.lowercased())
    if number == 3 {
      #expect(body.detail == Problem.fault && response.detail == "Unexpected()")
    }
  }

  @Test(
    "The outcome of a request that only reads is never unknown",
    arguments: [
      ("GET", Operation.searchJobs, nil), ("POST", .getEvaluationResults, nil),
      ("POST", .createJob, "unknown"),
      ("DELETE", .deleteJob, "unknown"),
    ])
  func outcome(method: String, operation: Authorization.Operation, outcome: String?) async throws {
    let route = Route(
      method, "/x", operation, bodyLimit: 1, .whole { _, _, _ in throw Refusal.outcomeUnknown("x") })
    let router = Router(routes: [route], authorizer: Authorizer(callers: Nobody()))
    let headers = Headers([("Authorization", "Bearer x")])
    let request = Request(
      id: UUID(), method: method, target: Target(Array("/x".utf8)), headers: headers, body: [], peer: "")
    let response = await router.respond(to: request, along: route, values: [])
    #expect(try JSONDecoder().decode(Body.self, from: Data(response.body)).outcome == outcome)
  }

  @Test("Without a token that is known nothing behind the gate is reached")
  func unauthenticated() async {
    let authorizer = Authorizer(callers: Nobody())
    let route = Route(
      "GET", "/x", .searchJobs, bodyLimit: 1,
      .whole { _, _, context in
        #expect(context.bearer == "abc")
        try await authorizer.permit(.searchJobs, &context)
        Issue.record("the gate let somebody in")
        return Response(status: 200)
      })
    let router = Router(routes: [route], authorizer: authorizer)
    let request = Request(
      id: UUID(), method: "GET", target: Target(Array("/x".utf8)),
      headers: Headers([(name: "Authorization", value: "Bearer abc")]), body: [], peer: "")
    #expect(await router.respond(to: request, along: route, values: []).status == 401)
  }
}
