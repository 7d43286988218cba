import Domain
import FoundationEssentials
import Postgres

/// Starts and ends runs on request.
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
  private let claims: JobRunClaims

  init(pool: Pool, claims: JobRunClaims) {
    self.pool = pool
    self.claims = claims
  }

  private static let startRun = Statement(
    "SELECT outcome, active_run FROM store.start_run($1, $2, $3, $4, $5)", .uuid, .uuid, .text, .uuid, .uuid)

  /// Queues a run of a job.
  ///
  /// - Parameter run: The new run's ID.
  public func start(
    job: UUID, run: UUID, user: UUID, userName: String, requestID: UUID
  ) async throws(RepositoryError) -> Start {
    let query = Self.startRun(.uuid(job), .uuid(run), .text(userName), .uuid(user), .uuid(requestID))
    let start = try await pool.one(query) { row -> Start in
      switch try row(0, as: String.self) {
      case "started": .started
      case "not found": .notFound
      case "system job": .systemJob
      case "active": .active(try row(1))
      default: throw row.unexpected(0, expected: "an outcome of start_run")
      }
    }
    if start == .started { claims.wake() }
    return start
  }

  private static let endRun = Statement(
    "SELECT outcome, status FROM store.end_run($1, NULL, 'Aborted', 'Warning', $2, $3, $4, $5)", .uuid, .text,
    .uuid, .text, .uuid)

  /// Ends a run that is queued or running; its last message says who did it.
  public func abort(
    run: UUID, user: UUID, userName: String, requestID: UUID
  ) async throws(RepositoryError) -> Abort {
    let query = Self.endRun(
      .uuid(run), .text("Aborted by \(userName)."), .uuid(user), .text(userName), .uuid(requestID))
    return try await pool.one(query) { row in
      switch try row(0, as: String.self) {
      case "ended": .aborted
      case "not found": .notFound
      case "over": .over(try row(1))
      default: throw row.unexpected(0, expected: "an outcome of end_run")
      }
    }
  }
}
