/// The last batch of each kind that is stored wholly; 0 for none.
///
/// A collector that takes a run over begins with the batches after these. It cuts its rows as the former collector did,
/// or it cannot know which of them are stored and fails the run.
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
