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
        (SELECT f.lineage && $3 FROM directory.assets a JOIN directory.folders f USING (folder_id) WHERE asset_id = $1),
        (SELECT f.lineage && $3 FROM directory.standards s JOIN directory.folders f USING (folder_id) WHERE standard_id = $2)
    """, .uuid, .uuid, .uuidArray)

  /// Whether an asset and a standard lie in or below one of the folders; nil where there is no such thing.
  public func isWithin(
    folders: Set<UUID>, asset: UUID, standard: UUID
  ) async throws(RepositoryError) -> (asset: Bool?, standard: Bool?) {
    let row = try await pool.run(Self.placement(.uuid(asset), .uuid(standard), .uuids(Array(folders))))[0]
    return (row(0), row(1))
  }
}
