import FoundationEssentials
import Repository
import Synchronization

/// What the command that imports a directory file does.
public struct DirectoryImport: Sendable {
  private let directory: DirectoryAdministration
  private let actor: String

  /// - Parameter actor: Who gives the command, for the audit trail.
  public init(directory: DirectoryAdministration, actor: String) {
    self.directory = directory
    self.actor = actor
  }

  /// Brings the directory to what a file wants, in one transaction: all of it or nothing.
  ///
  /// - Parameters:
  ///   - keeps: Whether the result is kept; else everything is done and taken back.
  ///   - progress: Called now and then while many rows are made.
  /// - Throws: `wrongFile` with the file's own problems and with the references that lead nowhere.
  public func run(
    _ file: ImportFile, keeps: Bool, now: Date = Date(),
    progress: @Sendable (ImportProgress) -> Void
  ) async throws(AdministrationError) -> ImportSummary {
    let found = Mutex(file.problems)
    let summary = try await administering { () async throws(RepositoryError) in
      try await directory.importDirectory(runs: file.runIDs, keeps: keeps, by: actor, progress: progress) {
        let plan = ImportPlan(file, known: $0, now: now)
        return found.withLock { problems in
          problems += plan.problems
          return problems.isEmpty ? plan.rows : nil
        }
      }
    }
    guard let summary else { throw .wrongFile(found.withLock { $0 }) }
    return summary
  }
}
