import Domain
import FoundationEssentials
import Repository

/// The runs of a job, read part by part, so that an answer of any length takes little memory.
///
/// Every part is of the history that the job had at the beginning: if it is purged meanwhile, the next part is refused, and
/// never missing without a word.
public struct RunListing: Sendable {
  /// The most runs of a part.
  private static let part = 200

  private let store: JobRuns
  private let job: UUID
  private let history: UUID
  /// Those that have been read and not been taken; one more than wanted if there is one.
  private var runs: [JobRun]
  /// The number of runs still to be returned, those that have been read included.
  private var wanted: Int
  /// More runs may follow those that have been read.
  private var isOpen: Bool

  /// - Returns: nil if there is no such job.
  init?(
    _ job: UUID, count: Int, after last: JobRun.Position?, _ store: JobRuns
  ) async throws(Refusal) {
    let part = min(count, Self.part)
    let page = try await refusing { () async throws(RepositoryError) in
      try await store.page(job: job, after: last, limit: part + 1)
    }
    guard let page else { return nil }
    self.job = job
    self.store = store
    history = page.historyID
    runs = page.runs
    wanted = count
    isOpen = page.runs.count > part
  }

  /// Whether runs follow, taken or not, that have not been asked for.
  public var hasMore: Bool { wanted == 0 && !runs.isEmpty }

  /// Takes the next runs; none at the end.
  public mutating func next() async throws(Refusal) -> [JobRun] {
    let taken = Array(runs.prefix(min(wanted, Self.part)))
    wanted -= taken.count
    runs.removeFirst(taken.count)
    guard isOpen, wanted > 0, let last = taken.last else { return taken }
    // The first of them has been read already, as the one more.
    let (store, job, history, part) = (store, job, history, min(wanted, Self.part))
    let page = try await refusing { () async throws(RepositoryError) in
      try await store.page(job: job, history: history, after: last.position, limit: part + 1)
    }
    guard let page else { throw changed }
    runs = page.runs
    isOpen = page.runs.count > part
    return taken
  }

  /// The next messages of runs that have been taken.
  ///
  /// - Parameter last: The number of the first run's message after which to begin; nil for its beginning.
  public func messages(
    of runs: some Collection<JobRun>, after last: Int?
  ) async throws(Refusal) -> JobRuns.Messages {
    let (store, job, history, ids) = (store, job, history, runs.map(\.id))
    let messages = try await refusing { () async throws(RepositoryError) in
      try await store.messages(of: ids, job: job, history: history, after: last)
    }
    guard let messages else { throw changed }
    return messages
  }

  private var changed: Refusal {
    .conflict("Runs of the job \(job.guidString) were removed while they were read.")
  }
}
