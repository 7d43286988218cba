import Domain
import Foundation
import TestRandom
import Testing

@testable import API

@Suite("The lines of a report")
struct ReportLineReaderTests {
  private static let asset = "a5000000-0000-4000-8000-000000000001"
  private static let standard = "57000000-0000-4000-8000-000000000002"

  @Test("Lines with the members in any order, spaced and escaped in any way are what they were made of")
  func randomResults() {
    var random = SeededRandom(seed: 5)
    for _ in 0..<5_000 {
      let version = Bool.random(using: &random) ? "v" + random.text() : nil
      let evidence = Bool.random(using: &random) ? random.text() : nil
      let check = "c" + random.text()
      let outcome = ["Pass", "Fail", "Unknown", "NotApplicable", "Error"].randomElement(using: &random)!
      var members = [
        ("AssetID", random.json(Self.asset)), ("StandardID", random.json(Self.standard)),
        ("CheckID", random.json(check)), ("Outcome", random.json(outcome)),
      ]
      if let version { members.append(("StandardVersion", random.json(version))) }
      if let evidence { members.append(("Evidence", random.json(evidence))) }
      if Bool.random(using: &random) { members.append(("Time", random.json("2026-01-05T04:10:27.512Z"))) }
      let hasTime = members.last?.0 == "Time"
      members.shuffle(using: &random)
      let pieces = members.map { name, json in
        let cased = Bool.random(using: &random) ? name.lowercased() : name
        return random.space() + random.json(cased) + random.space() + ":" + random.space() + json
          + random.space()
      }
      let line = random.space() + "{" + pieces.joined(separator: ",") + "}" + random.space()
      var wanted = ReadLine(
        time: hasTime ? 1_767_586_227_512_000 : nil, assetID: UUID(uuidString: Self.asset),
        standardID: UUID(uuidString: Self.standard), texts: ["CheckID": check, "Outcome": outcome])
      wanted.texts["StandardVersion"] = version
      wanted.texts["Evidence"] = evidence
      #expect(readLine(line.utf8, as: .results) == wanted, "\(line)")
    }
  }

  @Test("Data is kept as it was written")
  func data() {
    var random = SeededRandom(seed: 6)
    for _ in 0..<5_000 {
      let value = random.value()
      let read = readLine(#"{"AssetID":"\#(Self.asset)","Data":\#(value)}"#.utf8, as: .collectedData)
      if value == "null" {
        #expect(read.problems == ["/7/Data is required"])
      } else {
        #expect(read.texts["Data"] == value && read.problems.isEmpty)
      }
    }
  }

  @Test(
    "Each rule is named with its line and its field",
    arguments: [
      ("{}", ["/7/Severity is required", "/7/Message is required"]),
      (#"{"Severity":"Error","Message":null}"#, ["/7/Message is required"]),
      (#"{"Severity":"error","Message":""}"#, ["/7/Severity must be one of Information, Warning, Error"]),
      (#"{"Severity":1,"Message":[]}"#, ["/7/Severity must be a text", "/7/Message must be a text"]),
      (#"{"Severity":"Error","Message":"12345678901"}"#, ["/7/Message must have at most 10 characters"]),
      (#"{"Severity":"Error","Message":"x","AssetID":"x"}"#, ["/7/AssetID must be a GUID"]),
      (
        #"{"Severity":"Error","Message":"x","Time":"x"}"#,
        ["/7/Time must be an ISO 8601 time such as 2026-01-05T04:10:00Z"]
      ),
      (#"{"Severity":"Error","Message":"x","message":"y"}"#, ["/7/Message is repeated"]),
      (
        #"{"Severity":"Error","Message":"x","a/b":{"c":1}}"#,
        ["/7/a~1b is unknown; the keys there are Time, Severity, AssetID, Message"]
      ),
      ("[]", ["/7 is not a JSON object that can be stored: an object is expected, after 0 bytes"]),
      (
        #"{"Severity":"Error""#,
        ["/7 is not a JSON object that can be stored: a comma or } is expected, after 19 bytes"]
      ),
      (
        #"{"Severity":"Error","Message":"x"} x"#,
        ["/7 is not a JSON object that can be stored: something follows the object, after 35 bytes"]
      ),
    ])
  func rules(line: String, problems: [String]) {
    let limits = ReportLineReader.Limits(rowBytes: 1000, messageCharacters: 10)
    #expect(readLine(line.utf8, as: .messages, limits: limits).problems == problems)
  }

  @Test("A line may be as long as allowed, and a message counts its characters and not its bytes")
  func bounds() {
    let line = Array(#"{"Severity":"Error","Message":"\#(String(repeating: "😀", count: 10))"}"#.utf8)
    let limits = ReportLineReader.Limits(rowBytes: line.count, messageCharacters: 10)
    #expect(readLine(line, as: .messages, limits: limits).problems.isEmpty)
    #expect(
      readLine(line + [0x20], as: .messages, limits: limits).problems
        == ["/7 is longer than the \(line.count) bytes allowed here"])
  }

  @Test(
    "Times are the moments that OffsetDate makes of them",
    arguments: [
      "2026-01-05T04:10:27Z", "2026-01-05T04:10:27.512Z", "2024-02-29T23:59:59.999Z", "0001-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.001Z", "2019-01-05T04:10:27.5120788-08:00",
      "2026-01-05",
      "2026-01-05T04:10Z", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-05T24:00:00Z",
      "2026-01-05T04:60:27Z", "2026-01-05T04:10:60Z", "0000-01-01T00:00:00Z", "2026-01-05T04:10:27.5x2Z",
      "2026-01-05T04-10:27Z", "2026/01/05T04:10:27Z", "x", "",
    ])
  func times(text: String) {
    let found = Array(text.utf8).withUnsafeBytes { reportedTime($0) }
    let wanted = OffsetDate(text).map { Int64($0.epochSeconds) * 1_000_000 + Int64($0.ticks / 10) }
    #expect(found == wanted)
  }

  @Test(
    "GUIDs are read in every form in which they are read elsewhere",
    arguments: [
      "a5000000-0000-4000-8000-00000000000f", "A5000000-0000-4000-8000-00000000000F",
      "a5000000000040008000000000000001", "{a5000000-0000-4000-8000-000000000001}",
      " a5000000-0000-4000-8000-000000000001 ", "a5000000-0000-4000-8000-00000000000g",
      "a5000000x0000-4000-8000-000000000001", "a5000000000040008000000000000001    ", "", "x",
    ])
  func guids(text: String) {
    #expect(Array(text.utf8).withUnsafeBytes { reportedGUID($0) } == UUID(guid: text))
  }
}
