import FoundationEssentials
import Postgres
import Testing

@testable import Repository

/// What a statement costs must not depend on rows that it has no business with, whatever PostgreSQL's statistics say of
/// them. Costs are blocks of tables and indexes, not time.
@Suite("Statements under adverse statistics")
struct AdverseStatisticsTests {
  /// Autovacuum would improve the statistics during the test.
  static let withoutAutovacuum = """
    DO $$
    DECLARE
        one regclass;
    BEGIN
        FOR one IN
            SELECT oid FROM pg_class
            WHERE relkind = 'r'
                AND relnamespace IN ('directory'::regnamespace, 'store'::regnamespace, 'auth'::regnamespace)
        LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', one);
        END LOOP;
    END
    $$
    """

  /// Gives the tables of the store the statistics of their keys that they do without.
  private static let withAllStatistics = """
    DO $$
    DECLARE
        one record;
    BEGIN
        FOR one IN
            SELECT attrelid::regclass AS name, attname
            FROM pg_attribute
            JOIN store.tables() ON attrelid = format('store.%I', table_name)::regclass
            WHERE attstattarget = 0 AND attnum > 0
        LOOP
            EXECUTE format('ALTER TABLE %s ALTER %I SET STATISTICS -1', one.name, one.attname);
        END LOOP;
    END
    $$;
    ANALYZE
    """

  /// An index of a few rows is one block, one of a hundred thousand has two levels above its leaves: a probe of one block
  /// and a row of another become at most four. A search by a part of a name also reads the pending list of a GIN index, of
  /// at most 32 blocks, and descends it for each trigram.
  private static func most(_ statement: HotStatement, _ alone: Int) -> Int {
    3 * alone + (statement.isSearch ? 80 : 20)
  }

  /// Compares costs with those without other rows.
  ///
  /// - Parameter hasDeadRows: Rows that were deleted beside its own, and not vacuumed, are in a statement's way.
  private static func check(
    _ statements: [HotStatement], _ alone: [String: Int], _ state: String, hasDeadRows: Bool = false,
    on pool: Pool
  ) async throws {
    let blocks = try await BlockCount.blocks(of: statements, on: pool)
    let excess = statements.compactMap { statement -> String? in
      let (now, before) = (blocks[statement.name, default: 0], alone[statement.name, default: 0])
      let most = hasDeadRows ? 6 * before + 200 : most(statement, before)
      return now > most ? "\(statement.name): \(now) blocks, alone \(before)" : nil
    }
    #expect(excess.isEmpty, "\(state):\n\(excess.joined(separator: "\n"))")
  }

  @Test(
    "A statement costs what its own rows cost: others just loaded, analysed, vacuumed, emptied, loaded again",
    arguments: [OtherRows(histories: 1), OtherRows(histories: 10)])
  func otherRows(others: OtherRows) async throws {
    try await withFixture { fixture in
      try await fixture.database.psql(Self.withoutAutovacuum)
      let statements = try await Subject(in: fixture).statements()
      func withConnection(_ body: (Pool) async throws -> Void) async throws {
        try await withPool(fixture.database.conninfo(user: "ccs_jobstore"), connections: 1, body)
      }
      var alone: [String: Int] = [:]
      func check(
        _ some: [HotStatement], after state: String, hasDeadRows: Bool = false, _ sql: String
      ) async throws {
        try await fixture.database.psql(sql)
        try await withConnection {
          try await Self.check(some, alone, state, hasDeadRows: hasDeadRows, on: $0)
        }
      }

      try await withConnection { old in
        alone = try await BlockCount.blocks(of: statements, on: old)
        try await check(statements, after: "just loaded", "\(OtherRows.directory);\n\(others.load)")
        // Its plans are from before.
        try await Self.check(statements, alone, "just loaded, planned before", on: old)
      }
      try await check(statements, after: "analysed", "ANALYZE")
      try await check(statements, after: "vacuumed", "VACUUM ANALYZE")
      // A search reads dead rows in its way until they are vacuumed.
      let prepared = statements.filter { !$0.isSearch }
      try await check(prepared, after: "emptied", hasDeadRows: true, OtherRows.remove)
      try await check(prepared, after: "emptied and analysed", hasDeadRows: true, "ANALYZE")
      try await check(statements, after: "emptied and vacuumed", "VACUUM ANALYZE")
      try await check(statements, after: "loaded again", others.load)
      let deletions = statements.filter { $0.name.hasPrefix("delete") || $0.name.hasPrefix("purge") }
      try await check(deletions, after: "analysed with all statistics", Self.withAllStatistics)
    }
  }
}
