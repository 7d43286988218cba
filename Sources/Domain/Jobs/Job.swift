import FoundationEssentials

/// A job as the directory holds it.
public struct Job: Sendable, Equatable {
  public enum Category: String, Sendable {
    /// Created by the installation; never deleted through the API.
    case system = "System"
    case userDefined = "UserDefined"
  }

  public var id: UUID
  public var name: String
  public var description: String
  /// One of ``userTypes``, or any other word for a system job.
  public var type: String
  public var category: Category
  /// The name of the user who created it; nil for a system job.
  public var createdBy: String?
  public var createdAt: Date
  public var modifiedAt: Date
  public var lastRunStatus: JobRun.Status?
  public var lastRunAt: Date?
  public var nextRunAt: Date?
  /// The `JobDetails` it was created with, as JSON text.
  public var configuration: String?
  /// The number of the definition's version, from 1; runs do not change it.
  public var version: Int

  public init(
    id: UUID, name: String, description: String, type: String, category: Category, createdBy: String?,
    createdAt: Date, modifiedAt: Date, lastRunStatus: JobRun.Status?, lastRunAt: Date?, nextRunAt: Date?,
    configuration: String?, version: Int
  ) {
    self.id = id
    self.name = name
    self.description = description
    self.type = type
    self.category = category
    self.createdBy = createdBy
    self.createdAt = createdAt
    self.modifiedAt = modifiedAt
    self.lastRunStatus = lastRunStatus
    self.lastRunAt = lastRunAt
    self.nextRunAt = nextRunAt
    self.configuration = configuration
    self.version = version
  }

  /// The types that users create; only these show their configuration.
  public static let userTypes = ["CollectionEvaluationJob", "CollectionJob", "EvaluationJob"]
}
