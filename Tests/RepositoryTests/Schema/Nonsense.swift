import Postgres
import Repository
import TestDatabase

/// What a function answers that stands in for one of the schema's.
enum Nonsense: Sendable, CustomStringConvertible {
  /// NULL in every column.
  case nulls
  /// Values of other types.
  case otherTypes
  /// Some columns have these values, in SQL; the others are NULL.
  case only([String: String])
  /// Some columns have these values, in SQL; the others are out of every range.
  case extremes([String: String])
  case noRow
  case twoRows

  var description: String {
    switch self {
    case .nulls: "NULLs"
    case .otherTypes: "other types"
    case .only(let values): "\(values) and NULLs"
    case .extremes(let values): "\(values) and extremes"
    case .noRow: "no row"
    case .twoRows: "two rows"
    }
  }

  fileprivate var kind: String {
    switch self {
    case .nulls, .only, .twoRows, .noRow: "nulls"
    case .otherTypes: "types"
    case .extremes: "extremes"
    }
  }

  fileprivate var values: [String: String] {
    switch self {
    case .only(let values), .extremes(let values): values
    case .nulls, .otherTypes, .noRow, .twoRows: [:]
    }
  }

  fileprivate var rows: Int {
    switch self {
    case .noRow: 0
    case .twoRows: 2
    case .nulls, .otherTypes, .only, .extremes: 1
    }
  }
}

extension Fixture {
  /// Puts a function in the place of one of the schema's: the same name, parameters and columns, but nonsense in them.
  func replace(_ function: String, answering nonsense: Nonsense) async throws {
    let values = nonsense.values.map { "('\($0.key)', $sql$\($0.value)$sql$)" } + ["('', '')"]
    try await database.psql(
      """
      DO $do$
      DECLARE
          replaced pg_proc;
          parameters text;
          columns text;
          answer text;
      BEGIN
          SELECT * INTO STRICT replaced FROM pg_proc WHERE oid = '\(function)'::regproc;
          WITH arguments AS (
              SELECT *
              FROM unnest(
                  coalesce(replaced.proallargtypes, replaced.proargtypes::oid[]),
                  coalesce(replaced.proargmodes::text[], array_fill('i'::text, ARRAY[replaced.pronargs])),
                  replaced.proargnames
              ) WITH ORDINALITY AS a (type, mode, name, place)
          ), typed AS (
              SELECT a.*, CASE
                  WHEN '\(nonsense.kind)' <> 'types' THEN a.type::regtype::text
                  WHEN a.type::regtype::text = 'text' THEN 'boolean'
                  ELSE 'text'
              END AS column_type, v.value
              FROM arguments a
              LEFT JOIN (VALUES \(values.joined(separator: ", "))) v (name, value) ON v.name = a.name
          )
          SELECT
              string_agg(format('%I %s', name, type::regtype), ', ' ORDER BY place) FILTER (WHERE mode = 'i'),
              string_agg(format('%I %s', name, column_type), ', ' ORDER BY place) FILTER (WHERE mode IN ('o', 't')),
              string_agg(
                  format(
                      '(%s)::%s',
                      coalesce(value, CASE
                          WHEN '\(nonsense.kind)' = 'nulls' THEN 'NULL'
                          WHEN column_type = 'text' THEN quote_literal('nonsense')
                          WHEN column_type = 'boolean' THEN 'true'
                          WHEN column_type = 'bigint' THEN '-9223372036854775807'
                          WHEN column_type LIKE 'timestamp%' THEN quote_literal('infinity')
                          WHEN column_type = 'uuid' THEN 'gen_random_uuid()'
                          ELSE 'NULL'
                      END), column_type
                  ), ', ' ORDER BY place
              ) FILTER (WHERE mode IN ('o', 't'))
          INTO parameters, columns, answer
          FROM typed;
          EXECUTE 'DROP FUNCTION ' || replaced.oid::regprocedure;
          EXECUTE format(
              'CREATE FUNCTION \(function)(%s) RETURNS TABLE (%s) LANGUAGE sql AS %L', parameters, columns,
              'SELECT ' || answer || ' FROM generate_series(1, \(nonsense.rows))'
          );
          EXECUTE 'GRANT EXECUTE ON FUNCTION \(function) TO ccs_jobstore';
      END
      $do$
      """)
  }

  /// Runs a test with a repository whose connections know nothing of functions as they were before.
  func withNewRepository(_ body: (Repository) async throws -> Void) async throws {
    try await withPool(database.conninfo(user: "ccs_jobstore")) { try await body(Repository(pool: $0)) }
  }

  /// Lets a table hold what it should not: it loses its checks, and columns may be NULL.
  func loosen(_ table: String, nullable columns: String...) async throws {
    let changes = columns.map { "ALTER TABLE \(table) ALTER COLUMN \($0) DROP NOT NULL;" }
    try await database.psql(
      """
      DO $do$
      DECLARE
          name text;
      BEGIN
          FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = '\(table)'::regclass AND contype = 'c' LOOP
              EXECUTE format('ALTER TABLE \(table) DROP CONSTRAINT %I', name);
          END LOOP;
          \(changes.joined(separator: " "))
      END
      $do$
      """)
  }
}
