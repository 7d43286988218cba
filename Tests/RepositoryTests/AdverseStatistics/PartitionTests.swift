import Postgres
import Testing

@testable import Repository

@Suite("Deletions from partitioned tables")
struct PartitionTests {
  /// Partitions the tables of the store by hash of their first key column.
  private static let partition = """
    DO $$
    DECLARE
        one text;
    BEGIN
        FOR one IN SELECT table_name FROM store.tables() LOOP
            EXECUTE format('ALTER TABLE store.%1$I RENAME TO %1$s_plain', one);
            EXECUTE format(
                'CREATE TABLE store.%1$I (LIKE store.%1$s_plain INCLUDING ALL) PARTITION BY HASH (history_id)', one
            );
            FOR place IN 0..31 LOOP
                EXECUTE format(
                    'CREATE TABLE store.%1$s_%2$s PARTITION OF store.%1$I FOR VALUES WITH (MODULUS 32, REMAINDER %2$s)',
                    one, place
                );
            END LOOP;
            EXECUTE format('INSERT INTO store.%1$I SELECT * FROM store.%1$s_plain', one);
            EXECUTE format('GRANT ALL ON store.%I TO ccs_jobstore', one);
        END LOOP;
    END
    $$
    """

  @Test("With hash partitions, a deletion touches those of its own histories alone")
  func deletion() async throws {
    try await withFixture { fixture in
      let statements = try await Subject(in: fixture).statements().filter { $0.name.hasPrefix("delete") }
      #expect(statements.count == 4)
      let plain = try await BlockCount.blocks(of: statements, on: fixture.service)
      try await fixture.database.psql(Self.partition)
      try await withPool(fixture.database.conninfo(user: "ccs_jobstore")) { service in
        let partitioned = try await BlockCount.blocks(of: statements, on: service)
        for (name, blocks) in partitioned {
          #expect(blocks <= plain[name, default: 0] + 20, "\(name), plain \(plain[name, default: 0])")
        }
      }
    }
  }
}
