import TestDatabase
import Testing

@testable import Postgres

@Suite("What an SQLSTATE means")
struct SQLStateTests {
  /// What the caller is told, and whether the session may be used again.
  private static let table: [(state: String, meaning: SQLState.Meaning, goesOn: Bool)] = [
    ("08000", .outcomeUnknown, false), ("08001", .unavailable, false), ("08003", .outcomeUnknown, false),
    ("08004", .unavailable, false), ("08006", .outcomeUnknown, false), ("08007", .outcomeUnknown, false),
    ("08P01", .outcomeUnknown, false),
    ("25006", .unavailable, false), ("25P03", .unavailable, false),
    ("26000", .unavailable, false), ("42P05", .unavailable, false),
    ("40000", .rolledBack, true), ("40001", .rolledBack, true), ("40002", .rolledBack, true),
    ("40003", .outcomeUnknown, true), ("40P01", .rolledBack, true),
    ("53000", .unavailable, true), ("53100", .unavailable, true), ("53200", .unavailable, true),
    ("53300", .unavailable, true), ("53400", .fault, true),
    ("55006", .fault, true), ("55P03", .unavailable, true),
    ("57000", .unavailable, true), ("57014", .cancelled, true), ("57P01", .outcomeUnknown, false),
    ("57P02", .outcomeUnknown, false), ("57P03", .unavailable, false), ("57P04", .unavailable, false),
    ("57P05", .unavailable, false),
    ("58000", .fault, true), ("58030", .unavailable, true), ("58P01", .unavailable, false),
    ("22012", .fault, true), ("23505", .fault, true), ("42501", .fault, true), ("54000", .fault, true),
    ("XX000", .fault, true), ("XX001", .fault, true),
  ]

  @Test("Each raised by PostgreSQL is told as the table says, and ends its session or not", arguments: table)
  func raised(state: String, meaning: SQLState.Meaning, goesOn: Bool) async throws {
    #expect(SQLState.meaning(of: state) == meaning)
    try await withConnection { connection in
      let raise = Statement.unprepared("DO $$BEGIN RAISE 'said' USING ERRCODE = '\(state)'; END$$", types: [])
      do {
        _ = try await connection.execute([raise()])
        Issue.record("it was not raised")
      } catch let error as PostgresError {
        switch (error, meaning) {
        case (.rolledBack(let text), .rolledBack), (.unavailable(let text), .unavailable),
          (.connectionLost(let text), .outcomeUnknown):
          #expect(text.hasPrefix("said"))
        case (.cancelled, .cancelled): break
        case (.refused(state, "said"), .fault): break
        default: Issue.record("\(error)")
        }
      }
      #expect(await connection.isHealthy == goesOn)
    }
  }

  @Test("What an administrator must do is in the message")
  func advice() {
    #expect(
      PostgresError(sqlState: "58P01", message: "could not access file")
        == .unavailable("could not access file: PostgreSQL was upgraded while it ran: restart PostgreSQL"))
  }
}
