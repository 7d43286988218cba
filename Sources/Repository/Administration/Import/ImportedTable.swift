import FoundationEssentials
import Postgres

/// A table of the directory in an import: what is missing is inserted, then what differs is updated.
///
/// Both statements take the rows as JSON and answer the keys of the rows that they have touched.
struct ImportedTable: Sendable {
  let insert: Statement
  let update: Statement
  /// Statements that make sets which belong to a row, such as a role's tasks, what the file wants.
  var sets: [Statement] = []

  func apply<Row: Encodable & Sendable>(
    _ rows: [Row], on connection: Connection
  ) async throws(PostgresError) -> ImportSummary.Counts {
    let added = Set(try await connection.run(insert, rows: rows))
    var touched = Set(try await connection.run(update, rows: rows))
    for statement in sets { touched.formUnion(try await connection.run(statement, rows: rows)) }
    let changed = touched.subtracting(added).count
    return ImportSummary.Counts(
      added: added.count, changed: changed, unchanged: rows.count - added.count - changed)
  }
}
