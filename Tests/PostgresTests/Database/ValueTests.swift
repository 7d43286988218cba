import FoundationEssentials
import TestDatabase
import Testing

@testable import Postgres

@Suite("Values on their way to PostgreSQL and back")
struct ValueTests {
  @Test("Truth values", arguments: [true, false])
  func bool(value: Bool) async throws {
    #expect(try await echo(.bool, .bool(value)) { try $0(0, as: Bool.self) } == value)
    #expect(try await described(.bool, .bool(value)) == (value ? "true" : "false"))
  }

  @Test(
    "Integers of every size", arguments: [0, 1, -1, 32_767, -32_768, 2_147_483_648, .max, .min] as [Int64])
  func integer(value: Int64) async throws {
    #expect(try await echo(.int8, .int(value)) { try $0(0, as: Int.self) } == Int(value))
    #expect(try await described(.int8, .int(value)) == "\(value)")
  }

  @Test("Small integers are read from columns of two and four bytes")
  func narrowIntegers() async throws {
    let row = try await only(Statement("SELECT (-7)::smallint, (-70000)::integer")())
    #expect(try row(0, as: Int.self) == -7)
    #expect(try row(1, as: Int.self) == -70_000)
  }

  @Test(
    "Text",
    arguments: [
      "", "a", "O'Reilly \\ \"x\" $1 ; --", "Grüße 🗂️ 漢字", "\u{1}\n\t", String(repeating: "x", count: 200_000),
    ])
  func text(value: String) async throws {
    #expect(try await echo(.text, .text(value)) { try $0(0, as: String.self) } == value)
    #expect(try await described(.text, .text(value)) == value)
  }

