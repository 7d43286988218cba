import FoundationEssentials
import Postgres

/// The names that exist in the directory, for the references of an import.
public struct KnownNames: Sendable {
  public struct Job: Sendable, Equatable {
    public var id: UUID
    public var name: String

    public init(id: UUID, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// What a file refers to by ID.
  public struct References: Sendable {
    public var runs: [UUID]
    public var assets: [UUID]
    public var standards: [UUID]

    public init(runs: [UUID], assets: [UUID], standards: [UUID]) {
      self.runs = runs
      self.assets = assets
      self.standards = standards
    }
  }

  public var folders: FolderPaths
  public var roles: [String]
  public var users: [String]
  public var jobs: [Job]
  /// The jobs of those requested runs that exist.
  public var jobOfRun: [UUID: UUID]
  /// Those of the requested assets that exist.
  public var assets: Set<UUID>
  /// Those of the requested standards that exist.
  public var standards: Set<UUID>

  public init(
    folders: FolderPaths, roles: [String], users: [String], jobs: [Job], jobOfRun: [UUID: UUID],
    assets: Set<UUID> = [], standards: Set<UUID> = []
  ) {
    self.folders = folders
    self.roles = roles
    self.users = users
    self.jobs = jobs
    self.jobOfRun = jobOfRun
    self.assets = assets
    self.standards = standards
  }

  private static let allRoles = Statement(
    "SELECT role_name FROM directory.roles ORDER BY directory.folded(role_name)")
  private static let allUsers = Statement(
    "SELECT user_name FROM directory.users ORDER BY directory.folded(user_name)")
  private static let allJobs = Statement(
    "SELECT job_id, job_name FROM directory.jobs ORDER BY directory.folded(job_name)")
  private static let jobsOfRuns = Statement(
    """
    SELECT r.run_id, j.job_id
    FROM store.job_runs r
    JOIN directory.jobs j USING (history_id)
    WHERE r.run_id = ANY ($1)
    """, .uuidArray)
  private static let existingAssets = Statement(
    "SELECT asset_id FROM directory.assets WHERE asset_id = ANY ($1)", .uuidArray)
  private static let existingStandards = Statement(
    "SELECT standard_id FROM directory.standards WHERE standard_id = ANY ($1)", .uuidArray)

  init(on connection: Connection, for references: References) async throws(PostgresError) {
    folders = try await FolderPaths(on: connection)
    let rows = try await connection.execute([
      Self.allRoles(), Self.allUsers(), Self.allJobs(), Self.jobsOfRuns(.uuids(references.runs)),
      Self.existingAssets(.uuids(references.assets)), Self.existingStandards(.uuids(references.standards)),
    ])
    roles = try rows[0].decoded { try $0(0) }
    users = try rows[1].decoded { try $0(0) }
    jobs = try rows[2].decoded { try Job(id: $0(0), name: $0(1)) }
    jobOfRun = Dictionary(try rows[3].decoded { try ($0(0), $0(1)) }) { first, _ in first }
    assets = Set(try rows[4].decoded { try $0(0) })
    standards = Set(try rows[5].decoded { try $0(0) })
  }
}
