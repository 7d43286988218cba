import FoundationEssentials

/// The body of Update Job: the fields of a job to change or remove.
public struct JobUpdate: Sendable, Equatable {
  public let jobID: UUID
  public let details: JobDetails

  public init(jobID: UUID, details: JobDetails) {
    self.jobID = jobID
    self.details = details
  }
}
