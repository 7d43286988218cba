import Domain
import Foundation
import Testing

@Suite("Broken schedules")
struct ScheduleViolationTests {
  private static func periodic(_ fields: String) -> String {
    #"{"RunPeriodically": true, "StartDate": "2024-01-31T08:00:00Z", \#(fields)}"#
  }

  private static func limited(_ interval: String) -> String {
    #"{"EndJobRunConfigured": true, "EndJobRunTimeInterval": "\#(interval)"}"#
  }

  private static let table: [(String, [String])] = [
    (#"[]"#, [" must be an object"]),
    (#""daily""#, [" must be an object"]),
    (#"{"RunNow": "yes"}"#, ["/RunNow must be true or false"]),
    (#"{"RunNow": 1}"#, ["/RunNow must be true or false"]),
    (#"{"RunOnce": true}"#, ["/StartDate is required with RunOnce"]),
    (#"{"RunOnce": true, "StartDate": ""}"#, ["/StartDate is required with RunOnce"]),
    (#"{"RunOnce": true, "StartDate": null}"#, ["/StartDate is required with RunOnce"]),
    (#"{"RunOnce": true, "StartDate": "tomorrow"}"#, [badDate]),
    (#"{"StartDate": 1546690227}"#, [badDate]),
    (#"{"RunOnce": true, "StartDate": "2023-02-29T00:00:00Z"}"#, [badDate]),
    (#"{"RunOnce": true, "StartDate": "0001-01-01T00:00:00+05:00"}"#, [badDate]),
    (#"{"RunPeriodically": true, "RepeatMinutes": 5, "StartDate": "soon"}"#, [badDate]),
    (
      #"{"RunOnce": true, "RunPeriodically": true, "StartDate": "2024-01-31", "RepeatMinutes": 5}"#,
      ["/RunPeriodically must be false with RunOnce"]
    ),
    (#"{"RunPeriodically": true, "RepeatMinutes": 5}"#, ["/StartDate is required with RunPeriodically"]),
    (
      periodic(#""RecurrenceType": 0"#),
      ["/RepeatMinutes is required with RunPeriodically, unless there is RunEveryNDays or a RecurrenceType"]
    ),
    (periodic(#""RepeatMinutes": 0"#), ["/RepeatMinutes must be 1…5270400"]),
    (periodic(#""RepeatMinutes": 5270401"#), ["/RepeatMinutes must be 1…5270400"]),
    (periodic(#""RepeatMinutes": 1.5"#), ["/RepeatMinutes must be a whole number"]),
    (periodic(#""RepeatMinutes": "often""#), ["/RepeatMinutes must be a whole number"]),
    (periodic(#""RepeatMinutes": true"#), ["/RepeatMinutes must be a whole number"]),
    (periodic(#""RepeatMinutes": 99999999999999999999"#), ["/RepeatMinutes must be a whole number"]),
    (periodic(#""RunEveryNDays": true"#), ["/RepeatDays is required with RunEveryNDays"]),
    (periodic(#""RunEveryNDays": true, "RepeatDays": -1"#), ["/RepeatDays must be 1…3660"]),
    (periodic(#""RunEveryNDays": true, "RepeatDays": 3661"#), ["/RepeatDays must be 1…3660"]),
    (periodic(#""RunEveryNDays": 5"#), ["/RunEveryNDays must be true or false"]),
    (
      periodic(#""RecurrenceType": 3"#),
      ["/RecurrenceType must be a number 0…2 or one of None, Weekly, Monthly"]
    ),
    (
      periodic(#""RecurrenceType": "Yearly""#),
      ["/RecurrenceType must be a number 0…2 or one of None, Weekly, Monthly"]
    ),
    (
      periodic(#""RecurrenceType": 1, "WeeklyDay": 1, "RunEveryNDays": true, "RepeatDays": 1"#),
      ["/RunEveryNDays must be false with RecurrenceType 1"]
    ),
    (periodic(#""RecurrenceType": 1"#), ["/WeeklyDay is required with RecurrenceType 1"]),
    (periodic(#""RecurrenceType": 1, "WeeklyDay": 7"#), ["/WeeklyDay " + weekday]),
    (periodic(#""RecurrenceType": 1, "WeeklyDay": "Fri""#), ["/WeeklyDay " + weekday]),
    (
      periodic(#""RecurrenceType": 1, "WeeklyDay": -1, "WeeklyRecurEvery": 0"#),
      ["/WeeklyDay " + weekday]
    ),
    (
      periodic(#""RecurrenceType": 1, "WeeklyDay": 1, "WeeklyRecurEvery": -1"#),
      ["/WeeklyRecurEvery must be 1…520"]
    ),
    (
      periodic(#""RecurrenceType": 2"#),
      ["/MonthlyDay is required with RecurrenceType 2, unless there is MonthlyIsByOrdinalDay"]
    ),
    (
      periodic(#""RecurrenceType": 2, "MonthlyIsByOrdinalDay": "perhaps""#),
      ["/MonthlyIsByOrdinalDay must be true or false"]
    ),
    (periodic(#""RecurrenceType": 2, "MonthlyDay": 32"#), ["/MonthlyDay must be 1…31"]),
    (
      periodic(#""RecurrenceType": 2, "MonthlyDay": 0, "MonthlyRecurEvery": 121"#),
      ["/MonthlyDay must be 1…31", "/MonthlyRecurEvery must be 1…120"]
    ),
    (
      periodic(#""RecurrenceType": 2, "MonthlyIsByOrdinalDay": true"#),
      [
        "/MonthlyOrdinalDay is required with MonthlyIsByOrdinalDay",
        "/MonthlyDayOfTheWeek is required with MonthlyIsByOrdinalDay",
      ]
    ),
    (
      periodic(
        #""RecurrenceType": 2, "MonthlyIsByOrdinalDay": true, "MonthlyOrdinalDay": 0, "MonthlyDayOfTheWeek": "Moon""#
      ),
      [
        "/MonthlyOrdinalDay must be a number 1…5 or one of First, Second, Third, Fourth, Last",
        "/MonthlyDayOfTheWeek " + weekday,
      ]
    ),
    (#"{"EndJobRunConfigured": true}"#, ["/EndJobRunTimeInterval is required with EndJobRunConfigured"]),
    (#"{"EndJobRunTimeInterval": 90}"#, [badInterval]),
    (limited("2 hours"), [badInterval]),
    (limited("00:00:00"), [badInterval]),
    (limited("00:60:00"), [badInterval]),
    (limited("00:00:60"), [badInterval]),
    (limited("01:00"), [badInterval]),
    (limited("1000:00:00"), [badInterval]),
    (limited("-1:00:00"), [badInterval]),
    (limited("01:0:00"), [badInterval]),
    (
      periodic(#""RepeatMinutes": 5, "SubScheduleRepeatDays": 1"#),
      ["/SubScheduleRepeatPeriodDays is required with SubScheduleRepeatDays"]
    ),
    (
      periodic(#""RepeatMinutes": 5, "SubScheduleRepeatPeriodDays": 1, "SubScheduleRepeatDays": 0"#),
      ["/SubScheduleRepeatDays must be 1…3660"]
    ),
    (
      periodic(#""RepeatMinutes": 5, "SubScheduleRepeatPeriodDays": 3, "SubScheduleRepeatDays": 3"#),
      ["/SubScheduleRepeatPeriodDays must be greater than SubScheduleRepeatDays"]
    ),
  ]

  private static let badDate = "/StartDate must be an ISO 8601 time such as 2019-01-05T04:10:27-08:00"
  private static let badInterval =
    "/EndJobRunTimeInterval must be a time span hh:mm:ss of at least one second"
  private static let weekday =
    "must be a number 0…6 or one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday"

  @Test("Each broken field is named by its JSON Pointer with the rule that it breaks", arguments: table)
  func violations(json: String, expected: [String]) throws {
    #expect(try ScheduleSamples.violations(json) == expected)
  }

  @Test("All broken fields are reported at once, in the order of the documentation")
  func allAtOnce() throws {
    let violations = try ScheduleSamples.violations(
      #"""
      {"SubScheduleRepeatDays": -1, "EndJobRunTimeInterval": "soon", "EndJobRunConfigured": true,
       "WeeklyRecurEvery": 521, "WeeklyDay": "Someday", "RecurrenceType": 1, "RunNow": [], "RunOnce": {},
       "RunPeriodically": true, "MonthlyDay": "first"}
      """#)
    #expect(
      violations.map { $0.prefix { $0 != " " } } == [
        "/RunNow", "/RunOnce", "/StartDate", "/WeeklyDay", "/WeeklyRecurEvery", "/MonthlyDay",
        "/EndJobRunTimeInterval", "/SubScheduleRepeatDays", "/SubScheduleRepeatPeriodDays",
      ])
  }
}
