import Domain
import Foundation
import Testing

@Suite("The next run of a schedule")
struct ScheduleNextRunTests {
  /// A periodic schedule, the moment to look from, and the runs after it in UTC.
  struct Sample: CustomTestStringConvertible {
    let start: String
    let fields: String
    let after: String
    let runs: [String]

    init(_ start: String, _ fields: String, after: String, _ runs: String...) {
      (self.start, self.fields, self.after, self.runs) = (start, fields, after, runs)
    }

    var testDescription: String { "\(fields) from \(start), after \(after)" }

    func check(_ location: SourceLocation = #_sourceLocation) throws {
      let schedule = try ScheduleSamples.periodic(from: start, fields)
      let found = try ScheduleSamples.runs(of: schedule, after: after, count: runs.count)
      #expect(found == runs, sourceLocation: location)
    }
  }

  @Test(
    "Runs in even distances are counted from the start",
    arguments: [
      Sample(
        "2024-02-27T22:30:00Z", #""RunEveryNDays": true, "RepeatDays": 1"#, after: "2024-02-27T22:29:59.9Z",
        "2024-02-27T22:30:00Z", "2024-02-28T22:30:00Z", "2024-02-29T22:30:00Z", "2024-03-01T22:30:00Z"),
      Sample(
        "2100-02-27", #""RunEveryNDays": true, "RepeatDays": 1"#, after: "2100-02-27",
        "2100-02-28T00:00:00Z", "2100-03-01T00:00:00Z"),
      Sample(
        "2024-01-01T06:00:00Z", #""RunEveryNDays": true, "RepeatDays": 10"#, after: "2024-12-25T06:00:00Z",
        "2024-12-26T06:00:00Z", "2025-01-05T06:00:00Z"),
      Sample(
        "2024-01-01T06:00:00.9999999Z", #""RunEveryNDays": true, "RepeatDays": 1"#, after: "2023-01-01",
        "2024-01-01T06:00:00Z", "2024-01-02T06:00:00Z"),
      Sample(
        "2024-02-28T23:50:00-08:00", #""RepeatMinutes": 7"#, after: "2024-02-29T07:50:00Z",
        "2024-02-29T07:57:00Z", "2024-02-29T08:04:00Z"),
      Sample(
        "2024-01-01", #""RepeatMinutes": 1441"#, after: "2024-01-01T00:00:00.0000001Z",
        "2024-01-02T00:01:00Z", "2024-01-03T00:02:00Z"),
    ])
  func evenDistances(sample: Sample) throws { try sample.check() }

  @Test(
    "Weekly runs are on their weekday of every n-th week, counted from the Sunday before the start",
    arguments: [
      // 2024-02-28 is a Wednesday.
      Sample(
        "2024-02-28T12:00:00Z", #""RecurrenceType": 1, "WeeklyDay": 3"#, after: "2024-01-01",
        "2024-02-28T12:00:00Z", "2024-03-06T12:00:00Z"),
      Sample(
        "2024-02-28T12:00:00Z", #""RecurrenceType": 1, "WeeklyDay": 6, "WeeklyRecurEvery": 2"#,
        after: "2024-01-01", "2024-03-02T12:00:00Z", "2024-03-16T12:00:00Z"),
      Sample(
        "2024-02-28T12:00:00Z", #""RecurrenceType": 1, "WeeklyDay": 2, "WeeklyRecurEvery": 2"#,
        after: "2024-01-01", "2024-03-12T12:00:00Z", "2024-03-26T12:00:00Z"),
      Sample(
        "2024-02-28T12:00:00Z", #""RecurrenceType": 1, "WeeklyDay": 0"#, after: "2024-01-01",
        "2024-03-03T12:00:00Z"),
      // A Sunday is the first day of its own week.
      Sample(
        "2024-03-03T12:00:00Z", #""RecurrenceType": 1, "WeeklyDay": "Saturday", "WeeklyRecurEvery": 3"#,
        after: "2024-03-09T12:00:00Z", "2024-03-30T12:00:00Z"),
      // Monday 01:00 in the offset, which is Sunday in UTC.
      Sample(
        "2024-03-04T01:00:00+09:00", #""RecurrenceType": 1, "WeeklyDay": "Monday""#, after: "2024-03-01",
        "2024-03-03T16:00:00Z", "2024-03-10T16:00:00Z"),
      Sample(
        "1900-02-25", #""RecurrenceType": 1, "WeeklyDay": "Thursday""#, after: "1900-02-25",
        "1900-03-01T00:00:00Z"),
    ])
  func weekly(sample: Sample) throws { try sample.check() }

