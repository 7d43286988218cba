import Domain
import FoundationEssentials
import Postgres

/// Create Job and Update Job, each in one transaction.
public struct JobDefinitions: Sendable {
  /// The caller and the request.
  public struct Author: Sendable {
    let userID: UUID
    let userName: String
    let requestID: UUID

    public init(userID: UUID, userName: String, requestID: UUID) {
      self.userID = userID
      self.userName = userName
      self.requestID = requestID
    }
  }

  public enum Creation: Sendable, Equatable {
    case done(Job)
    case unreachable(UnreachableItems)
    case nameTaken
  }

  public enum Update: Sendable, Equatable {
    /// The updated job.
    case done(Job)
    case notFound
    case systemJob
    case notCreator
    /// Its version is not one of those that the caller knows.
    case changed
    case unreachable(UnreachableItems)
    case nameTaken
  }

  private let pool: Pool
  /// Where collectors wait for a run that starts at once.
  private let claims: JobRunClaims

  init(pool: Pool, claims: JobRunClaims) {
    self.pool = pool
    self.claims = claims
  }

  private static let createJob = Statement(
    """
    SELECT outcome, missing_assets, missing_standards, closed_assets, closed_standards
    FROM directory.create_job($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    """, .uuid, .uuid, .text, .uuid, .text, .text, .text, .jsonb, .uuidArray, .uuidArray,
    .timestamptz, .int8, .int8, .int8, .uuid)

  /// Creates a job.
  ///
  /// - Parameters:
  ///   - id: The new job's.
  ///   - nextRunAt: The first run of the schedule.
  ///   - run: The run to queue at once; nil for none.
  public func create(
    _ definition: JobDefinition, id: UUID, nextRunAt: Date?, run: UUID?, by author: Author
  ) async throws(RepositoryError) -> Creation {
    let details = definition.details
    let query = Self.createJob(
      [
        .uuid(id), .uuid(author.userID), .text(author.userName), .uuid(author.requestID),
        .text(definition.name), .text(details.description ?? ""),
        .text(definition.type), .json(details.json),
      ] + Self.consequences(of: details, nextRunAt: nextRunAt, run: run))
    // In the same transaction, the second statement sees the changes of the first.
    let rows = try await pool.run([query, Jobs.byID(.uuids([id]))])
    return try decoding {
      let row = try rows[0].one()
      switch try row(0, as: String.self) {
      case "done":
        if run != nil { claims.wake() }
        return .done(try Jobs.job(rows[1].one()))
      case "unreachable": return .unreachable(try Self.items(row))
      case "name taken": return .nameTaken
      default: throw row.unexpected(0, expected: "an outcome of Create Job")
      }
    }
  }

  private static let updateJob = Statement(
    """
    SELECT outcome, missing_assets, missing_standards, closed_assets, closed_standards
    FROM directory.update_job($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    """, .uuid, .uuid, .text, .uuid, .int8Array, .jsonb, .textArray, .uuidArray, .uuidArray,
    .timestamptz, .int8, .int8, .int8, .uuid)

  /// Updates a job. The merge is made under the lock of its row, so that no concurrent change is lost.
  ///
  /// - Parameters:
  ///   - versions: The job must have one of these versions; nil for any.
  ///   - nextRunAt: The next run of the schedule; used if the schedule changes.
  ///   - run: The run to queue at once, unless one is active; nil for none.
  public func update(
    _ update: JobUpdate, versions: [Int]?, nextRunAt: Date?, run: UUID?, by author: Author
  ) async throws(RepositoryError) -> Update {
    let details = update.details
    let query = Self.updateJob(
      [
        .uuid(update.jobID), .uuid(author.userID), .text(author.userName), .uuid(author.requestID),
        versions.map { .ints($0.map(Int64.init)) } ?? .null, .json(details.json),
        .texts(details.removed.map(\.rawValue)),
      ] + Self.consequences(of: details, nextRunAt: nextRunAt, run: run))
    // In the same transaction, the second statement sees the changes of the first.
    let rows = try await pool.run([query, Jobs.byID(.uuids([update.jobID]))])
    return try decoding {
      let row = try rows[0].one()
      switch try row(0, as: String.self) {
      case "done":
        if run != nil { claims.wake() }
        return .done(try Jobs.job(rows[1].one()))
      case "not found": return .notFound
      case "system job": return .systemJob
      case "not creator": return .notCreator
      case "changed": return .changed
      case "unreachable": return .unreachable(try Self.items(row))
      case "name taken": return .nameTaken
      default: throw row.unexpected(0, expected: "an outcome of Update Job")
      }
    }
  }

  /// The last parameters of both functions.
  private static func consequences(of details: JobDetails, nextRunAt: Date?, run: UUID?) -> [Value] {
    [
      .uuids(details.assets?.map(\.id) ?? []), .uuids(details.standards?.map(\.id) ?? []),
      .optional(nextRunAt), .optional(details.schedule?.runTimeLimit.map { Int($0.components.seconds) }),
      .optional(details.retention?.runs), .optional(details.retention?.days), .optional(run),
    ]
  }

  private static func items(_ row: Rows.Row) throws(PostgresError) -> UnreachableItems {
    try UnreachableItems(
      missingAssets: Set(row(1, as: [UUID].self)), missingStandards: Set(row(2, as: [UUID].self)),
      closedAssets: Set(row(3, as: [UUID].self)), closedStandards: Set(row(4, as: [UUID].self)))
  }
}
