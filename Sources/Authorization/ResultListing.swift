import Domain
import FoundationEssentials
import Repository

/// The results of a run, read part by part, so that an answer of any length takes little memory.
public struct ResultListing: Sendable {
  private let store: Results
  private let history: UUID
  private var unread: ArraySlice<(row: Int, bytes: Int)>
  /// With the checks of the first part.
  public let results: EvaluationResults

  init(_ found: Results.Found, _ store: Results) {
    self.store = store
    history = found.historyID
    unread = found.unread[...]
    results = found.results
  }

  /// The checks after those that have been returned; none at the end.
  public mutating func next() async throws(Refusal) -> [EvaluationResults.Check] {
    let part = unread.prefix(upTo: Results.bytesRead, of: \.bytes)
    guard !part.isEmpty else { return [] }
    unread = unread.dropFirst(part.count)
    let (store, history, run) = (store, history, results.runID)
    let checks = try await refusing { () async throws(RepositoryError) in
      try await store.checks(part.map(\.row), run: run, history: history)
    }
    guard let checks else {
      throw .conflict("Results of the job run \(run.guidString) were removed while they were read.")
    }
    return checks
  }

  /// Whether there are no more.
  public var isAtEnd: Bool { unread.isEmpty }
}
