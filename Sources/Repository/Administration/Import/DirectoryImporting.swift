import FoundationEssentials
import Postgres

extension DirectoryAdministration {
  // Two imports at once could not see each other's folders: one waits for the other.
  private static let oneAtATime = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('ccs-jobstore directory import', 0))")

  /// Brings the directory, and the histories, to what a file wants, in one transaction.
  ///
  /// What is there and not in the file stays. A second time nothing changes.
  ///
  /// - Parameters:
  ///   - runs: The runs whose IDs the file gives.
  ///   - keeps: Whether the result is kept; else everything is taken back at the end.
  ///   - progress: Called now and then while many rows are made.
  ///   - plan: Resolves the file's references, knowing what is there; nil to leave everything as it is.
  /// - Returns: What was done; nil if there was no plan.
  public func importDirectory(
    runs: [UUID], keeps: Bool, by actor: String, progress: @Sendable (ImportProgress) -> Void,
    plan: @Sendable (KnownNames) -> ImportRows?
  ) async throws(RepositoryError) -> ImportSummary? {
    try await pool.changing { connection throws(PostgresError) -> TransactionEnd<ImportSummary?> in
      try await connection.run(Self.oneAtATime())
      guard let rows = plan(try await KnownNames(on: connection, runs: runs)) else {
        return .rollback(nil)
      }
      var summary = ImportSummary()
      try await connection.run(ImportedTable.lockJobs(.uuids(rows.jobIDs)))
      try await Self.writeDirectory(rows, to: &summary, on: connection)
      try await Self.writeHistories(rows, to: &summary, on: connection, progress: progress)
      if summary.hasEffect { try await connection.run(Self.note(summary, by: actor)) }
      return keeps ? .commit(summary) : .rollback(summary)
    }
  }

  private static func writeDirectory(
    _ rows: ImportRows, to summary: inout ImportSummary, on connection: Connection
  ) async throws(PostgresError) {
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
    summary[.jobs] = try await ImportedTable.jobs.apply(rows.jobs, on: connection)
  }

  private static func writeHistories(
    _ rows: ImportRows, to summary: inout ImportSummary, on connection: Connection,
    progress: @Sendable (ImportProgress) -> Void
  ) async throws(PostgresError) {
    var added: [UUID: Int64] = [:]
    for job in try await HistoryImport.apply(rows.runs, to: &summary, on: connection) {
      added[job, default: 0] += 1
    }
    for generated in rows.generatedRuns {
      let runs = try await HistoryGeneration.apply(
        generated, to: &summary, on: connection, progress: progress)
      added[generated.jobID, default: 0] += Int64(runs)
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
    return AuditNote.of("Import Directory", by: actor, details)
  }
}
