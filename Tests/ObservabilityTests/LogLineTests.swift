import FoundationEssentials
import Observability
import Testing

@Suite("Log lines")
struct LogLineTests {
  private func line(_ observation: Observation, at milliseconds: Int64 = 0) -> String {
    String(decoding: LogLine.bytes(of: observation, milliseconds: milliseconds), as: UTF8.self)
  }

  private func detail(_ text: String) throws -> LogField? {
    try LogField.fields(LogLine.bytes(of: .reloaded(text), milliseconds: 0))["detail"]
  }

  @Test("A request's line has its fields in a fixed order")
  func request() {
    #expect(
      line(.request(deletion(detail: "why")), at: 1_700_000_000_123) == #"""
        {"time":"2023-11-14T22:13:20.123Z","level":"info","event":"request","requestID":"r-1",\#
        "method":"DELETE","route":"/ccs/api/v1/Jobs","operation":"Delete Job","user":"alice","status":204,\#
        "outcome":"ok","seconds":0.001235,"bytesIn":12,"bytesOut":34,"peer":"10.0.0.1","detail":"why"}

        """#)
  }

  @Test(
    "For the journal a line begins with the priority of its level, and is the same otherwise",
    arguments: [
      (Observation.rowsErased(1), "<7>"), (.stopped, "<6>"), (.refreshTokenReused(user: "a"), "<4>"),
      (.eraserFailed("x"), "<3>"),
    ])
  func priorities(observation: Observation, prefix: String) {
    let bytes = LogLine.bytes(of: observation, milliseconds: 0, isForJournal: true)
    #expect(String(decoding: bytes, as: UTF8.self) == prefix + line(observation))
  }

  @Test("A field that is nil is left out")
  func absentFields() throws {
    let fields = try LogField.fields(LogLine.bytes(of: .request(deletion(user: nil)), milliseconds: 0))
    #expect(fields["user"] == nil)
    #expect(fields["detail"] == nil)
    #expect(fields["peer"] == .text("10.0.0.1"))
  }

  @Test("Every observation makes one line of JSON that begins with time, level and event")
  func everyCase() throws {
    var events: Set<String> = []
    for observation in everyObservation {
      let text = line(observation)
      let start = #"{"time":"1970-01-01T00:00:00.000Z","level":"\#(observation.level.rawValue)","event":""#
      #expect(text.hasPrefix(start))
      #expect(text.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
      #expect(text.hasSuffix("}\n"))
      guard case .text(let event) = try LogField.fields(Array(text.utf8))["event"] else {
        Issue.record("no event in \(text)")
        continue
      }
      // The event is the name of the case, which is how Swift describes one.
      let name = String(describing: observation).prefix { $0 != "(" }
      #expect(event == name)
      events.insert(event)
    }
    #expect(events.count == everyObservation.count)
  }

  @Test(
    "An observation's values are found under their names",
    arguments: [
      (4, #""event":"jobsDeleted","count":2,"runs":30}"#),
      (6, #""event":"purgeFinished","historyID":"h-1","rows":5000,"seconds":1.500000}"#),
      (10, #""event":"databaseConnectFailed","detail":"refused","retrySeconds":0.500000}"#),
      (12, #""event":"listening","address":"0.0.0.0","port":12431}"#),
      (17, #""event":"certificate","subject":"CN=ccs","expiresInDays":90.000000}"#),
      (18, #""event":"schemaRefused","found":"3","wanted":"4","detail":"Run: migrate deploy"}"#),
      (
        30,
        #""event":"repeated","of":"request","status":404,"user":"alice","network":"10.0.0.1","count":5}"#
      ),
    ])
  func values(index: Int, ending: String) {
    #expect(line(everyObservation[index]).hasSuffix(ending + "\n"))
  }

  @Test("Every character below U+0250 comes back from a JSON parser as it went in")
  func everyCharacter() throws {
    for code in UInt32(0)..<0x250 {
      let text = "a\(Unicode.Scalar(code)!)b"
      #expect(try detail(text) == .text(text), "U+\(String(code, radix: 16))")
    }
  }

  @Test("Characters outside the basic plane are written as they are")
  func astralCharacters() throws {
    #expect(try detail("job 🧹 日本語") == .text("job 🧹 日本語"))
    #expect(line(.reloaded("🧹 é")).contains("🧹 é"))
  }

  @Test("Quotes, backslashes and every control character are escaped")
  func escapes() {
    let controls = (UInt32(0)..<0x20).map { $0 } + (UInt32(0x7F)..<0xA0).map { $0 }
    for code in controls {
      let text = line(.reloaded(String(Unicode.Scalar(code)!))).dropLast()
      #expect(!text.unicodeScalars.contains { $0.value == code }, "U+\(String(code, radix: 16))")
    }
    #expect(line(.reloaded(#"a"b\c/d"#)).contains(#""a\"b\\c/d""#))
    #expect(line(.reloaded("\n\r\t\u{1B}\u{9B}")).contains(#""\n\r\t\u001b\u009b""#))
  }

  @Test("A text of 200 characters is written whole, of a longer one 200 characters and an ellipsis")
  func longTexts() throws {
    let whole = String(repeating: "é", count: 200)
    #expect(try detail(whole) == .text(whole))
    #expect(try detail(whole + "x") == .text(whole + "…"))
    let quotes = String(repeating: "\"", count: 201)
    #expect(try detail(quotes) == .text(String(quotes.dropLast()) + "…"))
  }

  @Test("No line exceeds 4096 bytes, however long and strange its texts are")
  func longestLine() throws {
    for text in ["\u{1}", "🧹", "\u{9B}", "\"", "a"].map({ String(repeating: $0, count: 10_000) }) {
      let record = RequestRecord(
        requestID: text, method: text, route: text, operation: text, user: text, status: .min, outcome: text,
        seconds: -1e300, bytesIn: .min, bytesOut: .min, peer: text, detail: text)
      let bytes = LogLine.bytes(of: .request(record), milliseconds: 0)
      #expect(bytes.count <= 4096)
      #expect(LogLine.bytes(of: .request(record), milliseconds: 0, isForJournal: true).count <= 4096)
      let fields = try LogField.fields(bytes)
      #expect(fields.count == 15)
      #expect(fields["bytesOut"] == .number(Double(Int.min)))
    }
  }

  @Test(
    "Time is written in UTC with milliseconds, leap days and both ends of the calendar included",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
      (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (4_107_542_399_007, "2100-02-28T23:59:59.007Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
      (Int64.max, "9999-12-31T23:59:59.999Z"),
      (Int64.min, "0000-01-01T00:00:00.000Z"),
    ])
  func time(milliseconds: Int64, expected: String) {
    #expect(line(.stopped, at: milliseconds).hasPrefix(#"{"time":"\#(expected)","#))
  }

  @Test("Time agrees with Foundation's for every 10th day of 400 years")
  func timeAgainstFoundation() {
    for day in stride(from: Int64(-36_525), to: 110_000, by: 10) {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      let expected = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      #expect(line(.stopped, at: day * 86_400_000).hasPrefix(#"{"time":"\#(expected)","#))
    }
  }

  @Test(
    "Seconds have six decimals, rounded, and what JSON cannot say is null",
    arguments: [
      (0, "0.000000"), (0.000_000_4, "0.000000"), (0.000_000_6, "0.000001"), (0.999_999_9, "1.000000"),
      (-1.25, "-1.250000"), (123_456.000_001, "123456.000001"), (1e12, "1000000000000.0"), (1e300, "1e+300"),
      (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
    ] as [(Double, String)])
  func seconds(value: Double, expected: String) {
    #expect(line(.draining(seconds: value)).hasSuffix(#","seconds":\#(expected)}"# + "\n"))
  }

  @Test(
    "Integers are written in full, the least and the greatest included",
    arguments: [(0, "0"), (-7, "-7"), (10, "10"), (Int.max, "\(Int.max)"), (Int.min, "\(Int.min)")])
  func integers(value: Int, expected: String) {
    #expect(line(.rowsErased(value)).hasSuffix(#","rows":\#(expected)}"# + "\n"))
  }
}