  @Test("NUL, which PostgreSQL's text cannot hold, becomes the replacement character")
  func nul() async throws {
    #expect(try await echo(.text, .text("a\0b\0")) { try $0(0, as: String.self) } == "a\u{FFFD}b\u{FFFD}")
    #expect(
      try await echo(.textArray, .texts(["\0", "c"])) { try $0(0, as: [String].self) } == ["\u{FFFD}", "c"])
  }

  @Test("Bytes of every value, and none", arguments: [[], [0], [UInt8](0...255)])
  func bytes(value: [UInt8]) async throws {
    #expect(try await echo(.bytea, .bytes(value)) { try $0(0, as: [UInt8].self) } == value)
    let hexadecimal = value.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }
    #expect(try await described(.bytea, .bytes(value)) == "\\x" + hexadecimal.joined())
  }

  @Test("UUIDs")
  func uuid() async throws {
    let value = UUID()
    #expect(try await echo(.uuid, .uuid(value)) { try $0(0, as: UUID.self) } == value)
    #expect(try await described(.uuid, .uuid(value)) == value.uuidString.lowercased())
  }

  @Test(
    "Times, to the microsecond",
    arguments: [
      (0, "1970-01-01 00:00:00+00"), (946_684_800, "2000-01-01 00:00:00+00"),
      (1_796_128_200.123456, "2026-12-01 12:30:00.123456+00"), (-0.000001, "1969-12-31 23:59:59.999999+00"),
      (-2_208_988_800, "1900-01-01 00:00:00+00"), (253_402_300_799, "9999-12-31 23:59:59+00"),
    ])
  func time(seconds: Double, text: String) async throws {
    let value = Date(timeIntervalSince1970: seconds)
    let read = try await echo(.timestamptz, .time(value)) { try $0(0, as: Date.self) }
    #expect(abs(read.timeIntervalSince(value)) < 0.000001)
    #expect(try await described(.timestamptz, .time(value)) == text)
  }

  @Test("Times outside of PostgreSQL's range come as near as it can hold")
  func distantTimes() async throws {
    for value in [
      Date.distantPast, .distantFuture, Date(timeIntervalSince1970: 1e30), Date(timeIntervalSince1970: -1e30),
    ] {
      let read = try await echo(.timestamptz, .time(value)) { try $0(0, as: Date.self) }
      #expect(read.timeIntervalSince1970.sign == value.timeIntervalSince1970.sign)
      #expect(abs(read.timeIntervalSince1970) > 6e10)
    }
  }

  @Test("JSON keeps its meaning, and what is no JSON is refused")
  func json() async throws {
    let row = try await only(
      Statement("SELECT $1 ->> 'name', $1 -> 'list' ->> 1, pg_typeof($1)::text", .jsonb)(
        .json(#"{"name": "a\"ü", "list": [1, 2.50]}"#)))
    #expect(try row(0, as: String.self) == "a\"ü")
    #expect(try row(1, as: String.self) == "2.50")
    #expect(try row(2, as: String.self) == "jsonb")
    await #expect { try await only(Statement("SELECT $1", .jsonb)(.json("{"))) } throws: {
      ($0 as? PostgresError)?.sqlState == "22P02"
    }
  }

  @Test("NULL of every type is nil, and is told from an empty value")
  func null() async throws {
    for type in Self.types {
      #expect(
        try await only(Statement("SELECT $1 IS NULL", type)([.null]))(0, as: Bool.self),
        "\(type)")
    }
    let empty = Statement(
      "SELECT $1 IS NULL, $2 IS NULL, $3 IS NULL, $4 = '', $5", .text, .bytea, .uuidArray, .text, .text)
    let row = try await only(empty(.text(""), .bytes([]), .uuids([]), .text(""), .null))
    #expect(try [0, 1, 2, 3].map { try row($0, as: Bool.self) } == [false, false, false, true])
    #expect(try row(4, as: String?.self) == nil)
    #expect(Value.optional(nil as String?) == .null && Value.optional("") == .text(""))
    #expect(Value.optional(nil as UUID?) == .null && Value.optional(nil as Date?) == .null)
  }

  @Test("NULL between other parameters does not shift them")
  func nullAmongOthers() async throws {
    let row = try await only(
      Statement("SELECT $1, $2, $3, $4", .text, .int8, .text, .uuid)(.text("a"), .null, .text("b"), .null))
    #expect(try row(0, as: String?.self) == "a")
    #expect(try row(1, as: Int?.self) == nil)
    #expect(try row(2, as: String?.self) == "b")
    #expect(try row(3, as: UUID?.self) == nil)
  }

  @Test("Arrays", arguments: [0, 1, 3, 1000])
  func arrays(count: Int) async throws {
    let uuids = (0..<count).map { _ in UUID() }
    let texts = (0..<count).map { $0 % 3 == 0 ? "" : "Wert \($0), {\"x\"}" }
    let bools = (0..<count).map { $0 % 2 == 0 }
    let ints = (0..<count).map { Int64($0) * 1_000_000_007 - 5 }
    #expect(try await echo(.uuidArray, .uuids(uuids)) { try $0(0, as: [UUID].self) } == uuids)
    #expect(try await echo(.textArray, .texts(texts)) { try $0(0, as: [String].self) } == texts)
    #expect(try await echo(.boolArray, .bools(bools)) { try $0(0, as: [Bool].self) } == bools)
    #expect(try await echo(.int8Array, .ints(ints)) { try $0(0, as: [Int].self) } == ints.map(Int.init))
  }

  @Test("Arrays of bytes, and of times with NULLs among them, arrive element by element")
  func arraysOfBytesAndTimes() async throws {
    let bytes: [[UInt8]] = [[], [0], [1, 2, 255]]
    let times = [Date(timeIntervalSince1970: 1.5), nil, Date(timeIntervalSince1970: -1)]
    let unnest = Statement("SELECT * FROM unnest($1, $2)", .byteaArray, .timestamptzArray)
    try await withConnection { connection in
      let rows = try await connection.execute([unnest(.bytesArray(bytes), .times(times))])[0]
      #expect(try rows.map { try $0(0, as: [UInt8].self) } == bytes)
      #expect(try rows.map { try $0(1, as: Date?.self) } == times)
      let none = try await connection.execute([unnest(.bytesArray([]), .times([]))])[0]
      #expect(none.isEmpty)
    }
  }

  @Test("Many rows of many columns come in order, and the count of changed rows is known")
  func rows() async throws {
    try await withConnection { connection in
      let rows = try await connection.execute([
        Statement("SELECT i, i::text, i % 2 = 0 FROM generate_series(1, 10000) i")()
      ])[0]
      #expect(rows.count == 10_000)
      #expect(try rows.map { try $0(0, as: Int.self) } == Array(1...10_000))
      #expect(try rows[4711](1, as: String.self) == "4712")
      #expect(try rows[4711](2, as: Bool.self))

      let changes = try await connection.execute([
        Statement("CREATE TEMPORARY TABLE t AS SELECT i FROM generate_series(1, 7) i")(),
        Statement("DELETE FROM t WHERE i > 4")(),
        Statement("UPDATE t SET i = 0 WHERE i > 100")(),
      ])
      #expect(changes.map(\.changed) == [7, 3, 0])
    }
  }

  @Test(
    "A column that is missing, is NULL, has another type or is out of range is an error that names it",
    arguments: [
      ("SELECT 1::bigint AS a", 1, "column 1 is missing, expected Int"),
      ("SELECT NULL::bigint AS a", 0, "column 0 (a) is NULL, expected Int"),
      ("SELECT 'seven' AS a", 0, #"column 0 (a) is "seven", expected Int"#),
      ("SELECT true AS a", 0, "column 0 (a) has the type 16 and 1 bytes, expected Int"),
      ("SELECT 1.5::float8 AS a", 0, "column 0 (a) has the type 701 and 8 bytes, expected Int"),
    ])
  func wrongColumns(sql: String, column: Int, message: String) async throws {
    let row = try await only(Statement(sql)())
    #expect(throws: PostgresError.unexpectedAnswer("\(message); statement: \(sql)")) {
      try row(column, as: Int.self)
    }
  }

  private enum Colour: String, ColumnWord { case red, green }

  @Test("Words and ranges are checked, and infinity is no date")
  func wrongValues() async throws {
    let row = try await only(
      Statement("SELECT 'red', 'blue', 7::bigint, -1::bigint, 'infinity'::timestamptz, NULL::text")())
    #expect(try row(0, as: Colour.self) == .red)
    #expect(try row(5, as: Colour?.self) == nil)
    #expect(try row(2, in: 1...7) == 7)
    #expect(try row.count(2) == 7)
    #expect(throws: PostgresError.self) { try row(1, as: Colour.self) }
    #expect(throws: PostgresError.self) { try row(1, as: Colour?.self) }
    #expect(throws: PostgresError.self) { try row(5, as: Colour.self) }
    #expect(throws: PostgresError.self) { try row(2, in: 1...6) }
    #expect(throws: PostgresError.self) { try row.count(3) }
    #expect(throws: PostgresError.self) { try row(4, as: Date.self) }
  }

  @Test("No row, or two, where one is expected is an error")
  func numberOfRows() async throws {
    try await withConnection { connection in
      for (count, isRight) in [(0, false), (1, true), (2, false)] {
        let rows = try await connection.execute([Statement("SELECT FROM generate_series(1, \(count))")()])[0]
        #expect(((try? rows.one()) != nil) == isRight)
      }
    }
  }

  private static let types: [ParameterType] = [
    .bool, .bytea, .int8, .text, .uuid, .timestamptz, .jsonb, .boolArray, .byteaArray, .textArray, .int8Array,
    .timestamptzArray, .uuidArray,
  ]

  private func only(_ query: Query) async throws -> Rows.Row {
    try await withConnection { connection in
      let rows = try await connection.execute([query])[0]
      return try #require(rows.first)
    }
  }

  /// The value as PostgreSQL gives it back.
  private func echo<Result>(
    _ type: ParameterType, _ value: Value, _ read: (Rows.Row) throws -> Result
  ) async throws -> Result {
    try read(try await only(Statement("SELECT $1", type)([value])))
  }

  /// The value as PostgreSQL prints it: two errors that cancel each other out do not hide from it.
  private func described(_ type: ParameterType, _ value: Value) async throws -> String {
    try await only(Statement("SELECT $1::text", type)([value]))(0)
  }
}
