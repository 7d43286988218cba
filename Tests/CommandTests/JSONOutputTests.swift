import Domain
import FoundationEssentials
import Testing

@testable import Repository
@testable import ccs_jobstore

@Suite("What --json prints")
struct JSONOutputTests {
  @Test("Every command takes --json but the server and the help", arguments: CommandTable.all)
  func everywhere(command: Command) {
    let takesIt = command.options.contains { $0.name == "--json" && $0.value == nil && !$0.repeats }
    #expect(takesIt != ["serve", "help"].contains(command.name))
  }

  @Test("An event is an object on a line, without the members that have no value")
  func event() throws {
    let event = AuditEvent(
      id: 1, occurredAt: Date(timeIntervalSince1970: 1_767_586_200.007), userID: nil, userName: "D\\u",
      operation: "Purge Job", jobID: .number(1), jobName: "Nightly \"audit\"", requestID: nil,
      details: #"{"Runs": 2}"#)
    let text = try order(["--json": []]).text([event, event])
    let line =
      #"{"Time":"2026-01-05T04:10:00.007Z","User":"D\\u","Operation":"Purge Job","#
      + #""JobID":"00000000-0000-0000-0000-000000000001","JobName":"Nightly \"audit\"","Details":{"Runs": 2}}"#
    #expect(text == "\(line)\n\(line)\n")
  }

  @Test("--format json is --json, and --json is stronger than --format table")
  func format() throws {
    #expect(try order(["--json": []]).format == .json)
    #expect(try order(["--format": ["json"]]).format == .json)
    #expect(try order(["--format": ["table"], "--json": []]).format == .json)
  }

  @Test("A time is printed with the millisecond in which it lies")
  func times() throws {
    for millisecond in 0..<1000 {
      let event = AuditEvent(
        id: 1, occurredAt: Date(timeIntervalSince1970: 1_767_586_200 + Double(millisecond) / 1000),
        userID: nil, userName: "D\\u", operation: "Run Job", jobID: nil, jobName: nil, requestID: nil,
        details: nil)
      let digits = String("00\(millisecond)".suffix(3))
      #expect(try order(["--json": []]).text([event]).contains(":00.\(digits)Z"))
      #expect(try order([:]).text([event]).contains(":00.\(digits)Z"))
    }
  }

  @Test("The counts of an import are a list of the kinds that occur")
  func importCounts() {
    var summary = ImportSummary()
    summary[.users] = .init(added: 1, unchanged: 2)
    summary[.collectedData] = .init(changed: 3)
    let line = JSONLines.line { summary.write(to: &$0) }
    #expect(
      line
        == #"{"Kinds":[{"Kind":"Users","Added":1,"Changed":0,"Unchanged":2},"#
        + #"{"Kind":"Collected data","Added":0,"Changed":3,"Unchanged":0}]}"# + "\n")
  }

  private func order(_ options: [String: [String]]) throws(CommandFailure) -> AuditOrder {
    try AuditOrder(Arguments(options: options), now: Date(timeIntervalSince1970: 0))
  }
}
