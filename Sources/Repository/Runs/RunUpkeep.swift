import FoundationEssentials
import Postgres

/// Runs that nobody ends: those that take too long, and those whose collector was lost.
public struct RunUpkeep: Sendable {
  public struct OverdueRun: Sendable, Equatable {
    public let runID: UUID
    public let jobID: UUID
  }

  public struct LostRun: Sendable, Equatable {
    public enum Outcome: String, Sendable {
      /// It is in the queue again.
      case requeued
      /// It has been tried often enough.
      case failed
    }

    public let runID: UUID
    public let jobID: UUID
    public let outcome: Outcome
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let endOverdue = Statement("SELECT run_id, job_id FROM store.end_overdue_runs($1)", .int8)

  /// Ends runs that have taken longer than their job's `EndJobRunTimeInterval`, in one transaction.
  ///
  /// - Parameter limit: The most runs.
  /// - Returns: Those that were ended.
  public func endOverdue(limit: Int) async throws(RepositoryError) -> [OverdueRun] {
    try await pool.run(Self.endOverdue(.int(Int64(limit)))).map { OverdueRun(runID: $0(0), jobID: $0(1)) }
  }

  private static let releaseLost = Statement(
    "SELECT run_id, job_id, outcome FROM store.release_lost_runs($1, $2)", .int8, .int8)

  /// Takes runs away from collectors whose lease has run out, in one transaction.
  ///
  /// - Parameters:
  ///   - maximumAttempts: A run that has been claimed so often has failed.
  ///   - limit: The most runs.
  public func releaseLost(maximumAttempts: Int, limit: Int) async throws(RepositoryError) -> [LostRun] {
    try await pool.run(Self.releaseLost(.int(Int64(maximumAttempts)), .int(Int64(limit)))).map {
      LostRun(runID: $0(0), jobID: $0(1), outcome: LostRun.Outcome(rawValue: $0(2)) ?? .requeued)
    }
  }
}
