import FoundationEssentials

/// Everything that an import writes, with every reference resolved.
///
/// Rows are given to PostgreSQL as JSON, many at a time: a property `folderID` is there `folder_id`. In a row
/// of a thing that exists already, nil leaves what it has.
public struct ImportRows: Sendable {
  public struct Folder: Sendable, Encodable {
    public var id: UUID
    public var parentID: UUID
    public var name: String
    /// How many folders it is below its root, from 1.
    public var depth: Int

    public init(id: UUID, parentID: UUID, name: String, depth: Int) {
      self.id = id
      self.parentID = parentID
      self.name = name
      self.depth = depth
    }
  }

  public struct Asset: Sendable, Encodable {
    public var id: UUID
    public var name: String
    public var type: String
    public var folderID: UUID

    public init(id: UUID, name: String, type: String, folderID: UUID) {
      self.id = id
      self.name = name
      self.type = type
      self.folderID = folderID
    }
  }

  public struct Standard: Sendable, Encodable {
    public var id: UUID
    public var name: String
    public var version: String?
    public var folderID: UUID

    public init(id: UUID, name: String, version: String?, folderID: UUID) {
      self.id = id
      self.name = name
      self.version = version
      self.folderID = folderID
    }
  }

  public struct Role: Sendable, Encodable {
    public var name: String
    public var description: String?
    /// All that the role shall permit; what else it permits is revoked.
    public var tasks: [String]?
    /// All that shall be open to the role; what else is open is revoked.
    public var folderIDs: [UUID]?

    public init(name: String, description: String?, tasks: [String]?, folderIDs: [UUID]?) {
      self.name = name
      self.description = description
      self.tasks = tasks
      self.folderIDs = folderIDs
    }

    enum CodingKeys: String, CodingKey {
      case name, description, tasks
      case folderIDs = "folderIds"
    }
  }

  public struct User: Sendable, Encodable {
    public var name: String
    public var disabled: Bool?
    /// The names of all roles that the user shall have; others are taken away.
    public var roles: [String]?

    public init(name: String, disabled: Bool?, roles: [String]?) {
      self.name = name
      self.disabled = disabled
      self.roles = roles
    }
  }

  public struct Job: Sendable, Encodable {
    public var id: UUID
    public var name: String
    public var description: String?
    public var type: String
    /// A user's name; nil for a system job.
    public var createdBy: String?
    /// Counts for a new job only; nil is now.
    public var createdAt: Date?
    /// `JobDetails` as JSON text.
    public var configuration: String?
    /// Counts where the configuration is new or has changed.
    public var nextRunAt: Date?
    /// In seconds; it and the two below count where there is a configuration.
    public var runTimeLimit: Int?
    public var keepRuns: Int?
    public var keepDays: Int?

    public init(
      id: UUID, name: String, description: String?, type: String, createdBy: String?, createdAt: Date?,
      configuration: String?, nextRunAt: Date?, runTimeLimit: Int?, keepRuns: Int?, keepDays: Int?
    ) {
      self.id = id
      self.name = name
      self.description = description
      self.type = type
      self.createdBy = createdBy
      self.createdAt = createdAt
      self.configuration = configuration
      self.nextRunAt = nextRunAt
      self.runTimeLimit = runTimeLimit
      self.keepRuns = keepRuns
      self.keepDays = keepDays
    }
  }

  /// The folders that are missing.
  public var folders: [Folder] = []
  /// How many folders of the file are there already.
  public var foldersUnchanged = 0
  public var assets: [Asset] = []
  public var standards: [Standard] = []
  public var roles: [Role] = []
  public var users: [User] = []
  public var jobs: [Job] = []
  public var runs: [ImportedRun] = []
  public var generatedRuns: [GeneratedRuns] = []

  public init() {}

  /// The jobs that the import touches, none twice.
  var jobIDs: [UUID] {
    Array(Set(jobs.map(\.id) + runs.map(\.jobID) + generatedRuns.map(\.jobID)))
  }
}
