import Domain
import EventLoop
import FoundationEssentials
import HTTPServer
import Observability
import Postgres
import Repository

@testable import API
@testable import Authorization

/// Knows one token, "nobody", whose holder may do nothing.
struct Nobody: CallerLookup, JobReading, JobDeleting {
  private static let hash = Token(text: "nobody").hash
  private static let caller = Caller(userID: UUID(), userName: "nobody")

  func authorize(
    accessHash: [UInt8], for requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> Authorizations.Answer? {
    guard accessHash == Self.hash else { return nil }
    return Authorizations.Answer(
      caller: Self.caller, missing: requirement == .validToken ? nil : "Manage jobs")
  }

  func job(
    id: UUID, accessHash: [UInt8], requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> (reader: Authorizations.Answer?, job: Job?) {
    (try await authorize(accessHash: accessHash, for: requirement), nil)
  }

  func job(named name: String) async throws(RepositoryError) -> Job? { nil }

  func search(
    _ search: JobSearch, _ page: SearchPage
  ) async throws(RepositoryError) -> SearchResult<Job> { throw .failed("nothing is searched here") }

  func jobs(_ ids: [UUID]) async throws(RepositoryError) -> [Job] { throw .failed("nothing is read here") }

  func delete(
    jobs: [UUID], versions: [Int]?, remove: Bool, requestID: UUID, rowBound: Int, accessHash: [UInt8],
    requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> [JobDeletion] {
    jobs.map {
      JobDeletion(
        jobID: $0, outcome: accessHash == Self.hash ? .notPermitted : .unknownCaller,
        userName: accessHash == Self.hash ? "nobody" : nil, missing: "Manage jobs", jobName: nil, runs: 0,
        rowsLeft: false, rowsErased: 0)
    }
  }

  func countRefusal(_ deletion: JobDeletion, requestID: UUID) async throws(RepositoryError) {}
}

/// Gates through which nobody comes, so that a request that could be decoded ends with that refusal. There is no
/// database behind them: the pool is never started.
func withRefusingGates(_ body: (Gates) async throws -> Void) async rethrows {
  let loop = EventLoop(name: "tests")
  defer { loop.stop() }
  let pool = Pool(
    loop: loop, settings: ConnectionSettings(conninfo: "", applicationName: "tests"),
    limits: .init(connections: 1, queueLimit: 1, queueTimeout: .seconds(1)), report: { _ in })
  let repository = Repository(pool: pool)
  let observer = Observer(log: Log(descriptor: -1), metrics: Metrics(version: "tests"))
  let authorizer = Authorizer(callers: Nobody())
  let shares = SearchShares(perUser: 1)
  try await body(
    Gates(
      authorizer: authorizer,
      jobs: JobGate(
        authorizer: authorizer, jobs: Nobody(), definitions: repository.jobDefinitions, deletion: Nobody(),
        deletionRowBound: 1, shares: shares, observer: observer, rowsLeft: {}),
      runs: RunGate(authorizer: authorizer, repository: repository, limits: .init(attempts: 1)),
      reports: ReportGate(
        authorizer: authorizer, reports: repository.reports, maximumUploads: 1, slots: UploadSlots(),
        observer: observer),
      results: ResultGate(authorizer: authorizer, repository: repository, maximumChecks: 1, shares: shares),
      inventory: InventoryGate(authorizer: authorizer, repository: repository, shares: shares),
      audit: AuditGate(authorizer: authorizer, repository: repository),
      signIn: SignIn(
        repository: repository,
        hasher: PasswordHasher(
          parameters: ScryptParameters(logN: 4, r: 1, p: 1), threads: 1, queueLimit: 0),
        settings: .init(accessLifetime: 1, refreshLifetime: 1, failures: .init(failures: 1, maximumDelay: 1)),
        observer: observer),
      readiness: { Readiness(schema: nil, notReady: []) }, metrics: { "" }))
}

extension RequestLimits {
  static let tests = RequestLimits(
    bodyBytes: 1, tokenBodyBytes: 1, bulkBodyBytes: 1, jobsPerRequest: 3,
    rowBytes: 1, messageCharacters: 1, job: .init(assets: 1, standards: 1))
}

/// What becomes of a request: the status and the text of the problem with the fields it names, or "decoded".
func outcome(
  _ handler: Route.Handler, _ request: Request, _ values: [String] = []
) async -> String {
  var context = RequestContext(requestID: request.id, bearer: "nobody")
  do {
    return "answered \(try await handler(request, values, &context).status)"
  } catch let problem as Problem {
    return ["\(problem.status)", problem.detail].joined(separator: " ")
      + problem.errors.map { " \($0.pointer)" }.joined()
  } catch Refusal.forbidden {
    return "decoded"
  } catch {
    return "\(error)"
  }
}
