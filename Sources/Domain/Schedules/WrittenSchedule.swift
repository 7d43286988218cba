import FoundationEssentials
import JSON

/// A schedule together with all the fields it was written with, also those it makes no use of.
///
/// ``Schedule`` alone writes only what it needs; a client gets back what it has sent.
struct WrittenSchedule: Decodable {
  let schedule: Schedule
  private let form: ScheduleForm

  init(from decoder: any Decoder) throws {
    form = try ScheduleForm(decoder)
    schedule = try Schedule(form)
  }

  /// The fields with their documented names: Booleans and numbers as such, times and intervals in one form.
  /// It decodes as an equal schedule.
  var canonical: JSONNode {
    guard let json = try? JSONEncoder().encode(form), let node = try? JSONNode(json: Array(json)) else {
      return .object([:])
    }
    return node
  }
}

extension ObjectReader {
  /// A schedule; everything that is broken in it is noted, each field at its own place.
  func schedule(_ key: String) -> WrittenSchedule? {
    guard let node = node(key) else { return nil }
    let pointer = pointer / key
    let fields = ObjectReader.read(node, at: pointer, problems, ignoringCase: ignoresCase) { object in
      var fields: [String: JSONNode] = [:]
      for field in ScheduleForm.Field.allCases { fields[field.rawValue] = object.node(field.rawValue) }
      return fields
    }
    guard let fields else { return nil }
    guard let json = JSONNode.object(fields).json else {
      for (name, field) in fields.sorted(by: { $0.key < $1.key }) where field.json == nil {
        problems.note(pointer / name, rule: JSONNode.storableRule)
      }
      return nil
    }
    do {
      return try JSONDecoder().decode(WrittenSchedule.self, from: Data(json.utf8))
    } catch let error as Schedule.Invalid {
      for violation in error.violations {
        problems.note(pointer.appending(violation.pointer), rule: violation.rule)
      }
    } catch {
      problems.note(pointer, rule: "must be a schedule")
    }
    return nil
  }
}
