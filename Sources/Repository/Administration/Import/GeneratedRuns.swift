import FoundationEssentials

/// Many runs that are made up, for demonstrations and for tests of scale; the same ones every time.
public struct GeneratedRuns: Sendable, Equatable {
  public var jobID: UUID
  /// For messages about the progress.
  public var jobName: String
  public var count: Int
  /// When the first run was queued.
  public var from: Date
  public var everyMinutes: Int
  public var triggeredBy: String
  public var messagesPerRun: Int
  public var collectedDataPerRun: Int
  public var resultsPerRun: Int
  /// The assets that messages, data and results speak of, in turn.
  public var assets: [UUID]
  public var standards: [UUID]

  public init(
    jobID: UUID, jobName: String, count: Int, from: Date, everyMinutes: Int, triggeredBy: String,
    messagesPerRun: Int, collectedDataPerRun: Int, resultsPerRun: Int, assets: [UUID], standards: [UUID]
  ) {
    self.jobID = jobID
    self.jobName = jobName
    self.count = count
    self.from = from
    self.everyMinutes = everyMinutes
    self.triggeredBy = triggeredBy
    self.messagesPerRun = messagesPerRun
    self.collectedDataPerRun = collectedDataPerRun
    self.resultsPerRun = resultsPerRun
    self.assets = assets
    self.standards = standards
  }

  /// The run itself and what it leaves behind.
  public var rowsPerRun: Int { 1 + messagesPerRun + collectedDataPerRun + resultsPerRun }

  /// The runs in portions of about 20,000 rows, by their numbers.
  var portions: [Range<Int>] {
    let size = max(1, min(5000, 20_000 / rowsPerRun))
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }
}
