import Domain
import FoundationEssentials

/// A run of the past, with what it left behind.
public struct ImportedRun: Sendable {
  public struct Message: Sendable, Encodable {
    public var time: Date
    public var severity: String
    public var assetID: UUID?
    public var message: String

    public init(time: Date, severity: String, assetID: UUID?, message: String) {
      self.time = time
      self.severity = severity
      self.assetID = assetID
      self.message = message
    }
  }

  public struct Datum: Sendable, Encodable {
    public var time: Date
    public var assetID: UUID
    /// JSON text.
    public var data: String

    public init(time: Date, assetID: UUID, data: String) {
      self.time = time
      self.assetID = assetID
      self.data = data
    }
  }

  public struct Result: Sendable, Encodable {
    public var time: Date
    public var assetID: UUID
    public var standardID: UUID
    public var checkID: String
    public var outcome: String
    public var evidence: String

    public init(
      time: Date, assetID: UUID, standardID: UUID, checkID: String, outcome: String, evidence: String
    ) {
      self.time = time
      self.assetID = assetID
      self.standardID = standardID
      self.checkID = checkID
      self.outcome = outcome
      self.evidence = evidence
    }
  }

  /// nil for one that is made of the job, the time and ``sequence``, so that it is the same every time.
  public var id: UUID?
  public var jobID: UUID
  /// Tells apart the runs without an ID that have the same job and the same time, from 0.
  public var sequence: Int
  public var status: JobRun.Status
  public var triggeredBy: String
  public var queuedAt: Date
  public var startedAt: Date?
  public var endedAt: Date?
  public var messages: [Message]
  public var collectedData: [Datum]
  public var results: [Result]

  public init(
    id: UUID?, jobID: UUID, sequence: Int, status: JobRun.Status, triggeredBy: String, queuedAt: Date,
    startedAt: Date?, endedAt: Date?, messages: [Message], collectedData: [Datum], results: [Result]
  ) {
    self.id = id
    self.jobID = jobID
    self.sequence = sequence
    self.status = status
    self.triggeredBy = triggeredBy
    self.queuedAt = queuedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.messages = messages
    self.collectedData = collectedData
    self.results = results
  }
}
