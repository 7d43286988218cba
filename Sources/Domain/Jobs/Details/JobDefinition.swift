/// The body of Create Job.
public struct JobDefinition: Sendable, Equatable {
  public let name: String
  /// One of ``Job/userTypes``.
  public let type: String
  public let details: JobDetails

  public init(name: String, type: String, details: JobDetails) {
    self.name = name
    self.type = type
    self.details = details
  }
}
