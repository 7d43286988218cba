import FoundationEssentials
import Postgres

/// Runs that nobody ends: those that exceed their time limit, and those whose lease has expired.
public struct RunUpkeep: Sendable {
  public struct OverdueRun: Sendable, Equatable {
    public let runID: UUID
    public let jobID: UUID

    public init(runID: UUID, jobID: UUID) {
      self.runID = runID
      self.jobID = jobID
    }
  }

  public struct LostRun: Sendable, Equatable {
    public enum Outcome: String, Sendable, ColumnWord {
      /// It is queued again.
      case requeued
      /// It was claimed as often as allowed.
      case failed
    }

    public let runID: UUID
    public let jobID: UUID
    public let outcome: Outcome

    public init(runID: UUID, jobID: UUID, outcome: Outcome) {
      self.runID = runID
      self.jobID = jobID
      self.outcome = outcome
    }
  }

  private let pool: Pool
  private let claims: JobRunClaims

  init(pool: Pool, claims: JobRunClaims) {
    self.pool = pool
    self.claims = claims
  }

  private static let endOverdue = Statement("SELECT run_id, job_id FROM store.end_overdue_runs($1)", .int8)

  /// Ends runs that have taken longer than their job's `EndJobRunTimeInterval`, in one transaction.
  ///
  /// - Parameter limit: The most runs.
  /// - Returns: Those that were ended.
  public func endOverdueRuns(limit: Int) async throws(RepositoryError) -> [OverdueRun] {
    try await pool.rows(Self.endOverdue(.int(Int64(limit)))) { try OverdueRun(runID: $0(0), jobID: $0(1)) }
  }

  private static let releaseLost = Statement(
    "SELECT run_id, job_id, outcome FROM store.release_lost_runs($1, $2)", .int8, .int8)

  /// Ends expired leases, in one transaction: their runs are queued again, or have failed.
  ///
  /// - Parameters:
  ///   - maximumAttempts: A run that was claimed this often has failed.
  ///   - limit: The most runs.
  public func releaseLostRuns(maximumAttempts: Int, limit: Int) async throws(RepositoryError) -> [LostRun] {
    let query = Self.releaseLost(.int(Int64(maximumAttempts)), .int(Int64(limit)))
    let released = try await pool.rows(query) { try LostRun(runID: $0(0), jobID: $0(1), outcome: $0(2)) }
    if released.contains(where: { $0.outcome == .requeued }) { claims.wake() }
    return released
  }
}
