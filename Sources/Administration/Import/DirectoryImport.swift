import FoundationEssentials
import Repository
import Synchronization

/// The command that imports a directory file.
public struct DirectoryImport: Sendable {
  private let directory: DirectoryAdministration
  private let actor: String

  /// - Parameter actor: Who gives the command, for the audit trail.
  public init(directory: DirectoryAdministration, actor: String) {
    self.directory = directory
    self.actor = actor
  }

  /// Imports a file, in one transaction.
  ///
  /// - Parameters:
  ///   - keeps: Whether to commit; otherwise everything is done and rolled back.
  ///   - progress: Called after each portion of invented rows.
  /// - Throws: `wrongFile` with the problems of the entries and the references that cannot be resolved.
  public func run(
    _ file: ImportFile, keeps: Bool, now: Date = Date(),
    progress: @Sendable (ImportProgress) -> Void
  ) async throws(AdministrationError) -> ImportSummary {
    let found = Mutex(file.problems)
    let summary = try await administering { () async throws(RepositoryError) in
      try await directory.importDirectory(
        file.references, keeps: keeps, by: actor, progress: progress
      ) {
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
