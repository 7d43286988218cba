import Domain
import FoundationEssentials
import Postgres

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
  /// Runs a statement with one parameter, rows in JSON, as often as the number of rows calls for.
  ///
  /// - Returns: Column 0 of everything that the statement answered.
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
