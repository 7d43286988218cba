import Domain
import FoundationEssentials
import Postgres

/// Starts and ends runs by hand.
public struct RunControl: Sendable {
  public enum Start: Sendable, Equatable {
    case started
    case notFound
    case systemJob
    /// The job has a run that is not over.
    case active(UUID)
  }

  public enum Abort: Sendable, Equatable {
    case aborted
    case notFound
    /// It had ended before.
    case over(JobRun.Status)
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let startRun = Statement(
    "SELECT outcome, active_run FROM store.start_run($1, $2, $3, $4, $5)", .uuid, .uuid, .text, .uuid, .uuid)

  /// Puts a run of a job in the queue.
  ///
  /// - Parameter run: The new run's ID.
  public func start(
    job: UUID, run: UUID, user: UUID, userName: String, requestID: UUID
  ) async throws(RepositoryError) -> Start {
    let row = try await pool.run(
      Self.startRun(.uuid(job), .uuid(run), .text(userName), .uuid(user), .uuid(requestID)))[0]
    let outcome: String = row(0)
    switch outcome {
    case "started": return .started
    case "not found": return .notFound
    case "system job": return .systemJob
    case "active": return .active(row(1))
    default: throw .failed("unknown outcome \(outcome)")
    }
  }

  private static let endRun = Statement(
    "SELECT outcome, status FROM store.end_run($1, NULL, 'Aborted', 'Warning', $2, $3, $4, $5)", .uuid, .text,
    .uuid, .text, .uuid)

  /// Ends a run that is queued or running; its last message says who did it.
  public func abort(
    run: UUID, user: UUID, userName: String, requestID: UUID
  ) async throws(RepositoryError) -> Abort {
    let row = try await pool.run(
      Self.endRun(
        .uuid(run), .text("Aborted by \(userName)."), .uuid(user), .text(userName), .uuid(requestID)))[0]
    let outcome: String = row(0)
    switch outcome {
    case "ended": return .aborted
    case "not found": return .notFound
    case "over": return .over(JobRun.Status(rawValue: row(1)) ?? .failed)
    default: throw .failed("unknown outcome \(outcome)")
    }
  }
}
