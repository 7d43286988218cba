/// The last completely stored batch of each kind; 0 for none.
///
/// A collector that takes a run over continues after these. It must split its rows into batches as the previous collector
/// did, or it cannot know which of them are stored and fails the run.
public struct StoredBatches: Sendable, Equatable {
  public var messages: Int
  public var collectedData: Int
  public var results: Int

  public init(messages: Int, collectedData: Int, results: Int) {
    self.messages = messages
    self.collectedData = collectedData
    self.results = results
  }
}
