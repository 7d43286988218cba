import Foundation
import JSON
import Testing

@testable import Domain

@Suite("The JSON form of a schedule")
struct ScheduleDecodingTests {
  private static let start = OffsetDate("2019-01-05T04:10:27.5120788-08:00")!

  private static let recurrences: [(String, Recurrence)] = [
    (#"{}"#, .never),
    (#"{"RunNow": true}"#, .never),
    (#"{"StartDate": "2019-01-05T04:10:27.5120788-08:00", "RepeatDays": -4}"#, .never),
    (#"{"RunOnce": true, "StartDate": "2019-01-05T04:10:27.5120788-08:00"}"#, .once(start)),
    (periodic(#""RunEveryNDays": true, "RepeatDays": 3660"#), every(.days(3660))),
    (periodic(#""RunEveryNDays": "True", "RepeatDays": "2", "RepeatMinutes": 0"#), every(.days(2))),
    (periodic(#""RecurrenceType": 0, "RepeatMinutes": 30"#), every(.minutes(30))),
    (periodic(#""RecurrenceType": "None", "RepeatMinutes": 5270400"#), every(.minutes(5_270_400))),
    (periodic(#""RecurrenceType": 1, "WeeklyDay": 0"#), every(.weeks(1, on: .sunday))),
    (
      periodic(#""RecurrenceType": "weekly", "WeeklyDay": "FRIDAY", "WeeklyRecurEvery": 520"#),
      every(.weeks(520, on: .friday))
    ),
    (periodic(#""RecurrenceType": 1, "WeeklyDay": 5, "WeeklyRecurEvery": 0"#), every(.weeks(1, on: .friday))),
    (
      periodic(#""RecurrenceType": 2, "MonthlyDay": 3, "MonthlyRecurEvery": "0""#),
      every(.months(1, on: .number(3)))
    ),
    (
      periodic(#""RecurrenceType": "1", "WeeklyDay": "6", "RepeatDays": 0, "RepeatMinutes": 9"#),
      every(.weeks(1, on: .saturday))
    ),
    (periodic(#""RecurrenceType": 2, "MonthlyDay": 31"#), every(.months(1, on: .number(31)))),
    (
      periodic(#""RecurrenceType": "Monthly", "MonthlyDay": 1, "MonthlyRecurEvery": 120"#),
      every(.months(120, on: .number(1)))
    ),
    (
      periodic(
        #""RecurrenceType": 2, "MonthlyIsByOrdinalDay": true, "MonthlyDay": 0, "MonthlyOrdinalDay": 5, "MonthlyDayOfTheWeek": 1"#
      ),
      every(.months(1, on: .weekday(.last, .monday)))
    ),
    (
      periodic(
        #""RecurrenceType": 2, "MonthlyIsByOrdinalDay": "true", "MonthlyOrdinalDay": "second", "MonthlyDayOfTheWeek": "tuesday""#
      ),
      every(.months(1, on: .weekday(.second, .tuesday)))
    ),
  ]

  private static func periodic(_ fields: String) -> String {
    #"{"RunPeriodically": true, "StartDate": "2019-01-05T04:10:27.5120788-08:00", \#(fields)}"#
  }

  private static func every(_ rhythm: Recurrence.Rhythm) -> Recurrence {
    .periodically(rhythm, start: start, repetition: nil)
  }

  @Test("The fields of each kind of schedule become its recurrence", arguments: recurrences)
  func decodes(json: String, recurrence: Recurrence) throws {
    #expect(try ScheduleSamples.schedule(json).recurrence == recurrence)
  }

  @Test(
    "The canonical form reads as the same schedule, and is its own canonical form", arguments: recurrences)
  func roundTrip(json: String, recurrence: Recurrence) throws {
    let written = try WrittenSchedule(ScheduleForm(JSONNode(json: Array(json.utf8))))
    let again = try WrittenSchedule(ScheduleForm(written.canonical))
    #expect(again.schedule == written.schedule)
    #expect(again.canonical == written.canonical)
  }

  @Test("The canonical form has every field that was sent, in one form, and the start in its own offset")
  func canonical() throws {
    let sent = #"""
      {"RunNow": "TRUE", "RunPeriodically": true, "StartDate": "2019-01-05T04:10:27.5120788-08:00",
       "RecurrenceType": "Monthly", "MonthlyIsByOrdinalDay": true, "MonthlyOrdinalDay": 4,
       "MonthlyDayOfTheWeek": 2, "MonthlyRecurEvery": "3", "MonthlyDay": 7, "RepeatDays": null,
       "EndJobRunConfigured": true, "EndJobRunTimeInterval": "7:05:09"}
      """#
    let written = try WrittenSchedule(ScheduleForm(JSONNode(json: Array(sent.utf8))))
    #expect(
      written.canonical.json
        == #"{"EndJobRunConfigured":true,"EndJobRunTimeInterval":"07:05:09","MonthlyDay":7,"#
        + #""MonthlyDayOfTheWeek":2,"MonthlyIsByOrdinalDay":true,"MonthlyOrdinalDay":4,"#
        + #""MonthlyRecurEvery":3,"RecurrenceType":2,"RunNow":true,"RunPeriodically":true,"#
        + #""StartDate":"2019-01-05T04:10:27.5120788-08:00"}"#)
  }

  @Test(
    "RunNow may be a Boolean or a string, and goes with every kind of schedule",
    arguments: [
      (#"{"RunNow": true}"#, true), (#"{"RunNow": "true"}"#, true), (#"{"RunNow": "True"}"#, true),
      (#"{"RunNow": "false"}"#, false), (#"{"RunNow": false}"#, false), (#"{"RunNow": null}"#, false),
      ("{}", false),
      (#"{"RunNow": true, "RunOnce": true, "StartDate": "2019-01-05"}"#, true),
    ])
  func runNow(json: String, expected: Bool) throws {
    #expect(try ScheduleSamples.schedule(json).runNow == expected)
  }

  @Test(
    "A run is limited only where EndJobRunConfigured says so",
    arguments: [
      (#"{"EndJobRunConfigured": true, "EndJobRunTimeInterval": "02:30:05"}"#, 9005),
      (#"{"EndJobRunConfigured": "True", "EndJobRunTimeInterval": "00:00:01"}"#, 1),
      (#"{"EndJobRunConfigured": true, "EndJobRunTimeInterval": "999:59:59"}"#, 3_599_999),
      (#"{"EndJobRunConfigured": false, "EndJobRunTimeInterval": "02:30:05"}"#, nil),
      (#"{"EndJobRunTimeInterval": "02:30:05"}"#, nil),
      (#"{"EndJobRunConfigured": false, "EndJobRunTimeInterval": ""}"#, nil),
      (#"{"EndJobRunConfigured": false, "EndJobRunTimeInterval": "00:00:00"}"#, nil),
      (#"{"EndJobRunTimeInterval": "2 hours"}"#, nil),
    ] as [(String, Int?)])
  func timeLimit(json: String, seconds: Int?) throws {
    #expect(try ScheduleSamples.schedule(json).runTimeLimit == seconds.map { .seconds($0) })
  }

  @Test("Zeros in both fields of the sub-schedule are no sub-schedule")
  func noRepetition() throws {
    let schedule = try ScheduleSamples.periodic(
      from: "2019-01-05", #""RepeatMinutes": 1, "SubScheduleRepeatDays": 0, "SubScheduleRepeatPeriodDays": 0"#
    )
    let start = try #require(OffsetDate("2019-01-05"))
    #expect(schedule.recurrence == .periodically(.minutes(1), start: start, repetition: nil))
  }
}
