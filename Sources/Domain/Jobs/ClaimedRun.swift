import FoundationEssentials

/// A run that a collector has claimed, with everything it needs to execute it.
public struct ClaimedRun: Sendable, Equatable {
  public var id: UUID
  public var jobID: UUID
  public var jobName: String
  /// One of ``Job/userTypes``.
  public var jobType: String
  /// The `JobDetails` the job was created with, as JSON text; nil if it has none.
  public var configuration: String?
  /// Proves that the collector holds the run; valid until another one claims it.
  public var lease: UUID
  public var leaseExpiresAt: Date
  /// 1 for the first collector that has claimed it.
  public var attempt: Int
  public var queuedAt: Date
  /// When the first collector claimed it.
  public var startedAt: Date
  /// When the run is ended because it takes too long; nil for never.
  public var endsAt: Date?
  /// What previous collectors have stored.
  public var lastBatch: StoredBatches

  public init(
    id: UUID, jobID: UUID, jobName: String, jobType: String, configuration: String?, lease: UUID,
    leaseExpiresAt: Date, attempt: Int, queuedAt: Date, startedAt: Date, endsAt: Date?,
    lastBatch: StoredBatches
  ) {
    self.id = id
    self.jobID = jobID
    self.jobName = jobName
    self.jobType = jobType
    self.configuration = configuration
    self.lease = lease
    self.leaseExpiresAt = leaseExpiresAt
    self.attempt = attempt
    self.queuedAt = queuedAt
    self.startedAt = startedAt
    self.endsAt = endsAt
    self.lastBatch = lastBatch
  }
}
