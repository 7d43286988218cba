import Domain
import EventLoop
import FoundationEssentials
import Observability
import Postgres
import Repository
import Synchronization

@testable import Authorization

/// Answers as `auth.authorize` would, for every token.
struct FakeCallers: CallerLookup {
  static let ann = Caller(userID: UUID(), userName: "ann")

  var answer: Authorizations.Answer? = Authorizations.Answer(caller: ann, missing: nil)

  func authorize(
    accessHash: [UInt8], for requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> Authorizations.Answer? { answer }
}

extension RequestContext {
  static var withToken: RequestContext { RequestContext(requestID: UUID(), bearer: "a token") }
}

extension Observer {
  static let silent = Observer(log: Log(descriptor: -1), metrics: Metrics(version: "tests"))
}

/// A repository whose pool is never started.
func withUnusedRepository(_ body: (Repository) async throws -> Void) async rethrows {
  let loop = EventLoop(name: "tests")
  defer { loop.stop() }
  let pool = Pool(
    loop: loop, settings: ConnectionSettings(conninfo: "", applicationName: "tests"),
    limits: .init(connections: 1, queueLimit: 1, queueTimeout: .seconds(1)), report: { _ in })
  try await body(Repository(pool: pool))
}
