/// When a job runs by schedule. Every number in it is valid; planning (``Schedule/nextRun(after:)``) needs nothing else.
public enum Recurrence: Sendable, Equatable {
  /// Never by schedule.
  case never
  /// Once at this moment; at once if it is past when the schedule is set.
  case once(OffsetDate)
  /// Periodically; first at `start` or at the first occurrence after it.
  case periodically(Rhythm, start: OffsetDate, repetition: Repetition?)

  /// The interval between main runs. Days, weekdays and months are those of the start's fixed offset, and each run has the
  /// start's time of day there; ``minutes(_:)`` alone does not depend on days.
  public enum Rhythm: Sendable, Equatable {
    /// Minutes between runs, 1…5,270,400, counted from the start.
    case minutes(Int)
    /// Days between runs, 1…3,660, counted from the start's day.
    case days(Int)
    /// On a weekday of every n-th week, 1…520. Weeks begin on Sunday and are counted from the start's: if the weekday is
    /// past in that week, the first run is n weeks later.
    case weeks(Int, on: Weekday)
    /// On a day of every n-th month, 1…120, counted from the start's: if the day is past in that month, the first run is n
    /// months later.
    case months(Int, on: DayOfMonth)
  }

  /// A day that every month has.
  public enum DayOfMonth: Sendable, Equatable {
    /// 1…31; in a month with fewer days its last one.
    case number(Int)
    case weekday(Ordinal, Weekday)
  }

  /// Which of a month's four or five occurrences of a weekday.
  public enum Ordinal: Int, Sendable, CaseIterable {
    case first = 1
    case second, third, fourth, last
  }

  /// Further runs after each main one.
  ///
  /// They follow it every `everyDays` days while fewer than `withinDays` days have passed since the main run:
  /// `everyDays: 1, withinDays: 7` makes seven runs on seven days. The next main run ends the repetitions of the previous
  /// one and begins its own.
  public struct Repetition: Sendable, Equatable {
    /// 1…3,660
    public let everyDays: Int
    /// More than `everyDays`, at most 3,660.
    public let withinDays: Int
  }
}
