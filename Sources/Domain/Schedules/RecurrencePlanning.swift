import FoundationEssentials

// Runs are planned on whole seconds. So a moment has the same value as a Date, in JSON and in the database, and "the first
// run after the last one" never finds the last one again.
extension Recurrence {
  /// The first run strictly after `date`; `nil` if there is none up to the year 9999.
  func next(after date: Date) -> Date? {
    switch self {
    case .never:
      return nil
    case .once(let start):
      return Self.wholeSecond(date, notBefore: start.epochSeconds - 1)
        .flatMap { $0 < start.epochSeconds ? Self.moment(start.epochSeconds) : nil }
    case .periodically(let rhythm, let start, let repetition):
      guard let second = Self.wholeSecond(date, notBefore: start.epochSeconds - 1) else { return nil }
      let runs = MainRuns(rhythm, start: start.epochSeconds + start.offset)
      let local = runs.next(after: second + start.offset, repetition)
      return Self.moment(local - start.offset)
    }
  }

  /// Seconds since 1970, rounded down; nil past year 9999. There is no run before the start, so earlier dates become the
  /// start, which keeps the numbers small.
  private static func wholeSecond(_ date: Date, notBefore start: Int) -> Int? {
    // Adding to a rounded value is exact; `timeIntervalSince1970` could round up over the run itself.
    let whole =
      date.timeIntervalSinceReferenceDate.rounded(.down) + Double(OffsetDate.referenceSeconds)
    guard whole < Double(OffsetDate.representable.upperBound) else { return nil }
    return whole < Double(start) ? start : Int(whole)
  }

  private static func moment(_ second: Int) -> Date? {
    guard OffsetDate.representable.contains(second) else { return nil }
    return Date(timeIntervalSinceReferenceDate: Double(second - OffsetDate.referenceSeconds))
  }
}

/// The main runs of a rhythm, numbered from 0. All seconds are local: counted from 1970-01-01T00:00:00 in the schedule's
/// offset, so that every day has 86,400.
private enum MainRuns {
  case even(first: Int, distance: Int)
  /// Months are counted from January of the year 0.
  case monthly(firstMonth: Int, distance: Int, day: Recurrence.DayOfMonth, secondOfDay: Int)

  init(_ rhythm: Recurrence.Rhythm, start: Int) {
    let (startDay, secondOfDay) = start.dividedRoundingDown(by: OffsetDate.secondsPerDay)
    switch rhythm {
    case .minutes(let count):
      self = .even(first: start, distance: count * 60)
    case .days(let count):
      self = .even(first: start, distance: count * OffsetDate.secondsPerDay)
    case .weeks(let count, let weekday):
      let sunday = startDay - Weekday(dayNumber: startDay).rawValue
      let day = sunday + weekday.rawValue
      let firstDay = day < startDay ? day + 7 * count : day
      self = .even(
        first: firstDay * OffsetDate.secondsPerDay + secondOfDay,
        distance: 7 * count * OffsetDate.secondsPerDay)
    case .months(let count, let day):
      let month = Self.month(ofDay: startDay)
      let isPast = day.dayNumber(inMonth: month) < startDay
      self = .monthly(
        firstMonth: isPast ? month + count : month, distance: count, day: day, secondOfDay: secondOfDay)
    }
  }

  subscript(number: Int) -> Int {
    switch self {
    case .even(let first, let distance):
      return first + number * distance
    case .monthly(let firstMonth, let distance, let day, let secondOfDay):
      let dayNumber = day.dayNumber(inMonth: firstMonth + number * distance)
      return dayNumber * OffsetDate.secondsPerDay + secondOfDay
    }
  }

  /// The number of the last run at or before a second; negative before the first one.
  private func number(notAfter second: Int) -> Int {
    switch self {
    case .even(let first, let distance):
      return (second - first).dividedRoundingDown(by: distance).quotient
    case .monthly(let firstMonth, let distance, _, _):
      let day = second.dividedRoundingDown(by: OffsetDate.secondsPerDay).quotient
      let number = (Self.month(ofDay: day) - firstMonth).dividedRoundingDown(by: distance).quotient
      return self[number] > second ? number - 1 : number
    }
  }

  /// The first run after a second, a main run or a repetition.
  func next(after second: Int, _ repetition: Recurrence.Repetition?) -> Int {
    let last = number(notAfter: second)
    guard last >= 0 else { return self[0] }
    let nextMain = self[last + 1]
    guard let repetition else { return nextMain }
    let distance = repetition.everyDays * OffsetDate.secondsPerDay
    let elapsed = ((second - self[last]) / distance + 1) * distance
    let isOpen = elapsed < repetition.withinDays * OffsetDate.secondsPerDay
    return isOpen ? min(self[last] + elapsed, nextMain) : nextMain
  }

  private static func month(ofDay dayNumber: Int) -> Int {
    let date = CivilDate(dayNumber: dayNumber)
    return date.year * 12 + date.month - 1
  }
}

extension Recurrence.DayOfMonth {
  /// The number of this day, from 1970-01-01, in a month counted from January of the year 0.
  fileprivate func dayNumber(inMonth index: Int) -> Int {
    let (year, monthFromZero) = index.dividedRoundingDown(by: 12)
    let month = monthFromZero + 1
    let length = CivilDate.length(ofMonth: month, year: year)
    let first = CivilDate(year: year, month: month, day: 1).dayNumber
    switch self {
    case .number(let day):
      return first + min(day, length) - 1
    case .weekday(.last, let weekday):
      return weekday.first(onOrAfter: first + length - 7)
    case .weekday(let ordinal, let weekday):
      return weekday.first(onOrAfter: first) + 7 * (ordinal.rawValue - 1)
    }
  }
}
