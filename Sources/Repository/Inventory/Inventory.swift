import Domain
import FoundationEssentials
import Postgres

/// The assets and the standards of the directory.
public struct Inventory: Sendable {
  let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let placement = Statement(
    """
    SELECT
        (SELECT f.lineage && g.folders FROM directory.assets a JOIN directory.folders f USING (folder_id) WHERE asset_id = $1),
        (SELECT f.lineage && g.folders FROM directory.standards s JOIN directory.folders f USING (folder_id) WHERE standard_id = $2)
    FROM (SELECT auth.granted_folders($3) AS folders) g
    """, .uuid, .uuid, .uuid)

  /// Whether an asset and a standard are in folders that are open to a user; nil if they do not exist.
  public func access(
    of user: UUID, asset: UUID, standard: UUID
  ) async throws(RepositoryError) -> (asset: Bool?, standard: Bool?) {
    try await pool.one(Self.placement(.uuid(asset), .uuid(standard), .uuid(user))) {
      try (asset: $0(0), standard: $0(1))
    }
  }
}