  @Test(
    "Monthly runs on a day are on the last day of a month that does not have it",
    arguments: [
      Sample(
        "2023-12-31T08:00:00Z", #""RecurrenceType": 2, "MonthlyDay": 31"#, after: "2023-12-31T08:00:00Z",
        "2024-01-31T08:00:00Z", "2024-02-29T08:00:00Z", "2024-03-31T08:00:00Z", "2024-04-30T08:00:00Z"),
      Sample(
        "2099-12-30", #""RecurrenceType": 2, "MonthlyDay": 29"#, after: "2099-01-01",
        "2100-01-29T00:00:00Z", "2100-02-28T00:00:00Z", "2100-03-29T00:00:00Z"),
      Sample(
        "2024-02-29T08:00:00Z", #""RecurrenceType": 2, "MonthlyDay": 31"#, after: "2024-02-29",
        "2024-02-29T08:00:00Z", "2024-03-31T08:00:00Z"),
      Sample(
        "2024-02-29", #""RecurrenceType": 2, "MonthlyDay": 29, "MonthlyRecurEvery": 12"#, after: "2024-03-01",
        "2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z", "2027-02-28T00:00:00Z", "2028-02-29T00:00:00Z"),
      // The 5th is past in the month of the start: the next month that counts is the third one.
      Sample(
        "2024-01-06", #""RecurrenceType": 2, "MonthlyDay": 5, "MonthlyRecurEvery": 3"#, after: "2024-01-01",
        "2024-04-05T00:00:00Z", "2024-07-05T00:00:00Z"),
      Sample(
        "2024-11-30T23:30:00-05:00", #""RecurrenceType": 2, "MonthlyDay": 30, "MonthlyRecurEvery": 1"#,
        after: "2024-12-01T04:30:00Z", "2024-12-31T04:30:00Z", "2025-01-31T04:30:00Z", "2025-03-01T04:30:00Z"),
    ])
  func monthlyByDay(sample: Sample) throws { try sample.check() }

  private static let ordinal = #""RecurrenceType": 2, "MonthlyIsByOrdinalDay": true, "#

  @Test(
    "Monthly runs on an ordinal weekday are on the first to fourth or the last one of the month",
    arguments: [
      Sample(
        "2024-01-01", ordinal + #""MonthlyOrdinalDay": 1, "MonthlyDayOfTheWeek": 1"#, after: "2023-01-01",
        "2024-01-01T00:00:00Z", "2024-02-05T00:00:00Z", "2024-03-04T00:00:00Z"),
      Sample(
        "2024-01-01", ordinal + #""MonthlyOrdinalDay": 4, "MonthlyDayOfTheWeek": 4"#, after: "2024-01-30",
        "2024-02-22T00:00:00Z", "2024-03-28T00:00:00Z"),
      Sample(
        "2024-01-01", ordinal + #""MonthlyOrdinalDay": 5, "MonthlyDayOfTheWeek": 4"#, after: "2024-01-30",
        "2024-02-29T00:00:00Z", "2024-03-28T00:00:00Z"),
      Sample(
        "2100-01-01", ordinal + #""MonthlyOrdinalDay": "Last", "MonthlyDayOfTheWeek": "Sunday""#,
        after: "2100-02-01", "2100-02-28T00:00:00Z", "2100-03-28T00:00:00Z"),
      Sample(
        "2024-09-11T03:00:00Z",
        ordinal + #""MonthlyOrdinalDay": 2, "MonthlyDayOfTheWeek": 2, "MonthlyRecurEvery": 2"#,
        after: "2024-01-01", "2024-11-12T03:00:00Z", "2025-01-14T03:00:00Z"),
    ])
  func monthlyByWeekday(sample: Sample) throws { try sample.check() }

