import Domain
import FoundationEssentials
import TestRandom
import Testing

@Suite("Timestamps")
struct TimestampTests {
  @Test(
    "A time is written in UTC with milliseconds",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_796_128_200, "2026-12-01T12:30:00.000Z"),
      (1_796_128_200.125, "2026-12-01T12:30:00.125Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z"),
      (1e300, "9999-12-31T23:59:59.999Z"), (-1e300, "0000-01-01T00:00:00.000Z"),
    ])
  func text(seconds: Double, expected: String) {
    #expect(Timestamp(Date(timeIntervalSince1970: seconds)).description == expected)
  }

  @Test("Every millisecond of a second is written as itself, and so is what lies in it")
  func milliseconds() {
    for millisecond in 0..<1000 {
      for within in [0, 1, 500, 999] {
        let microseconds = millisecond * 1000 + within
        let date = Date(timeIntervalSince1970: 1_796_128_199 + Double(microseconds) / 1e6)
        let digits = String(1000 + millisecond).dropFirst()
        #expect(Timestamp(date).description == "2026-12-01T12:29:59.\(digits)Z", "\(microseconds)")
      }
    }
  }

  @Test(
    "A moment of whole milliseconds is written as itself in every year, and read back as the same moment")
  func wholeMilliseconds() throws {
    var random = SeededRandom(seed: 41)
    for _ in 0..<10_000 {
      let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
      let text = Timestamp(milliseconds: milliseconds).description
      #expect(Timestamp(Date(timeIntervalSince1970: Double(milliseconds) / 1000)).description == text)
      let read = try #require(OffsetDate(text))
      #expect(read.epochSeconds * 1000 + read.ticks / 10_000 == milliseconds)
      #expect(Timestamp(read.date).milliseconds == milliseconds)
    }
  }

  @Test("A microsecond is written as the millisecond that contains it, in the years of our time")
  func microseconds() {
    var random = SeededRandom(seed: 43)
    for _ in 0..<10_000 {
      let microseconds = Int64.random(in: 0...4_102_444_800_000_000, using: &random)
      let date = Date(timeIntervalSince1970: Double(microseconds) / 1e6)
      #expect(Timestamp(date).milliseconds == microseconds / 1000, "\(microseconds)")
    }
  }
}
