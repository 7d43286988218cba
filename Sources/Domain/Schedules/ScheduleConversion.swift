// From the JSON form to the schedule it means. This is the one place that knows which field goes with which recurrence.

extension Schedule {
  /// Throws all violations together, each field's first one.
  init(_ form: ScheduleForm) throws(Invalid) {
    var check = ScheduleCheck(form)
    runNow = check.flag(.runNow)
    recurrence = check.recurrence()
    runTimeLimit = check.runTimeLimit()
    guard check.violations.isEmpty else { throw Invalid(violations: check.violationsInOrder) }
  }
}

/// Reads the fields that the switches require and notes the rules they break.
///
/// A field without a valid value reads as nil; what is built from it is discarded, as the violation has been noted.
private struct ScheduleCheck {
  private let form: ScheduleForm
  private(set) var violations: [ScheduleForm.Field: String]

  init(_ form: ScheduleForm) {
    self.form = form
    violations = form.misshapen
  }

  var violationsInOrder: [Schedule.Violation] {
    ScheduleForm.Field.allCases.compactMap { field in
      violations[field].map { Schedule.Violation(pointer: "/" + field.rawValue, rule: $0) }
    }
  }

  private mutating func note(_ field: ScheduleForm.Field, _ rule: String) {
    if violations[field] == nil { violations[field] = rule }
  }

  /// A Boolean, `false` where it is absent.
  func flag(_ field: ScheduleForm.Field) -> Bool { form.booleans[field] ?? false }

  /// A time or a time span is missing or invalid.
  private mutating func noteMissing(_ field: ScheduleForm.Field, requiredWith reason: String) {
    note(field, form.unreadable.contains(field) ? field.shape.rule : "is required with \(reason)")
  }

  /// A number within `range`; `fallback` if it is absent; without a fallback it is required with `reason`. With a fallback
  /// zero counts as absent, for some clients always send every field.
  private mutating func number(
    _ field: ScheduleForm.Field, _ range: ClosedRange<Int>, fallback: Int? = nil, requiredWith reason: String
  ) -> Int? {
    let written = form.integers[field]
    guard let value = written == 0 && fallback != nil ? fallback : written ?? fallback else {
      note(field, "is required with \(reason)")
      return nil
    }
    guard range.contains(value) else {
      if case .named = field.shape {
        note(field, field.shape.rule)
      } else {
        note(field, "must be \(range.lowerBound)…\(range.upperBound)")
      }
      return nil
    }
    return value
  }

  mutating func recurrence() -> Recurrence {
    let (isOnce, isPeriodic) = (flag(.runOnce), flag(.runPeriodically))
    guard isOnce || isPeriodic else { return .never }
    if isOnce && isPeriodic { note(.runPeriodically, "must be false with RunOnce") }
    let start = form.startDate
    if start == nil { noteMissing(.startDate, requiredWith: isOnce ? "RunOnce" : "RunPeriodically") }
    guard isPeriodic else { return start.map { .once($0) } ?? .never }
    let (rhythm, repetition) = (rhythm(), repetition())
    guard let start, let rhythm else { return .never }
    return .periodically(rhythm, start: start, repetition: repetition)
  }

  private mutating func rhythm() -> Recurrence.Rhythm? {
    if violations[.recurrenceType] != nil { return nil }
    guard let type = number(.recurrenceType, 0...2, fallback: 0, requiredWith: "RunPeriodically") else {
      return nil
    }
    if type != 0 && flag(.runEveryNDays) { note(.runEveryNDays, "must be false with RecurrenceType \(type)") }
    return switch type {
    case 1: weekly()
    case 2: monthly()
    default: flag(.runEveryNDays) ? everyNDays() : everyNMinutes()
    }
  }

  private mutating func everyNDays() -> Recurrence.Rhythm? {
    number(.repeatDays, 1...ScheduleLimits.days, requiredWith: "RunEveryNDays").map { .days($0) }
  }

  private mutating func everyNMinutes() -> Recurrence.Rhythm? {
    // An invalid switch does not tell whether the minutes are required.
    if violations[.runEveryNDays] != nil { return nil }
    return number(
      .repeatMinutes, 1...ScheduleLimits.minutes,
      requiredWith: "RunPeriodically, unless there is RunEveryNDays or a RecurrenceType"
    ).map { .minutes($0) }
  }

  private mutating func weekly() -> Recurrence.Rhythm? {
    let weekday = number(.weeklyDay, 0...6, requiredWith: "RecurrenceType 1").flatMap(Weekday.init)
    let weeks = number(
      .weeklyRecurEvery, 1...ScheduleLimits.weeks, fallback: 1, requiredWith: "RecurrenceType 1")
    guard let weekday, let weeks else { return nil }
    return .weeks(weeks, on: weekday)
  }

  private mutating func monthly() -> Recurrence.Rhythm? {
    let months = number(
      .monthlyRecurEvery, 1...ScheduleLimits.months, fallback: 1, requiredWith: "RecurrenceType 2")
    guard let day = dayOfMonth(), let months else { return nil }
    return .months(months, on: day)
  }

  private mutating func dayOfMonth() -> Recurrence.DayOfMonth? {
    if violations[.monthlyIsByOrdinalDay] != nil { return nil }
    guard flag(.monthlyIsByOrdinalDay) else {
      return number(
        .monthlyDay, 1...31, requiredWith: "RecurrenceType 2, unless there is MonthlyIsByOrdinalDay"
      )
      .map { .number($0) }
    }
    let ordinal = number(.monthlyOrdinalDay, 1...5, requiredWith: "MonthlyIsByOrdinalDay")
      .flatMap(Recurrence.Ordinal.init)
    let weekday = number(.monthlyDayOfTheWeek, 0...6, requiredWith: "MonthlyIsByOrdinalDay")
      .flatMap(Weekday.init)
    guard let ordinal, let weekday else { return nil }
    return .weekday(ordinal, weekday)
  }

  /// Zero in both fields means no repetition, for some clients always send every field.
  private mutating func repetition() -> Recurrence.Repetition? {
    let (days, period) = (form.integers[.subScheduleRepeatDays], form.integers[.subScheduleRepeatPeriodDays])
    guard (days ?? 0) != 0 || (period ?? 0) != 0 else { return nil }
    let everyDays = number(
      .subScheduleRepeatDays, 1...ScheduleLimits.days, requiredWith: "SubScheduleRepeatPeriodDays")
    let withinDays = number(
      .subScheduleRepeatPeriodDays, 1...ScheduleLimits.days, requiredWith: "SubScheduleRepeatDays")
    guard let everyDays, let withinDays else { return nil }
    if withinDays <= everyDays {
      note(.subScheduleRepeatPeriodDays, "must be greater than SubScheduleRepeatDays")
    }
    return .init(everyDays: everyDays, withinDays: withinDays)
  }

  mutating func runTimeLimit() -> Duration? {
    guard flag(.endJobRunConfigured) else { return nil }
    guard let seconds = form.timeInterval else {
      noteMissing(.endJobRunTimeInterval, requiredWith: "EndJobRunConfigured")
      return nil
    }
    if seconds == 0 { note(.endJobRunTimeInterval, ScheduleForm.Shape.interval.rule) }
    return .seconds(seconds)
  }
}

/// The longest intervals of a schedule: about ten years each.
private enum ScheduleLimits {
  static let days = 3660
  static let minutes = days * 24 * 60
  static let weeks = 520
  static let months = 120
}