  @Test(
    "Where clocks change, a run keeps its UTC time, because an offset is not a time zone",
    arguments: [
      // Los Angeles changed to UTC−7 on 2024-03-10 and Berlin back to UTC+1 on 2024-10-27.
      Sample(
        "2024-03-09T04:00:00-08:00", #""RunEveryNDays": true, "RepeatDays": 1"#, after: "2024-03-09",
        "2024-03-09T12:00:00Z", "2024-03-10T12:00:00Z", "2024-03-11T12:00:00Z"),
      Sample(
        "2024-10-26T02:30:00+02:00", #""RunEveryNDays": true, "RepeatDays": 1"#, after: "2024-10-26",
        "2024-10-26T00:30:00Z", "2024-10-27T00:30:00Z", "2024-10-28T00:30:00Z"),
      Sample(
        "2024-10-20T00:30:00+02:00", #""RecurrenceType": 1, "WeeklyDay": 0"#, after: "2024-10-20",
        "2024-10-26T22:30:00Z", "2024-11-02T22:30:00Z"),
      Sample(
        "2024-09-30T00:30:00+02:00", #""RecurrenceType": 2, "MonthlyDay": 31"#, after: "2024-10-01",
        "2024-10-30T22:30:00Z", "2024-11-29T22:30:00Z"),
    ])
  func daylightSaving(sample: Sample) throws { try sample.check() }

  private static let weekOfDays = #""SubScheduleRepeatDays": 3, "SubScheduleRepeatPeriodDays": 9"#

  @Test(
    "A sub-schedule repeats each main run until its period is over or the next main run comes",
    arguments: [
      Sample(
        "2024-01-31T08:00:00Z", #""RecurrenceType": 2, "MonthlyDay": 31, "# + weekOfDays, after: "2024-01-01",
        "2024-01-31T08:00:00Z", "2024-02-03T08:00:00Z", "2024-02-06T08:00:00Z", "2024-02-29T08:00:00Z",
        "2024-03-03T08:00:00Z"),
      Sample(
        "2024-01-01", #""RunEveryNDays": true, "RepeatDays": 7, "# + weekOfDays, after: "2024-01-01",
        "2024-01-04T00:00:00Z", "2024-01-07T00:00:00Z", "2024-01-08T00:00:00Z", "2024-01-11T00:00:00Z"),
      Sample(
        "2024-01-01", #""RunEveryNDays": true, "RepeatDays": 6, "# + weekOfDays, after: "2024-01-04",
        "2024-01-07T00:00:00Z", "2024-01-10T00:00:00Z", "2024-01-13T00:00:00Z"),
      Sample(
        "2024-01-01", #""RepeatMinutes": 60, "# + weekOfDays, after: "2024-01-01", "2024-01-01T01:00:00Z"),
      Sample(
        "2024-01-01",
        #""RecurrenceType": 1, "WeeklyDay": 1, "WeeklyRecurEvery": 2, "#
          + #""SubScheduleRepeatDays": 1, "SubScheduleRepeatPeriodDays": 3"#, after: "2024-01-02T12:00:00Z",
        "2024-01-03T00:00:00Z", "2024-01-15T00:00:00Z", "2024-01-16T00:00:00Z"),
    ])
  func repetitions(sample: Sample) throws { try sample.check() }

  @Test("A single run comes once, and not again from its own moment on")
  func once() throws {
    let schedule = try ScheduleSamples.schedule(
      #"{"RunOnce": true, "StartDate": "2024-02-29T23:00:00.5-02:00"}"#)
    #expect(
      try ScheduleSamples.runs(of: schedule, after: "0001-01-01", count: 2) == ["2024-03-01T01:00:00Z", "-"])
    #expect(
      try ScheduleSamples.runs(of: schedule, after: "2024-03-01T00:59:59.9999999Z", count: 1)
        == ["2024-03-01T01:00:00Z"])
    #expect(try ScheduleSamples.runs(of: schedule, after: "2024-03-01T01:00:00Z", count: 1) == ["-"])
  }

