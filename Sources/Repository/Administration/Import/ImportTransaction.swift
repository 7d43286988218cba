import Domain
import FoundationEssentials
import Postgres

/// What an import writes, with every reference resolved.
///
/// Rows are passed to PostgreSQL as JSON: the property `folderID` becomes `folder_id`. In the row of an existing
/// thing, nil keeps the value that it has.
public struct ImportRows: Sendable {
  /// The folders to add.
  public var folders: [Folder] = []
  /// How many folders of the file exist.
  public var foldersUnchanged = 0
  public var assets: [Asset] = []
  public var standards: [Standard] = []
  public var roles: [Role] = []
  public var users: [User] = []
  public var jobs: [Job] = []
  public var runs: [ImportedRun] = []
  public var inventedRuns: [InventedRuns] = []

  public init() {}

  /// The distinct jobs that the import touches.
  var jobIDs: [UUID] {
    Array(Set(jobs.map(\.id) + runs.map(\.jobID) + inventedRuns.map(\.jobID)))
  }
}

extension DirectoryAdministration {
  // Concurrent imports could not see each other's folders.
  private static let oneAtATime = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('ccs-jobstore directory import', 0))")

  /// Writes a directory file in one transaction. A second import of the same file changes nothing.
  ///
  /// - Parameters:
  ///   - references: What the file refers to by ID.
  ///   - keeps: Whether to commit; otherwise everything is rolled back at the end.
  ///   - progress: Called after each portion of invented rows.
  ///   - plan: Resolves the file's references against what exists; nil to write nothing.
  /// - Returns: What was done; nil without a plan.
  public func importDirectory(
    _ references: KnownNames.References, keeps: Bool, by actor: String,
    progress: @Sendable (ImportProgress) -> Void,
    plan: @Sendable (KnownNames) -> ImportRows?
  ) async throws(RepositoryError) -> ImportSummary? {
    try await pool.changing { connection throws(PostgresError) -> TransactionEnd<ImportSummary?> in
      try await connection.run(Self.oneAtATime())
      guard let rows = plan(try await KnownNames(on: connection, for: references)) else {
        return .rollback(nil)
      }
      var summary = ImportSummary()
      try await connection.run(ImportedTable.lockJobs(.uuids(rows.jobIDs)))
      let touched = try await Self.writeDirectory(rows, to: &summary, on: connection)
      try await Self.writeHistories(rows, to: &summary, on: connection, progress: progress)
      for job in rows.jobs where job.runNow && touched.contains(job.id) {
        let outcome: String? = try await connection.first(
          ImportedTable.startRun(.uuid(job.id), .uuid(.timeOrdered()), .text(actor))
        ) { try $0(0) }
        if outcome == "started" { summary[.runs].added += 1 }
      }
      if summary.hasEffect { try await connection.run(Self.note(summary, by: actor)) }
      return keeps ? .commit(summary) : .rollback(summary)
    }
  }

  /// - Returns: The jobs that were added or changed.
  private static func writeDirectory(
    _ rows: ImportRows, to summary: inout ImportSummary, on connection: Connection
  ) async throws(PostgresError) -> Set<UUID> {
    let levels = Dictionary(grouping: rows.folders, by: \.depth).sorted { $0.key < $1.key }
    for (_, folders) in levels {
      _ = try await connection.run(ImportedTable.insertFolders, rows: folders)
    }
    summary[.folders].added = rows.folders.count
    summary[.folders].unchanged = rows.foldersUnchanged
    summary[.assets] = try await ImportedTable.assets.apply(rows.assets, on: connection)
    summary[.standards] = try await ImportedTable.standards.apply(rows.standards, on: connection)
    summary[.roles] = try await ImportedTable.roles.apply(rows.roles, on: connection)
    summary[.users] = try await ImportedTable.users.apply(rows.users, on: connection)
    _ = try await connection.run(ImportedTable.endSessions, rows: rows.users)
    let jobs = try await ImportedTable.jobs.touch(rows.jobs, on: connection)
    summary[.jobs] = jobs.counts
    return jobs.added.union(jobs.changed)
  }

  private static func writeHistories(
    _ rows: ImportRows, to summary: inout ImportSummary, on connection: Connection,
    progress: @Sendable (ImportProgress) -> Void
  ) async throws(PostgresError) {
    var added: [UUID: Int64] = [:]
    for job in try await ImportedRuns.apply(rows.runs, to: &summary, on: connection) {
      added[job, default: 0] += 1
    }
    for invented in rows.inventedRuns {
      let runs = try await InventedHistory.apply(
        invented, to: &summary, on: connection, progress: progress)
      added[invented.jobID, default: 0] += Int64(runs)
    }
    let counted = added.filter { $0.value > 0 }.map { ($0.key, $0.value) }
    try await connection.run(
      ImportedTable.countRuns(.uuids(counted.map(\.0)), .ints(counted.map(\.1))))
  }

  private static func note(_ summary: ImportSummary, by actor: String) -> Query {
    var details: [String: String] = [:]
    for kind in ImportSummary.Kind.allCases where summary[kind].added + summary[kind].changed > 0 {
      details[kind.rawValue] = "\(summary[kind].added) added, \(summary[kind].changed) changed"
    }
    return AuditNote.of(.importDirectory, by: actor, details)
  }
}
