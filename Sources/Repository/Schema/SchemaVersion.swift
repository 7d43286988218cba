import Postgres

/// The state of the database's schema: the name of the last change that Sqitch deployed.
public enum SchemaVersion {
  /// The change this build works with: the last of `migrations/sqitch.plan`.
  public static let wanted = "deletion_by_token"

  private static let registry = Statement("SELECT to_regclass('sqitch.changes') IS NOT NULL")
  private static let last = Statement(
    """
    SELECT change
    FROM sqitch.changes
    WHERE project = 'ccs-jobstore'
    ORDER BY committed_at DESC
    LIMIT 1
    """)

  /// The last change deployed; nil if there is none.
  public static func deployed(_ pool: Pool) async throws(RepositoryError) -> String? {
    guard try await pool.one(registry(), { try $0(0, as: Bool.self) }) else { return nil }
    return try await pool.first(last()) { try $0(0) }
  }
}