  @Test(
    "A single run that is past when its schedule is set is due at once, unless one starts now anyway",
    arguments: [
      (false, "2024-02-29T22:59:59Z", "2024-02-29T23:00:00Z"),
      (false, "2024-02-29T23:00:00Z", "2024-02-29T23:00:00Z"),
      (false, "2026-01-05", "2024-02-29T23:00:00Z"), (true, "2024-02-29T22:59:59Z", "2024-02-29T23:00:00Z"),
      (true, "2024-02-29T23:00:00Z", "-"), (true, "2026-01-05", "-"),
    ])
  func onceSetLate(runNow: Bool, setAt: String, first: String) throws {
    let schedule = try ScheduleSamples.schedule(
      #"{"RunNow": \#(runNow), "RunOnce": true, "StartDate": "2024-02-29T23:00:00.5Z"}"#)
    let run = schedule.firstRun(setAt: try ScheduleSamples.date(setAt))
    #expect(run.map { OffsetDate($0).description } ?? "-" == first)
  }

  @Test("Of many planned runs the first is never a past one")
  func manySetLate() throws {
    let schedule = try ScheduleSamples.periodic(from: "2024-01-01", #""RepeatMinutes": 60"#)
    let moment = try ScheduleSamples.date("2024-01-05T10:30:00Z")
    #expect(schedule.firstRun(setAt: moment) == schedule.nextRun(after: moment))
  }

  @Test("A job that only starts at once has no planned run")
  func never() throws {
    let schedule = try ScheduleSamples.schedule(#"{"RunNow": true, "StartDate": "2030-01-01"}"#)
    #expect(schedule.nextRun(after: .distantPast) == nil)
  }

  @Test(
    "Runs far in the future are where they would be when counted day by day",
    arguments: [
      Sample(
        "2024-01-31T08:00:00Z", #""RecurrenceType": 2, "MonthlyDay": 31"#, after: "9996-02-01",
        "9996-02-29T08:00:00Z", "9996-03-31T08:00:00Z"),
      Sample(
        "0001-01-01", #""RunEveryNDays": true, "RepeatDays": 3660"#,
        after: "9990-01-01", "9991-09-06T00:00:00Z"),
      Sample(
        "2024-01-01", #""RepeatMinutes": 1"#, after: "9999-12-31T23:58:00Z", "9999-12-31T23:59:00Z", "-"),
      Sample(
        "2024-02-29", #""RecurrenceType": 2, "MonthlyDay": 29, "MonthlyRecurEvery": 12"#, after: "9999-01-01",
        "9999-02-28T00:00:00Z", "-"),
      Sample(
        "9999-12-30T12:00:00Z", #""RunEveryNDays": true, "RepeatDays": 2"#, after: "2024-01-01",
        "9999-12-30T12:00:00Z", "-"),
    ])
  func farFuture(sample: Sample) throws { try sample.check() }

  @Test("Dates beyond the calendar are answered, too")
  func extremeDates() throws {
    let start = try ScheduleSamples.date("2024-01-01")
    let schedule = try ScheduleSamples.periodic(from: "2024-01-01", #""RecurrenceType": 2, "MonthlyDay": 1"#)
    for date in [
      Date.distantPast, Date(timeIntervalSince1970: -.infinity), Date(timeIntervalSince1970: -1e300),
    ] {
      #expect(schedule.nextRun(after: date) == start)
    }
    for seconds in [Double.infinity, 1e300, .nan] {
      #expect(schedule.nextRun(after: Date(timeIntervalSince1970: seconds)) == nil)
    }
  }

  @Test("A moment just before a run, by as little as a Date can hold, finds that run")
  func nearestMoment() throws {
    let schedule = try ScheduleSamples.periodic(from: "2001-01-01", #""RepeatMinutes": 1"#)
    let run = try ScheduleSamples.date("2001-01-01T00:01:00Z")
    let before = Date(timeIntervalSinceReferenceDate: run.timeIntervalSinceReferenceDate.nextDown)
    #expect(schedule.nextRun(after: before) == run)
  }

  @Test("The answer takes no longer the further away it is")
  func constantTime() throws {
    // Walking there would take 7,900 years × 20,000 in steps of a minute, a day or a month.
    let all = try [
      #""RepeatMinutes": 1, "SubScheduleRepeatDays": 1, "SubScheduleRepeatPeriodDays": 3660"#,
      #""RunEveryNDays": true, "RepeatDays": 1"#, #""RecurrenceType": 2, "MonthlyDay": 31"#,
    ].map { try ScheduleSamples.periodic(from: "2024-01-01", $0) }
    var date = try ScheduleSamples.date("9900-01-01")
    let seconds = try processorSeconds {
      for step in 0..<20_000 {
        let next = try #require(all[step % 3].nextRun(after: date))
        guard next > date else {
          Issue.record("\(next) is not after \(date)")
          return
        }
        date = date.addingTimeInterval(3600)
      }
    }
    #expect(seconds < 60)
  }
}
