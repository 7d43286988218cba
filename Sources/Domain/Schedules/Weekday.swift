/// A day of the week, numbered as .NET's `DayOfWeek`: 0 is Sunday, 6 is Saturday.
public enum Weekday: Int, Sendable, CaseIterable {
  case sunday, monday, tuesday, wednesday, thursday, friday, saturday

  /// The weekday of a day counted from 1970-01-01, which was a Thursday.
  init(dayNumber: Int) {
    self = Self.allCases[(dayNumber + Self.thursday.rawValue).dividedRoundingDown(by: 7).remainder]
  }

  /// The first day on or after `dayNumber` that is this weekday.
  func first(onOrAfter dayNumber: Int) -> Int {
    dayNumber + (rawValue - Weekday(dayNumber: dayNumber).rawValue).dividedRoundingDown(by: 7).remainder
  }
}
