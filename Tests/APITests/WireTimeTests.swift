import FoundationEssentials
import Testing

@testable import API

@Suite("Times on the wire")
struct WireTimeTests {
  @Test(
    "A time is written in UTC with milliseconds",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_796_128_200, "2026-12-01T12:30:00.000Z"),
      (1_796_128_200.125, "2026-12-01T12:30:00.125Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z"),
    ])
  func text(seconds: Double, expected: String) {
    #expect(Date(timeIntervalSince1970: seconds).wireText == expected)
  }

  @Test("Every millisecond of a second is written as itself, and so is what lies in it")
  func milliseconds() {
    for millisecond in 0..<1000 {
      for within in [0, 1, 500, 999] {
        let microseconds = millisecond * 1000 + within
        let date = Date(timeIntervalSince1970: 1_796_128_199 + Double(microseconds) / 1e6)
        let digits = String(1000 + millisecond).dropFirst()
        #expect(date.wireText == "2026-12-01T12:29:59.\(digits)Z", "\(microseconds)")
      }
    }
  }

  @Test("Whatever the fraction, it is within a millisecond, and has three digits")
  func fractions() throws {
    for _ in 0..<5000 {
      let date = Date(timeIntervalSince1970: .random(in: 0...4_000_000_000))
      try expectClose(date)
    }
    for microseconds in [999_400, 999_499, 999_500, 999_600, 999_999, 1, 499, 500, 501] {
      try expectClose(Date(timeIntervalSince1970: 1_796_128_199 + Double(microseconds) / 1e6))
    }
  }

  private func expectClose(_ date: Date) throws {
    let text = date.wireText
    #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(text)")
    let read = try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    #expect(abs(read.timeIntervalSince(date)) < 0.001_001, "\(text)")
  }
}
