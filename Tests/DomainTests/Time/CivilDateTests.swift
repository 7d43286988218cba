import Foundation
import Testing

@testable import Domain

@Suite("Civil dates")
struct CivilDateTests {
  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
  }()

  @Test("Every day of 400 years agrees with Foundation's calendar")
  func agreesWithFoundation() {
    // Foundation changes to the Julian calendar before 1582.
    let first = CivilDate(year: 1799, month: 12, day: 25).dayNumber
    for dayNumber in stride(from: first, to: first + 146_097, by: 1) {
      let date = Date(timeIntervalSince1970: Double(dayNumber) * 86_400)
      let fields = Self.calendar.dateComponents([.year, .month, .day, .weekday], from: date)
      let day = CivilDate(dayNumber: dayNumber)
      guard day.year == fields.year, day.month == fields.month, day.day == fields.day,
        Weekday(dayNumber: dayNumber).rawValue + 1 == fields.weekday, day.dayNumber == dayNumber
      else {
        Issue.record("day \(dayNumber) is \(day)")
        return
      }
    }
  }

  @Test("Days follow one another without a gap from year 1 to year 9999")
  func isContinuous() {
    var expected = CivilDate(year: 1, month: 1, day: 1)
    let first = expected.dayNumber
    #expect(first == -719_162)
    for dayNumber in first...CivilDate(year: 9999, month: 12, day: 31).dayNumber {
      let day = CivilDate(dayNumber: dayNumber)
      guard day == expected, day.dayNumber == dayNumber else {
        Issue.record("day \(dayNumber) is \(day), not \(expected)")
        return
      }
      expected.day += 1
      if expected.day > CivilDate.length(ofMonth: expected.month, year: expected.year) {
        expected = CivilDate(year: expected.year, month: expected.month + 1, day: 1)
      }
      if expected.month > 12 { expected = CivilDate(year: expected.year + 1, month: 1, day: 1) }
    }
    #expect(expected == CivilDate(year: 10_000, month: 1, day: 1))
  }

  @Test(
    "February has 29 days in leap years only",
    arguments: [(2023, 28), (2024, 29), (1900, 28), (2000, 29), (2100, 28), (2400, 29)])
  func february(year: Int, length: Int) {
    #expect(CivilDate.length(ofMonth: 2, year: year) == length)
  }

  @Test("The first of a weekday on or after a day is that day itself or one of the next six")
  func firstWeekday() {
    for dayNumber in -20...20 {
      for weekday in Weekday.allCases {
        let first = weekday.first(onOrAfter: dayNumber)
        #expect(Weekday(dayNumber: first) == weekday)
        #expect((0...6).contains(first - dayNumber))
      }
    }
  }
}
