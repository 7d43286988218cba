import Domain

/// Plans by walking through a calendar one day after the other: slow, and so plain that it can be trusted.
struct ScheduleOracle {
  struct Day {
    var year: Int
    var month: Int
    var day: Int
    /// 0 is Sunday.
    var weekday: Int
  }

  /// From 1896-01-01, a Wednesday, to the end of 2105: with 1900 and 2100, which have no leap day.
  static let days: [Day] = {
    var days: [Day] = []
    var weekday = 3
    for year in 1896...2105 {
      let isLeap = year % 4 == 0 && year != 1900 && year != 2100
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      for month in 1...12 {
        for day in 1...lengths[month - 1] {
          days.append(Day(year: year, month: month, day: day, weekday: weekday))
          weekday = (weekday + 1) % 7
        }
      }
    }
    return days
  }()

  /// The position of 1970-01-01 in ``days``.
  static let epoch = days.firstIndex { $0.year == 1970 }!

  let rhythm: Recurrence.Rhythm
  /// The position of the start's day in ``days``.
  let startDay: Int
  /// Seconds after local midnight.
  let secondOfDay: Int
  /// Seconds east of UTC.
  let offset: Int
  let repetition: (everyDays: Int, withinDays: Int)?

  /// All runs of the first `dayCount` days, in seconds since 1970 of UTC.
  func runs(dayCount: Int) -> [Int] {
    let main = mainRuns(dayCount: dayCount)
    guard let repetition else { return main }
    var runs: [Int] = []
    for (index, run) in main.enumerated() {
      let end = index + 1 < main.count ? main[index + 1] : Int.max
      for day in 0..<repetition.withinDays where day % repetition.everyDays == 0 {
        let repeated = run + day * 86_400
        if repeated < end { runs.append(repeated) }
      }
    }
    return runs
  }

  private func mainRuns(dayCount: Int) -> [Int] {
    if case .minutes(let count) = rhythm {
      let first = second(of: startDay)
      return Array(stride(from: first, to: first + dayCount * 86_400, by: count * 60))
    }
    var runs: [Int] = []
    var weeks = 0
    var months = 0
    for position in startDay..<startDay + dayCount {
      let day = Self.days[position]
      if position > startDay {
        if day.weekday == 0 { weeks += 1 }
        if day.day == 1 { months += 1 }
      }
      let isRun =
        switch rhythm {
        case .minutes: false
        case .days(let count): (position - startDay) % count == 0
        case .weeks(let count, let weekday): weeks % count == 0 && day.weekday == weekday.rawValue
        case .months(let count, let rule): months % count == 0 && isDay(position, rule)
        }
      if isRun { runs.append(second(of: position)) }
    }
    return runs
  }

  private func isDay(_ position: Int, _ rule: Recurrence.DayOfMonth) -> Bool {
    let day = Self.days[position]
    switch rule {
    case .number(let number):
      return day.day == number || (day.day < number && Self.days[position + 1].day == 1)
    case .weekday(.last, let weekday):
      return day.weekday == weekday.rawValue && Self.days[position + 7].month != day.month
    case .weekday(let ordinal, let weekday):
      return day.weekday == weekday.rawValue && (day.day + 6) / 7 == ordinal.rawValue
    }
  }

  private func second(of position: Int) -> Int { (position - Self.epoch) * 86_400 + secondOfDay - offset }
}
