/// When a job runs by itself: what remains of a schedule once its wire form has been understood.
///
/// Every number in it has been checked. Planning (``Schedule/nextRun(after:)``) looks at nothing else.
public enum Recurrence: Sendable, Equatable {
  /// Not by itself at all.
  case never
  /// At this moment and not again; at once if it is past when the schedule is set.
  case once(OffsetDate)
  /// In a rhythm, the first time at `start` or at the first occurrence after it.
  case periodically(Rhythm, start: OffsetDate, repetition: Repetition?)

  /// The distance of the main runs. Days, weekdays and months are those of the start's fixed offset, and each
  /// run has the start's time of day there; only ``minutes(_:)`` has no use for days.
  public enum Rhythm: Sendable, Equatable {
    /// Every so many minutes, 1…5,270,400, counted from the start.
    case minutes(Int)
    /// Every so many days, 1…3,660, counted from the start's day.
    case days(Int)
    /// On a weekday of every so many weeks, 1…520. Weeks begin on Sunday and are counted from the one with
    /// the start in it: a weekday that is already past there waits for the next week that counts.
    case weeks(Int, on: Weekday)
    /// On a day of every so many months, 1…120, counted from the start's month: a day that is already past
    /// there waits for the next month that counts.
    case months(Int, on: DayOfMonth)
  }

  /// A day that every month has.
  public enum DayOfMonth: Sendable, Equatable {
    /// 1…31; in a month with fewer days its last one.
    case number(Int)
    case weekday(Ordinal, Weekday)
  }

  /// Which of a month's four or five days of one weekday.
  public enum Ordinal: Int, Sendable, CaseIterable {
    case first = 1
    case second, third, fourth, last
  }

  /// Further runs after each main one.
  ///
  /// They follow it every `everyDays` days, as long as fewer than `withinDays` days have passed since the main
  /// run: `everyDays: 1, withinDays: 7` makes seven runs on seven days. The next main run ends the repetitions
  /// of the one before it and begins its own.
  public struct Repetition: Sendable, Equatable {
    /// 1…3,660
    public let everyDays: Int
    /// More than `everyDays`, at most 3,660.
    public let withinDays: Int
  }
}
