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

  public var folders: FolderPaths
  public var roles: [String]
  public var users: [String]
  public var jobs: [Job]
  /// The jobs of those requested runs that exist.
  public var jobOfRun: [UUID: UUID]

  public init(
    folders: FolderPaths, roles: [String], users: [String], jobs: [Job], jobOfRun: [UUID: UUID]
  ) {
    self.folders = folders
    self.roles = roles
    self.users = users
    self.jobs = jobs
    self.jobOfRun = jobOfRun
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

  /// - Parameter runs: The run IDs that the file gives.
  init(on connection: Connection, runs: [UUID]) async throws(PostgresError) {
    folders = try await FolderPaths(on: connection)
    let rows = try await connection.execute([
      Self.allRoles(), Self.allUsers(), Self.allJobs(), Self.jobsOfRuns(.uuids(runs)),
    ])
    roles = try rows[0].decoded { try $0(0) }
    users = try rows[1].decoded { try $0(0) }
    jobs = try rows[2].decoded { try Job(id: $0(0), name: $0(1)) }
    jobOfRun = Dictionary(try rows[3].decoded { try ($0(0), $0(1)) }) { first, _ in first }
  }
}
