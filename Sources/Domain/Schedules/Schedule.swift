import FoundationEssentials
import JSON

/// When a job runs, and for how long it may: the `Schedule` of Create Job and Update Job.
///
/// Reading JSON is the only way to make one, so every schedule can be planned. What is wrong with it is thrown as
/// ``Invalid``, all of it at once.
///
/// **Which fields are used.** Three switches decide: `RunNow` starts a run at once, `RunOnce` plans one at `StartDate`,
/// `RunPeriodically` plans many from `StartDate` on. The last two exclude each other; with neither, nothing is planned.
/// Unused fields may hold any value of their type (clients send zeros), times and time spans any text.
///
/// | `RunPeriodically` with | makes runs |
/// |---|---|
/// | `RecurrenceType` 0 or none, `RunEveryNDays` true | every `RepeatDays` days |
/// | `RecurrenceType` 0 or none, `RunEveryNDays` false | every `RepeatMinutes` minutes |
/// | `RecurrenceType` 1 | on `WeeklyDay` of every `WeeklyRecurEvery`-th week |
/// | `RecurrenceType` 2, `MonthlyIsByOrdinalDay` false | on `MonthlyDay` of a month |
/// | `RecurrenceType` 2, `MonthlyIsByOrdinalDay` true | on a month's `MonthlyOrdinalDay`-th `MonthlyDayOfTheWeek` |
///
/// Monthly runs are in every `MonthlyRecurEvery`-th month. This one and `WeeklyRecurEvery` are 1 if absent or 0.
/// `WeeklyDay` and `MonthlyDayOfTheWeek` are 0 Sunday … 6 Saturday or the day's English name;
/// `MonthlyOrdinalDay` is 1 first … 4 fourth, 5 last or that word; `RecurrenceType` also `None`, `Weekly`,
/// `Monthly`. ``Recurrence`` says how each is counted. `SubScheduleRepeatDays` and
/// `SubScheduleRepeatPeriodDays`, both or neither, repeat a periodic run, see ``Recurrence/Repetition``. Whole
/// numbers and Booleans may come as JSON strings.
///
/// **Time zones.** `StartDate` has an offset, not a time zone, and days, weekdays, months and the time of day are those of
/// that fixed offset. With daylight saving time a run thus keeps its UTC time and moves by an hour of local time.
public struct Schedule: Sendable, Equatable {
  /// Whether a run starts as soon as the schedule is set.
  public let runNow: Bool
  /// The planned runs.
  public let recurrence: Recurrence
  /// How long a run may take before it is ended: one second up to 999:59:59; `nil` without such a limit.
  public let runTimeLimit: Duration?

  /// The first planned run strictly after a moment.
  ///
  /// Runs are planned on whole seconds: a fraction in `StartDate` is dropped. The run of ``runNow`` is not a planned one.
  /// O(1), however far `date` is from the start.
  ///
  /// - Parameter date: Any date; one before the start gives the first run.
  /// - Returns: nil if there is no further run within the years 1…9999 of UTC.
  public func nextRun(after date: Date) -> Date? { recurrence.next(after: date) }

  /// The first planned run of a schedule that is set at a moment.
  ///
  /// A single run whose time has passed is due at once, like one that an outage has delayed: a client that sends the
  /// present time wants the run, however long the request took. With ``runNow`` a run starts anyway.
  ///
  /// - Returns: `nil` when there is none.
  public func firstRun(setAt moment: Date) -> Date? {
    if let next = nextRun(after: moment) { return next }
    guard case .once(let start) = recurrence, !runNow else { return nil }
    return start.wholeSecond
  }

  /// A field that breaks a rule.
  public struct Violation: Sendable, Hashable {
    /// A JSON Pointer (RFC 6901) from the schedule to the field, `/WeeklyDay`; empty for the schedule itself.
    public let pointer: String
    /// What the field must be, as the end of a sentence that begins with its name.
    public let rule: String
  }

  /// Thrown for JSON that is not a schedule.
  public struct Invalid: Error, Equatable {
    /// At least one; at most one for each field, in the order of the documentation.
    public let violations: [Violation]
  }
}

extension Schedule {
  /// Reads a stored or sent schedule; names of fields in their documented case.
  public init(_ node: JSONNode) throws(Invalid) {
    try self.init(ScheduleForm(node))
  }
}
