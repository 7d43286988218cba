import Domain
import Foundation
import Testing

@Suite("What is done with a job that is due")
struct DuePlanTests {
  private func plan(_ schedule: String?, due: String, now: String) throws -> DuePlan {
    DuePlan(schedule: schedule, dueAt: try ScheduleSamples.date(due), now: try ScheduleSamples.date(now))
  }

  @Test(
    "The next run is after now, and what lies between is counted as missed",
    arguments: [
      ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z", 0),
      ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00.9Z", "2026-01-05T11:00:00Z", 0),
      ("2026-01-05T10:00:00Z", "2026-01-05T10:59:59Z", "2026-01-05T11:00:00Z", 0),
      ("2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z", "2026-01-05T12:00:00Z", 1),
      ("2026-01-05T10:00:00Z", "2026-01-06T10:30:00Z", "2026-01-06T11:00:00Z", 24),
      // A date that the schedule does not have, as after a change of it.
      ("2026-01-05T10:30:00Z", "2026-01-05T12:10:00Z", "2026-01-05T13:00:00Z", 2),
    ])
  func periodic(due: String, now: String, next: String, missed: Int) throws {
    let schedule = #"{"RunPeriodically": true, "StartDate": "2026-01-01", "RepeatMinutes": 60}"#
    #expect(try plan(schedule, due: due, now: now) == .run(next: ScheduleSamples.date(next), missed: missed))
  }

  @Test("A long outage is counted up to a limit and does not take long")
  func longOutage() throws {
    let schedule = #"{"RunPeriodically": true, "StartDate": "2026-01-01", "RepeatMinutes": 1}"#
    let next = try ScheduleSamples.date("2126-01-05T10:01:00Z")
    var found: DuePlan?
    let seconds = try processorSeconds {
      found = try plan(schedule, due: "2026-01-05", now: "2126-01-05T10:00:30Z")
    }
    #expect(found == .run(next: next, missed: DuePlan.missedLimit))
    // To count all 52 million would take minutes.
    #expect(seconds < 30)
  }

  @Test(
    "A run that comes once is started, however late, and never again", arguments: ["00:00:00", "23:59:59"])
  func once(time: String) throws {
    let schedule = #"{"RunOnce": true, "StartDate": "2026-01-05"}"#
    #expect(
      try plan(schedule, due: "2026-01-05", now: "2026-01-05T\(time)Z") == .run(next: nil, missed: 0))
  }

  @Test(
    "A schedule that cannot be followed says why",
    arguments: [
      (nil, "the job has no schedule"),
      ("{", "the schedule is not valid JSON: a name in quotation marks is expected, at byte 1"),
      ("[]", "the schedule must be an object"),
      (#"{"RunOnce": true}"#, "/StartDate is required with RunOnce"),
    ] as [(String?, String)])
  func unreadable(schedule: String?, reason: String) throws {
    #expect(try plan(schedule, due: "2026-01-05", now: "2026-01-05") == .unreadable(reason))
  }
}
