import Domain
import FoundationEssentials
import Postgres

/// A table of the directory in an import: missing rows are inserted, then differing ones updated.
///
/// The statements take the rows as JSON and return the keys of the rows that they touched.
struct ImportedTable: Sendable {
  let insert: Statement
  let update: Statement
  /// Statements for the sets of a row, such as a role's tasks.
  var sets: [Statement] = []

  /// The keys of the rows that were touched.
  struct Touched: Sendable {
    let added: Set<UUID>
    let changed: Set<UUID>
    let counts: ImportSummary.Counts
  }

  func apply<Row: Encodable & Sendable>(
    _ rows: [Row], on connection: Connection
  ) async throws(PostgresError) -> ImportSummary.Counts {
    try await touch(rows, on: connection).counts
  }

  func touch<Row: Encodable & Sendable>(
    _ rows: [Row], on connection: Connection
  ) async throws(PostgresError) -> Touched {
    let added = Set(try await connection.run(insert, rows: rows))
    var touched = Set(try await connection.run(update, rows: rows))
    for statement in sets { touched.formUnion(try await connection.run(statement, rows: rows)) }
    let changed = touched.subtracting(added)
    return Touched(
      added: added, changed: changed,
      counts: ImportSummary.Counts(
        added: added.count, changed: changed.count, unchanged: rows.count - added.count - changed.count))
  }
}

/// Rows as one JSON parameter, for `jsonb_to_recordset`.
enum RowBatch {
  /// Bounds the memory of one statement.
  static let size = 2000

  static func value(_ rows: [some Encodable]) throws(PostgresError) -> Value {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(OffsetDate(date).description)
    }
    do {
      return .json(String(decoding: try encoder.encode(rows), as: UTF8.self))
    } catch {
      throw .refused(sqlState: "22000", message: "rows cannot be written as JSON: \(error)")
    }
  }
}

extension Connection {
  /// Runs a statement whose one parameter is rows in JSON, once per batch.
  ///
  /// - Returns: Column 0 of all answers.
  func run<Row: Encodable & Sendable>(
    _ statement: Statement, rows: [Row]
  ) async throws(PostgresError) -> [UUID] {
    var answers: [UUID] = []
    for start in stride(from: 0, to: rows.count, by: RowBatch.size) {
      let batch = Array(rows[start..<min(rows.count, start + RowBatch.size)])
      answers += try await self.rows(statement(RowBatch.value(batch))) { try $0(0) }
    }
    return answers
  }
}
