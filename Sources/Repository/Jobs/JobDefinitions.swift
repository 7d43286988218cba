import Domain
import FoundationEssentials
import Postgres

/// Create Job and Update Job, each in one transaction.
public struct JobDefinitions: Sendable {
  /// Who asks, by which request.
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
    /// The job as it is now.
    case done(Job)
    case notFound
    case systemJob
    case notCreator
    /// Its version is none of those that the caller knows.
    case changed
    case unreachable(UnreachableItems)
    case nameTaken
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

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
  ///   - nextRunAt: When the schedule starts it first.
  ///   - run: The run that starts at once; nil for none.
  public func create(
    _ definition: JobDefinition, id: UUID, nextRunAt: Date?, run: UUID?, by author: Author
  ) async throws(RepositoryError) -> Creation {
    let details = definition.details
    let query = Self.createJob.with(
      [
        .uuid(id), .uuid(author.userID), .text(author.userName), .uuid(author.requestID),
        .text(definition.name), .text(details.description ?? ""),
        .text(definition.type), .json(details.json),
      ] + Self.consequences(of: details, nextRunAt: nextRunAt, run: run))
    // The second statement sees what the first one did, in the same transaction.
    let rows = try await pool.run([query, Jobs.byID(.uuids([id]))])
    let row = rows[0][0]
    let outcome: String = row(0)
    switch outcome {
    case "done":
      guard let job = rows[1].first.map(Jobs.job) else { throw .failed("the created job is not there") }
      return .done(job)
    case "unreachable": return .unreachable(Self.items(row))
    case "name taken": return .nameTaken
    default: throw .failed("unknown outcome \(outcome)")
    }
  }

  private static let updateJob = Statement(
    """
    SELECT outcome, missing_assets, missing_standards, closed_assets, closed_standards
    FROM directory.update_job($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    """, .uuid, .uuid, .text, .uuid, .int8Array, .jsonb, .textArray, .uuidArray, .uuidArray,
    .timestamptz, .int8, .int8, .int8, .uuid)

  /// Updates a job. The merge is made under the lock of its row, so no change of somebody else is lost.
  ///
  /// - Parameters:
  ///   - versions: Those of which the job must have one; nil for any.
  ///   - nextRunAt: When the schedule starts it next; counts if the schedule changes.
  ///   - run: The run that starts at once, unless one is under way; nil for none.
  public func update(
    _ update: JobUpdate, versions: [Int]?, nextRunAt: Date?, run: UUID?, by author: Author
  ) async throws(RepositoryError) -> Update {
    let details = update.details
    let query = Self.updateJob.with(
      [
        .uuid(update.jobID), .uuid(author.userID), .text(author.userName), .uuid(author.requestID),
        versions.map { .ints($0.map(Int64.init)) } ?? .null, .json(details.json),
        .texts(details.removed.map(\.rawValue)),
      ] + Self.consequences(of: details, nextRunAt: nextRunAt, run: run))
    // The second statement sees what the first one did, in the same transaction.
    let rows = try await pool.run([query, Jobs.byID(.uuids([update.jobID]))])
    let row = rows[0][0]
    let outcome: String = row(0)
    switch outcome {
    case "done":
      guard let job = rows[1].first.map(Jobs.job) else { throw .failed("the updated job is not there") }
      return .done(job)
    case "not found": return .notFound
    case "system job": return .systemJob
    case "not creator": return .notCreator
    case "changed": return .changed
    case "unreachable": return .unreachable(Self.items(row))
    case "name taken": return .nameTaken
    default: throw .failed("unknown outcome \(outcome)")
    }
  }

  /// The parameters that both functions end with.
  private static func consequences(of details: JobDetails, nextRunAt: Date?, run: UUID?) -> [Value] {
    func number(_ number: Int?) -> Value { number.map { .int(Int64($0)) } ?? .null }
    return [
      .uuids(details.assets?.map(\.id) ?? []), .uuids(details.standards?.map(\.id) ?? []),
      .optional(nextRunAt), number(details.schedule?.runTimeLimit.map { Int($0.components.seconds) }),
      number(details.retention?.runs), number(details.retention?.days), .optional(run),
    ]
  }

  private static func items(_ row: Rows.Row) -> UnreachableItems {
    UnreachableItems(
      missingAssets: Set(row(1, as: [UUID].self)), missingStandards: Set(row(2, as: [UUID].self)),
      closedAssets: Set(row(3, as: [UUID].self)), closedStandards: Set(row(4, as: [UUID].self)))
  }
}
