import Domain
import FoundationEssentials
import Repository
import Synchronization
import Testing

@testable import Authorization

/// Answers every deletion with the same outcome.
private final class FakeDeletion: JobDeleting {
  private let outcome: JobDeletion.Outcome
  private let missing: String?
  private let rowsLeft: Bool
  private let versionsAsked = Mutex<[Int]??>(nil)

  init(_ outcome: JobDeletion.Outcome, missing: String? = nil, rowsLeft: Bool = false) {
    self.outcome = outcome
    self.missing = missing
    self.rowsLeft = rowsLeft
  }

  private let counted = Mutex<[UUID]>([])

  /// The requests whose refusals were put on record.
  var refusalsCounted: [UUID] { counted.withLock { $0 } }

  func countRefusal(_ deletion: JobDeletion, requestID: UUID) async throws(RepositoryError) {
    counted.withLock { $0.append(requestID) }
  }

  /// What the gate asked for last.
  var versions: [Int]?? { versionsAsked.withLock { $0 } }

  func delete(
    jobs: [UUID], versions: [Int]?, remove: Bool, requestID: UUID, rowBound: Int, accessHash: [UInt8],
    requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> [JobDeletion] {
    versionsAsked.withLock { $0 = .some(versions) }
    return jobs.map {
      JobDeletion(
        jobID: $0, outcome: outcome, userName: outcome == .unknownCaller ? nil : "ann", missing: missing,
        jobName: nil, runs: 1, rowsLeft: rowsLeft, rowsErased: 0)
    }
  }
}

/// A job that may be seen, or not.
private struct FakeReading: JobReading {
  let reader: Authorizations.Answer?
  let found: Job?

  func job(
    id: UUID, accessHash: [UInt8], requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> (reader: Authorizations.Answer?, job: Job?) { (reader, found) }

  func job(named name: String) async throws(RepositoryError) -> Job? { nil }

  func search(
    _ search: JobSearch, _ page: SearchPage
  ) async throws(RepositoryError) -> SearchResult<Job> { throw .failed("nothing is searched here") }

  func jobs(_ ids: [UUID]) async throws(RepositoryError) -> [Job] { throw .failed("nothing is read here") }
}

@Suite("The gate to jobs")
struct JobGateTests {
  private static let id = UUID(uuidString: "754F7C7E-884A-4420-AF72-1FED35D3EFC1")!

  /// Deletes a job, with what the context knows afterwards.
  private func delete(
    _ deletion: FakeDeletion, if precondition: JobPrecondition = .none,
    _ context: RequestContext = .withToken, rowsLeft: @escaping @Sendable () -> Void = {}
  ) async -> (refusal: Refusal?, user: String?) {
    var context = context
    var refusal: Refusal?
    await withUnusedRepository { repository in
      let gate = JobGate(
        authorizer: Authorizer(callers: FakeCallers()), jobs: FakeReading(reader: nil, found: nil),
        definitions: repository.jobDefinitions, deletion: deletion, deletionRowBound: 1,
        shares: SearchShares(perUser: 1), observer: .silent, rowsLeft: rowsLeft)
      do throws(Refusal) {
        _ = try await gate.delete([Self.id], if: precondition, remove: true, &context)
      } catch {
        refusal = error
      }
    }
    return (refusal, context.userName)
  }

  @Test("What was not deleted is refused with the reason, and the log has the user all the same")
  func refusals() async {
    let id = Self.id.guidString
    for (outcome, refusal) in [
      (JobDeletion.Outcome.done, nil), (.notFound, .notFound("The job \(id) does not exist.")),
      (.notPermitted, .forbidden("Delete Job needs the task \"Manage jobs\".")),
      (.systemJob, .forbidden("The job \(id) is a system job. A system job cannot be deleted.")),
      (
        .notCreator,
        .forbidden("The job \(id) was created by another user. Only its creator can delete it.")
      ), (.locked, .unavailable("the job is locked")),
    ] as [(JobDeletion.Outcome, Refusal?)] {
      let deletion = FakeDeletion(outcome, missing: outcome == .notPermitted ? "Manage jobs" : nil)
      #expect(await delete(deletion) == (refusal, "ann"))
      let isForbidden = [.notPermitted, .systemJob, .notCreator].contains(outcome)
      #expect(deletion.refusalsCounted.count == (isForbidden ? 1 : 0), "what is forbidden is on record")
    }
    #expect(await delete(FakeDeletion(.unknownCaller)) == (.unauthenticated(presented: true), nil))
  }

  @Test("Without a token nothing is asked for")
  func noToken() async {
    let deletion = FakeDeletion(.done)
    #expect(
      await delete(deletion, RequestContext(requestID: UUID())) == (.unauthenticated(presented: false), nil))
    #expect(deletion.versions == nil)
  }

  @Test("A precondition is one on the version, and the refusal says which of the two did not hold")
  func preconditions() async {
    for (precondition, versions, word) in [
      (JobPrecondition.none, nil, "If-Match"), (.versions([3, 7]), [3, 7], "If-Match"),
      (.absent, [], "If-None-Match"),
    ] as [(JobPrecondition, [Int]?, String)] {
      let deletion = FakeDeletion(.changed)
      let (refusal, _) = await delete(deletion, if: precondition)
      #expect(deletion.versions == .some(versions))
      guard case .preconditionFailed(let text) = refusal else {
        Issue.record("\(precondition)")
        continue
      }
      #expect(text.contains(word))
    }
  }

  @Test("The eraser is woken if, and only if, a deletion has left rows to it", arguments: [true, false])
  func rowsLeft(rowsLeft: Bool) async {
    let (woken, continuation) = AsyncStream.makeStream(of: Void.self)
    _ = await delete(FakeDeletion(.done, rowsLeft: rowsLeft)) { continuation.yield() }
    continuation.finish()
    #expect(await woken.reduce(0) { count, _ in count + 1 } == (rowsLeft ? 1 : 0))
  }

  @Test("A job is shown to whoever may see it; to nobody else, not even that it does not exist")
  func reading() async {
    let job = Job(
      id: Self.id, name: "job", description: "", type: "CollectionJob", category: .userDefined,
      createdBy: "ann", createdAt: Date(), modifiedAt: Date(), lastRunStatus: nil, lastRunAt: nil,
      nextRunAt: nil, configuration: nil, version: 1)
    let permitted = Authorizations.Answer(caller: FakeCallers.ann, missing: nil)
    let refused = Authorizations.Answer(caller: FakeCallers.ann, missing: "View all jobs")
    let forbidden = Refusal.forbidden("Search Job by ID needs the task \"View all jobs\".")
    for (reader, found, refusal) in [
      (permitted, job, nil), (permitted, nil, .notFound("The job \(Self.id.guidString) does not exist.")),
      (refused, job, forbidden), (refused, nil, forbidden),
      (nil, job, .unauthenticated(presented: true)),
    ] as [(Authorizations.Answer?, Job?, Refusal?)] {
      await withUnusedRepository { repository in
        let gate = JobGate(
          authorizer: Authorizer(callers: FakeCallers()), jobs: FakeReading(reader: reader, found: found),
          definitions: repository.jobDefinitions, deletion: FakeDeletion(.done),
          deletionRowBound: 1, shares: SearchShares(perUser: 1), observer: .silent, rowsLeft: {})
        var context = RequestContext.withToken
        do throws(Refusal) {
          #expect(try await gate.job(Self.id, &context) == job)
          #expect(refusal == nil)
        } catch {
          #expect(error == refusal)
        }
        #expect(context.userName == reader?.caller.userName)
      }
    }
  }
}
