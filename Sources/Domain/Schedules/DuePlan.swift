import FoundationEssentials
import JSON

/// What to do with a job that is due.
public enum DuePlan: Sendable, Equatable {
  /// One run is started now, and `next` is when the job is due again; nil for never.
  ///
  /// `missed` counts the occurrences after the due one, up to now, that start no run: no server was there to do it then.
  /// At most ``missedLimit``.
  case run(next: Date?, missed: Int)
  /// There is no valid schedule; the text says why.
  case unreadable(String)

  public static let missedLimit = 1000

  /// - Parameters:
  ///   - schedule: The schedule's JSON text as the job's configuration has it; nil if it has none.
  ///   - dueAt: The occurrence that is due.
  ///   - now: The time, not before `dueAt`. The next run is planned after it, so that one run makes up for an outage, not
  ///     many.
  public init(schedule text: String?, dueAt: Date, now: Date) {
    guard let text else {
      self = .unreadable("the job has no schedule")
      return
    }
    do {
      let schedule = try Schedule(JSONNode(json: Array(text.utf8)))
      var missed = 0
      var occurrence = schedule.nextRun(after: dueAt)
      while missed < Self.missedLimit, let past = occurrence, past <= now {
        missed += 1
        occurrence = schedule.nextRun(after: past)
      }
      self = .run(next: schedule.nextRun(after: now), missed: missed)
    } catch let error as Schedule.Invalid {
      self = .unreadable(
        error.violations.map { "\($0.pointer.isEmpty ? "the schedule" : $0.pointer) \($0.rule)" }
          .joined(separator: "; "))
    } catch let error as MalformedJSON {
      self = .unreadable("the schedule is not valid JSON: \(error.reason), at byte \(error.offset)")
    } catch {
      self = .unreadable("the schedule is not valid JSON: \(error)")
    }
  }
}
