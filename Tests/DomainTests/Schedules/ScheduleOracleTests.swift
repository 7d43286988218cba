import Domain
import Foundation
import TestRandom
import Testing

@Suite("Schedules against an oracle")
struct ScheduleOracleTests {
  private static let dayCount = 1500

  @Test("Random schedules run exactly when a day-by-day walk through the calendar says so", arguments: 0..<4)
  func agrees(kind: Int) throws {
    var random = SeededRandom(seed: UInt64(kind) + 10)
    for _ in 0..<100 {
      let oracle = Self.oracle(kind: kind, using: &random)
      let json = Self.json(oracle)
      let schedule = try ScheduleSamples.schedule(json)
      let runs = oracle.runs(dayCount: Self.dayCount)
      let first = try #require(runs.first)
      // The last two thirds of the range are there to hold the run after the moment.
      for _ in 0..<40 {
        let moment =
          Bool.random(using: &random)
          ? try #require(runs.prefix { $0 < first + 500 * 86_400 }.randomElement(using: &random))
          : Int.random(in: first - 400 * 86_400...first + 500 * 86_400, using: &random)
        let fraction = [0, 0, 0.25, 0.999].randomElement(using: &random)!
        guard let expected = runs.first(where: { $0 > moment }) else { continue }
        let next = schedule.nextRun(after: Date(timeIntervalSince1970: Double(moment) + fraction))
        guard next == Date(timeIntervalSince1970: Double(expected)) else {
          Issue.record("\(json) after \(moment) + \(fraction): \(next as Any), not \(expected)")
          return
        }
      }
    }
  }

  private static func oracle(kind: Int, using random: inout SeededRandom) -> ScheduleOracle {
    let weekday = Weekday.allCases.randomElement(using: &random)!
    let ordinal = Recurrence.Ordinal.allCases.randomElement(using: &random)!
    let rhythm: Recurrence.Rhythm =
      switch kind {
      case 0: .minutes(Int.random(in: 60...9000, using: &random))
      case 1: .days(Int.random(in: 1...90, using: &random))
      case 2: .weeks(Int.random(in: 1...10, using: &random), on: weekday)
      default:
        .months(
          Int.random(in: 1...13, using: &random),
          on: Bool.random(using: &random)
            ? .number(Int.random(in: 1...31, using: &random)) : .weekday(ordinal, weekday))
      }
    let everyDays = Int.random(in: 1...10, using: &random)
    return ScheduleOracle(
      rhythm: rhythm,
      startDay: Int.random(in: 0..<ScheduleOracle.days.count - dayCount - 10, using: &random),
      secondOfDay: [0, 86_399, Int.random(in: 0..<86_400, using: &random)].randomElement(using: &random)!,
      offset: Int.random(in: -840...840, using: &random) * 60,
      repetition: Bool.random(using: &random)
        ? nil : (everyDays, everyDays + Int.random(in: 1...60, using: &random)))
  }

  private static func json(_ oracle: ScheduleOracle) -> String {
    let day = ScheduleOracle.days[oracle.startDay]
    let (second, minutes) = (oracle.secondOfDay, abs(oracle.offset) / 60)
    let start =
      "\(two(day.year))-\(two(day.month))-\(two(day.day))T"
      + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
      + "\(oracle.offset < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    var fields =
      switch oracle.rhythm {
      case .minutes(let count): #""RepeatMinutes": \#(count)"#
      case .days(let count): #""RunEveryNDays": true, "RepeatDays": \#(count)"#
      case .weeks(let count, let weekday):
        #""RecurrenceType": 1, "WeeklyDay": \#(weekday.rawValue), "WeeklyRecurEvery": \#(count)"#
      case .months(let count, .number(let number)):
        #""RecurrenceType": 2, "MonthlyDay": \#(number), "MonthlyRecurEvery": \#(count)"#
      case .months(let count, .weekday(let ordinal, let weekday)):
        #""RecurrenceType": 2, "MonthlyIsByOrdinalDay": true, "MonthlyOrdinalDay": \#(ordinal.rawValue), "#
          + #""MonthlyDayOfTheWeek": \#(weekday.rawValue), "MonthlyRecurEvery": \#(count)"#
      }
    if let (everyDays, withinDays) = oracle.repetition {
      fields += #", "SubScheduleRepeatDays": \#(everyDays), "SubScheduleRepeatPeriodDays": \#(withinDays)"#
    }
    return #"{"RunPeriodically": true, "StartDate": "\#(start)", \#(fields)}"#
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
