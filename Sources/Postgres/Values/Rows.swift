import CLibPQ

/// The rows that one statement returned.
public struct Rows: Sendable, RandomAccessCollection {
  /// Owns a PGresult. Nothing changes one after libpq has returned it, and reading it from several threads is
  /// safe (libpq, "Behavior in Threaded Programs"); hence the unchecked conformance.
  fileprivate final class Storage: @unchecked Sendable {
    let result: OpaquePointer
    let columns: Int32
    private let sql: String

    init(_ result: OpaquePointer, sql: String) {
      self.result = result
      columns = PQnfields(result)
      self.sql = sql
    }

    deinit { PQclear(result) }

    /// The beginning of the statement, on one line, for errors.
    var statement: String {
      "statement: " + sql.prefix(300).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }

  private let storage: Storage
  public let count: Int

  /// Takes ownership of the result.
  init(_ result: OpaquePointer, sql: String) {
    storage = Storage(result, sql: sql)
    count = Int(PQntuples(result))
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }
  public subscript(position: Int) -> Row {
    precondition(position >= 0 && position < count, "there is no row \(position)")
    return Row(storage: storage, index: Int32(position))
  }

  /// The only row.
  ///
  /// - Throws: `unexpectedAnswer` if there is none, or more than one.
  public func one() throws(PostgresError) -> Row {
    guard count == 1 else {
      throw .unexpectedAnswer("\(count) rows, expected 1; \(storage.statement)")
    }
    return self[0]
  }

  /// The number of rows that an INSERT, UPDATE or DELETE changed.
  public var changed: Int {
    guard let text = PQcmdTuples(storage.result) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }
}

extension Rows {
  /// One row, read column by column. The database is another program, so every value is checked: its column, its
  /// type, NULL, and its range or word where the caller names them.
  public struct Row: Sendable {
    fileprivate let storage: Storage
    fileprivate let index: Int32

    /// The value of a column.
    ///
    /// - Parameter column: Its position, from 0.
    /// - Throws: `unexpectedAnswer` if there is no such column, or its value is not a `Result`.
    public func callAsFunction<Result: ColumnValue>(
      _ column: Int, as type: Result.Type = Result.self
    ) throws(PostgresError) -> Result {
      guard column >= 0, column < storage.columns,
        Result.reads(ColumnType(PQftype(storage.result, Int32(column)))),
        let value = Result(optionalColumn: bytes(Int32(column)))
      else { throw unexpected(column, expected: "\(Result.self)") }
      return value
    }

    /// The value of a column that is within a range.
    public func callAsFunction(
      _ column: Int, in range: some RangeExpression<Int>
    ) throws(PostgresError) -> Int {
      let value = try self(column, as: Int.self)
      guard range.contains(value) else { throw unexpected(column, expected: "an integer in \(range)") }
      return value
    }

    /// The value of a column that counts something: 0 to 2^53, so that sums of some of them do not overflow.
    public func count(_ column: Int) throws(PostgresError) -> Int { try self(column, in: 0...1 << 53) }

    /// As ``count(_:)``; nil for NULL.
    public func optionalCount(_ column: Int) throws(PostgresError) -> Int? {
      try self(column, as: Int?.self) == nil ? nil : count(column)
    }

    /// The error that a column's value is not what the caller expects.
    ///
    /// - Parameter expected: What it should be, for the log.
    public func unexpected(_ column: Int, expected: String) -> PostgresError {
      .unexpectedAnswer(
        "column \(column) \(found(Int32(column))), expected \(expected); \(storage.statement)")
    }

    /// The bytes of a column that exists; nil for NULL.
    private func bytes(_ column: Int32) -> UnsafeRawBufferPointer? {
      let length = PQgetlength(storage.result, index, column)
      // libpq gives NULL the length 0.
      if length == 0, PQgetisnull(storage.result, index, column) == 1 { return nil }
      return UnsafeRawBufferPointer(start: PQgetvalue(storage.result, index, column), count: Int(length))
    }

    private func found(_ column: Int32) -> String {
      guard column >= 0, column < storage.columns, let name = PQfname(storage.result, column) else {
        return "is missing"
      }
      let named = "(\(String(cString: name)))"
      let type = ColumnType(PQftype(storage.result, column))
      guard let bytes = bytes(column) else { return "\(named) is NULL" }
      if Int.reads(type), let value = Int(optionalColumn: bytes) { return "\(named) is \(value)" }
      if String.reads(type) {
        return "\(named) is \"\(String(decoding: bytes.prefix(100), as: UTF8.self))\""
      }
      return "\(named) has the type \(type.number) and \(bytes.count) bytes"
    }
  }
}
