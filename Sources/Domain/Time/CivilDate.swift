/// A day of the proleptic Gregorian calendar, without a time and without a time zone.
///
/// Days are counted from 1970-01-01, day 0; earlier days are negative. The two conversions are Howard Hinnant's
/// `days_from_civil` and `civil_from_days` ("chrono-Compatible Low-Level Date Algorithms",
/// https://howardhinnant.github.io/date_algorithms.html): years begin in March, so that the leap day is the last of its
/// year, and the calendar repeats every 400 years, an era of 146,097 days.
struct CivilDate: Equatable {
  var year: Int
  /// 1…12
  var month: Int
  /// 1…31
  var day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  init(dayNumber: Int) {
    let (era, dayOfEra) = (dayNumber + Self.daysFromEraToEpoch).dividedRoundingDown(by: Self.daysPerEra)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01.
  var dayNumber: Int {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).dividedRoundingDown(by: 400)
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * Self.daysPerEra + dayOfEra - Self.daysFromEraToEpoch
  }

  /// The number of days in a month, 28…31.
  static func length(ofMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static let daysPerEra = 146_097
  /// From 0000-03-01, where an era begins, to 1970-01-01.
  private static let daysFromEraToEpoch = 719_468
}

extension Int {
  /// Division that rounds towards negative infinity, for days before 1970: the remainder is never negative.
  ///
  /// - Parameter divisor: Greater than 0.
  func dividedRoundingDown(by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
