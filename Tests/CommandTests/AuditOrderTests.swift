import Domain
import FoundationEssentials
import Testing

@testable import ccs_jobstore

@Suite("What the arguments of audit ask for")
struct AuditOrderTests {
  private static let now = Date(timeIntervalSince1970: 1_767_586_200)  // 2026-01-05T04:10:00Z

  private func order(_ options: [String: String] = [:]) throws(CommandFailure) -> AuditOrder {
    try AuditOrder(Arguments(options: options.mapValues { [$0] }), now: Self.now)
  }

  private func mistake(_ options: [String: String]) -> CommandFailure? {
    do throws(CommandFailure) {
      _ = try order(options)
      return nil
    } catch {
      return error
    }
  }

  @Test("Without options the newest hundred events are asked for, as a table")
  func defaults() throws {
    let order = try order()
    #expect(order.limit == 100)
    #expect(order.format == .table)
    #expect(order.question == .init())
  }

  @Test("Every option narrows what is asked for")
  func everything() throws {
    let order = try order([
      "--user": "DOMAIN1\\ann", "--job": "Nightly audit", "--operation": "Run Job", "--since": "2d",
      "--until": "2026-01-05T05:00:00+01:00", "--limit": "0", "--format": "json",
    ])
    #expect(order.limit == nil)
    #expect(order.format == .json)
    #expect(
      order.question
        == .init(
          userName: "DOMAIN1\\ann", job: .name("Nightly audit"), operation: "Run Job",
          since: Self.now.addingTimeInterval(-172_800), until: Self.now.addingTimeInterval(-600)))
  }

  @Test("A job is named by its GUID, in any of its forms, or else by its name")
  func job() throws {
    for text in ["754F7C7E-884A-4420-AF72-1FED35D3EFC1", "{754f7c7e-884a-4420-af72-1fed35d3efc1}"] {
      let id = try #require(UUID(uuidString: "754f7c7e-884a-4420-af72-1fed35d3efc1"))
      #expect(try order(["--job": text]).question.job == .id(id))
    }
    #expect(try order(["--job": "754f7c7e"]).question.job == .name("754f7c7e"))
  }

  @Test(
    "A time is a moment, or how long ago it was",
    arguments: [
      ("2026-01-05T04:10:00Z", 0), ("2026-01-05T04:09:00", 60), ("2026-01-05", 15_000), ("0s", 0),
      ("90s", 90), ("30m", 1800), ("12h", 43_200), ("2d", 172_800), ("1w", 604_800),
    ] as [(String, Double)])
  func times(text: String, secondsAgo: Double) {
    #expect(TimeArgument.moment(text, now: Self.now) == Self.now.addingTimeInterval(-secondsAgo))
  }

  @Test(
    "Anything else is no time",
    arguments: ["", "d", "2", "2x", "-2d", "+2d", "2.5d", "2 d", "9999999d", "٢d", "yesterday", "2026-02-30"])
  func noTimes(text: String) {
    #expect(TimeArgument.moment(text, now: Self.now) == nil)
  }

  @Test(
    "What makes no sense is wrong usage, and named",
    arguments: [
      (["--since": "soon"], "--since"), (["--until": "2x"], "--until"), (["--limit": "-1"], "--limit"),
      (["--limit": "1.5"], "--limit"), (["--format": "csv"], "--format"),
      (["--since": "1d", "--until": "2d"], "--since"), (["--since": "1d", "--until": "1d"], "--since"),
    ])
  func mistakes(options: [String: String], named: String) throws {
    let failure = try #require(mistake(options))
    #expect(failure.status == .usage)
    #expect(failure.lines.count == 1 && failure.lines[0].hasPrefix(named))
  }
}
