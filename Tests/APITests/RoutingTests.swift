import Authorization
import EventLoop
import FoundationEssentials
import HTTPServer
import Observability
import Postgres
import Repository
import Testing

@testable import API

@Suite("Routing")
struct RoutingTests {
  private static let nobody: @Sendable (Request, [String]) async throws -> Response = { _, _ in
    Response(status: 200)
  }

  private static let router = Router(
    routes: [
      Route("GET", "/ccs/api/v1/Jobs/{JobID}", operation: "One", bodyLimit: 1, access: .anybody(nobody)),
      Route("DELETE", "/ccs/api/v1/Jobs", operation: "Delete", bodyLimit: 1, access: .anybody(nobody)),
      Route("GET", "/ccs/api/v1/Jobs", operation: "Search", bodyLimit: 1, access: .anybody(nobody)),
    ], authenticate: { _ throws(Refusal) in throw .unauthenticated(presented: false) })

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
    #expect(route.operation == "One")
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

  /// The table that is served; the pool behind its handlers is never started.
  private static var table: [Route] {
    let observer = Observer(log: Log(level: .error), metrics: Metrics(version: "test"))
    let loop = EventLoop(name: "routing-test")
    defer { loop.stop() }
    let pool = Pool(
      loop: loop, settings: ConnectionSettings(conninfo: "", applicationName: "test"),
      limits: .init(connections: 1, queueLimit: 1, queueTimeout: .seconds(1)), report: { _ in })
    let repository = Repository(pool: pool)
    let jobs = JobService(
      repository: repository, settings: .init(deletionRowBound: 1, maximumRuns: 1, maximumMessages: 1),
      observer: observer,
      rowsLeft: {})
    let logins = Logins(
      repository: repository,
      hasher: PasswordHasher(parameters: ScryptParameters(logN: 4, r: 1, p: 1), threads: 1, queueLimit: 0),
      settings: .init(accessLifetime: 1, refreshLifetime: 1, failuresBeforeDelay: 1, maximumDelay: 1),
      observer: observer)
    return RoutingTable.routes(
      jobs: JobHandlers(service: jobs, maximumJobsPerRequest: 1),
      collection: CollectionHandlers(
        service: CollectionService(repository: repository, maximumAttempts: 1)),
      searches: SearchHandlers(jobs: jobs, service: SearchService(repository: repository)),
      results: ResultHandlers(service: ResultService(repository: repository, maximumChecks: 1)),
      authoring: JobAuthoringHandlers(
        service: JobAuthoring(repository: repository, limits: .init(assets: 1, standards: 1))),
      operating: JobOperationHandlers(service: JobOperating(repository: repository)),
      reports: ReportHandlers(
        service: ReportService(
          repository: repository,
          settings: .init(maximumUploads: 1, limits: .init(rowBytes: 1, messageCharacters: 1)),
          slots: UploadSlots(), observer: observer)),
      tokens: TokenHandlers(logins: logins),
      operation: OperationHandlers(unready: { [] }, metrics: { "" }), bodyLimit: 1, tokenBodyLimit: 1,
      bulkBodyLimit: 1)
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

  @Test("The OpenAPI document and the routing table name the same operations, with the same access")
  func document() throws {
    let document = try JSONDecoder().decode(Document.self, from: Data(OpenAPIDocument.bytes))
    #expect(document.openapi.hasPrefix("3.1."))
    var described: [String: Document.Item] = [:]
    for (path, pathItem) in document.paths {
      for (method, item) in pathItem.items { described["\(method) \(path.lowercased())"] = item }
    }
    let routes = Self.table
    #expect(Set(described.keys) == Set(routes.map { "\($0.method) \($0.template.lowercased())" }))
    for route in routes {
      let item = described["\(route.method) \(route.template.lowercased())"]
      let security = item?.security ?? document.security ?? []
      let needsToken = if case .anybody = route.access { false } else { true }
      #expect(security.isEmpty == !needsToken, "\(route.template)")
    }
    let identifiers = described.values.map(\.operationId)
    #expect(Set(identifiers).count == identifiers.count)
  }
}
