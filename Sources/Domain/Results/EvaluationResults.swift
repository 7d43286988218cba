import FoundationEssentials

/// The results of one run for an asset and a standard.
public struct EvaluationResults: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case pass = "Pass"
    case fail = "Fail"
    case unknown = "Unknown"
    case notApplicable = "NotApplicable"
    case error = "Error"
  }

  public struct Check: Sendable, Equatable {
    public var id: String
    public var outcome: Outcome
    public var evidence: String
    public var time: Date

    public init(id: String, outcome: Outcome, evidence: String, time: Date) {
      self.id = id
      self.outcome = outcome
      self.evidence = evidence
      self.time = time
    }
  }

  public var runID: UUID
  public var jobID: UUID
  public var assetID: UUID
  public var standardID: UUID
  /// nil if the collector did not report it.
  public var standardVersion: String?
  /// In the order in which they were reported.
  public var checks: [Check]

  public init(
    runID: UUID, jobID: UUID, assetID: UUID, standardID: UUID, standardVersion: String?, checks: [Check]
  ) {
    self.runID = runID
    self.jobID = jobID
    self.assetID = assetID
    self.standardID = standardID
    self.standardVersion = standardVersion
    self.checks = checks
  }
}
