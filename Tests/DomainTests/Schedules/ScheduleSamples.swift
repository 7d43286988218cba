import Domain
import Foundation
import JSON
import Testing

/// Schedules from their JSON, and moments from their text.
enum ScheduleSamples {
  static func schedule(_ json: String) throws -> Schedule {
    try Schedule(JSONNode(json: Array(json.utf8)))
  }

  /// `RunPeriodically` from a start, with further fields such as `"RunEveryNDays": true, "RepeatDays": 1`.
  static func periodic(from start: String, _ fields: String) throws -> Schedule {
    try schedule(#"{"RunPeriodically": true, "StartDate": "\#(start)", \#(fields)}"#)
  }

  /// Each violation as `/Field rule`; none for a valid schedule.
  static func violations(_ json: String) throws -> [String] {
    do {
      _ = try schedule(json)
      return []
    } catch let invalid as Schedule.Invalid {
      return invalid.violations.map { "\($0.pointer) \($0.rule)" }
    }
  }

  static func date(_ text: String) throws -> Date {
    try #require(OffsetDate(text), "\(text) is no date").date
  }

  /// The runs after a moment, one after the other, as texts in UTC; `-` where there is no further one.
  static func runs(of schedule: Schedule, after text: String, count: Int) throws -> [String] {
    var date = try date(text)
    var runs: [String] = []
    while runs.count < count {
      guard let run = schedule.nextRun(after: date) else { return runs + ["-"] }
      runs.append(OffsetDate(run).description)
      date = run
    }
    return runs
  }
}
