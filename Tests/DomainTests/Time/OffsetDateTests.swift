import Domain
import Foundation
import TestRandom
import Testing

@Suite("Dates with an offset")
struct OffsetDateTests {
  @Test(
    "The forms that clients send are read with their fraction and their offset",
    arguments: [
      ("2019-01-05T04:10:27.5120788-08:00", 1_546_690_227, 5_120_788, -28_800),
      ("2019-01-05T12:10:27Z", 1_546_690_227, 0, 0),
      ("2019-01-05T12:10:27", 1_546_690_227, 0, 0),
      ("2019-01-05 12:10:27z", 1_546_690_227, 0, 0),
      ("2019-01-05t17:40:27+05:30", 1_546_690_227, 0, 19_800),
      ("2019-01-05T13:10:27+0100", 1_546_690_227, 0, 3600),
      ("2019-01-05T13:10:27+01", 1_546_690_227, 0, 3600),
      ("2019-01-05T13:10:27 01:00", 1_546_690_227, 0, 3600),
      ("2019-01-05T12:10:27.5", 1_546_690_227, 5_000_000, 0),
      ("2019-01-05T12:10:27.0000001Z", 1_546_690_227, 1, 0),
      ("2019-01-05T12:10:27.123456789Z", 1_546_690_227, 1_234_567, 0),
      ("2019-01-05T12:10", 1_546_690_200, 0, 0),
      ("2019-01-05T12:10+00:00", 1_546_690_200, 0, 0),
      ("2019-01-05", 1_546_646_400, 0, 0),
      ("2024-02-29T00:00:00Z", 1_709_164_800, 0, 0),
      ("1969-12-31T23:59:59.75Z", -1, 7_500_000, 0),
      ("0001-01-01T00:00:00", -62_135_596_800, 0, 0),
      ("9999-12-31T23:59:59.9999999Z", 253_402_300_799, 9_999_999, 0),
      ("2019-01-06T02:10:27+14:00", 1_546_690_227, 0, 50_400),
    ])
  func reads(text: String, seconds: Int, ticks: Int, offset: Int) throws {
    let date = try #require(OffsetDate(text))
    #expect(date.epochSeconds == seconds)
    #expect(date.ticks == ticks)
    #expect(date.offset == offset)
    #expect(date.date.timeIntervalSince1970 - (Double(seconds) + Double(ticks) / 10_000_000) == 0)
  }

  @Test(
    "Anything else is not a date",
    arguments: [
      "", " ", "today", "2019", "2019-01", "2019-1-5", "19-01-05", "2019-00-05", "2019-13-05", "2019-01-00",
      "2019-01-32", "2019-02-29", "2100-02-29", "2019-04-31", "2019/01/05", "0000-01-01", "2019-01-05T",
      "2019-01-05 ", " 2019-01-05", "2019-01-05Z", "2019-01-05T4:10:27", "2019-01-05T24:00:00",
      "2019-01-05T04:60:00", "2019-01-05T04:10:60", "2019-01-05T04", "2019-01-05T04:10:",
      "2019-01-05T04:10:27.",
      "2019-01-05T04:10:27,5", "2019-01-05T04:10.5", "2019-01-05T04:10:27.1234567890Z",
      "2019-01-05T04:10:27X", "2019-01-05T04:10:27Z ", "2019-01-05T04:10:27ZZ", "2019-01-05T04:10:27+",
      "2019-01-05T04:10:27+1", "2019-01-05T04:10:27+01:", "2019-01-05T04:10:27+01:0",
      "2019-01-05T04:10:27+01:60", "2019-01-05T04:10:27+14:01", "2019-01-05T04:10:27+15:00",
      "2019-01-05T04:10:27--01:00", "2019-01-05T04:10:27+01:00:00", "-2019-01-05", "+2019-01-05",
      "٢٠١٩-01-05", "2019-01-05T04:10:27é", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-00:01",
    ])
  func refuses(text: String) {
    #expect(OffsetDate(text) == nil)
  }

  @Test(
    "A date is written in its own offset, with as much of a fraction as it has",
    arguments: [
      ("2019-01-05T04:10:27.5120788-08:00", "2019-01-05T04:10:27.5120788-08:00"),
      ("2019-01-05T04:10:27.5000000-08:00", "2019-01-05T04:10:27.5-08:00"),
      ("2019-01-05 04:10", "2019-01-05T04:10:00Z"),
      ("2019-01-05T04:10:27+00:00", "2019-01-05T04:10:27Z"),
      ("2019-01-05T04:10:27-00:30", "2019-01-05T04:10:27-00:30"),
      ("0001-01-01", "0001-01-01T00:00:00Z"),
      ("1969-12-31T23:59:59.0000001+05:45", "1969-12-31T23:59:59.0000001+05:45"),
    ])
  func writes(text: String, expected: String) throws {
    #expect(try #require(OffsetDate(text)).description == expected)
  }

  @Test("What is written is read back as an equal value, and by Foundation as the same second")
  func roundTrip() throws {
    var random = SeededRandom(seed: 1)
    let parser = ISO8601DateFormatter()
    for _ in 0..<2000 {
      // After 1582, where Foundation's calendar begins.
      let whole = Date(
        timeIntervalSince1970: Double(Int.random(in: -12_000_000_000...253_000_000_000, using: &random)))
      let utc = OffsetDate(whole).description
      #expect(parser.date(from: utc) == whole)
      let fraction = ["", ".1", ".0000001", ".9999999", ".25"].randomElement(using: &random)!
      let offset = ["Z", "+05:30", "-14:00", "+00:01"].randomElement(using: &random)!
      let text = utc.dropLast() + fraction + offset
      #expect(try #require(OffsetDate(text)).description == text)
      #expect(
        OffsetDate(text)?.epochSeconds
          == parser.date(from: utc.dropLast() + offset).map { Int($0.timeIntervalSince1970) })
    }
  }

  @Test("A Date that was read from a text is written as the same moment again")
  func throughDate() throws {
    var random = SeededRandom(seed: 2)
    for _ in 0..<2000 {
      let seconds = Int.random(in: -62_135_596_800...253_402_300_799, using: &random)
      let ticks = Int.random(in: 0...9_999_999, using: &random)
      let second = OffsetDate(Date(timeIntervalSince1970: Double(seconds))).description.dropLast()
      let date = try #require(OffsetDate("\(second).\(String(ticks + 10_000_000).dropFirst())Z")).date
      #expect(try #require(OffsetDate(OffsetDate(date).description)).date == date)
    }
  }

  // Seconds, because a Date that is not a number cannot even be printed.
  @Test(
    "A Date beyond the years 1…9999 becomes the nearest moment within them",
    arguments: [
      (-1e300, "0001-01-01T00:00:00Z"), (-.infinity, "0001-01-01T00:00:00Z"), (.nan, "0001-01-01T00:00:00Z"),
      (-62_135_596_801, "0001-01-01T00:00:00Z"), (.infinity, "9999-12-31T23:59:59.9999999Z"),
      (1e300, "9999-12-31T23:59:59.9999999Z"), (253_402_300_800, "9999-12-31T23:59:59.9999999Z"),
    ] as [(Double, String)])
  func clamps(seconds: Double, expected: String) {
    #expect(OffsetDate(Date(timeIntervalSince1970: seconds)).description == expected)
  }

  @Test("A Date is rounded to 100 ns, also up to the next second")
  func rounds() {
    let date = Date(timeIntervalSinceReferenceDate: 0.99999999)
    #expect(OffsetDate(date).description == "2001-01-01T00:00:01Z")
  }
}
