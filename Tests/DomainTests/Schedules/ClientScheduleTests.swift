import Domain
import Foundation
import Testing

/// Schedules as the known clients send them: every field each time, with what their languages have for "nothing".
@Suite("Schedules of the known clients")
struct ClientScheduleTests {
  /// The fields that those clients leave at zero.
  private static let zeros = #"""
    "EndJobRunConfigured": false, "EndJobRunTimeInterval": "00:00:00", "SubScheduleRepeatDays": 0,
    "SubScheduleRepeatPeriodDays": 0, "MonthlyDay": 0, "MonthlyDayOfTheWeek": 0, "MonthlyIsByOrdinalDay": false,
    "MonthlyOrdinalDay": 0, "MonthlyRecurEvery": 0, "RecurrenceType": 0, "RepeatMinutes": 0, "WeeklyDay": 0,
    "WeeklyRecurEvery": 0
    """#

  private static func schedule(
    now: Bool = false, once: Bool = false, periodically: Bool = false,
    start: String = "2018-11-18T02:14:27.5120788-08:00"
  ) -> String {
    #"""
    {"RepeatDays": 50, "RunEveryNDays": true, "RunNow": \#(now), "RunOnce": \#(once),
     "RunPeriodically": \#(periodically), "StartDate": "\#(start)", \#(zeros)}
    """#
  }

  @Test("RunNow alone starts a run and plans none")
  func runNow() throws {
    let schedule = try ScheduleSamples.schedule(Self.schedule(now: true))
    #expect(schedule.runNow)
    #expect(schedule.recurrence == .never)
    #expect(schedule.runTimeLimit == nil)
  }

  @Test("RunPeriodically plans runs every so many days")
  func periodically() throws {
    let schedule = try ScheduleSamples.schedule(Self.schedule(periodically: true))
    let start = try #require(OffsetDate("2018-11-18T02:14:27.5120788-08:00"))
    #expect(schedule.recurrence == .periodically(.days(50), start: start, repetition: nil))
    #expect(!schedule.runNow)
  }

  @Test("RunOnce in the past together with RunNow is the run that starts at once")
  func onceAndNow() throws {
    let schedule = try ScheduleSamples.schedule(Self.schedule(now: true, once: true))
    #expect(schedule.runNow)
    #expect(schedule.firstRun(setAt: try ScheduleSamples.date("2026-01-05")) == nil)
  }

  @Test(
    "A time that nothing calls for may be any text",
    arguments: ["0001-01-01T00:00:00", "0001-01-01T00:00:00+05:00", "0000-00-00", "", "never"])
  func anyStart(start: String) throws {
    let schedule = try ScheduleSamples.schedule(Self.schedule(now: true, start: start))
    #expect(schedule.recurrence == .never)
  }
}
