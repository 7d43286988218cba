import JSON

/// A schedule together with all the fields it was written with, also those that ``schedule`` does not use: a client gets
/// back what it has sent.
struct WrittenSchedule {
  let schedule: Schedule
  /// It reads back as an equal schedule.
  let canonical: JSONNode

  init(_ form: ScheduleForm) throws(Schedule.Invalid) {
    schedule = try Schedule(form)
    canonical = form.canonical
  }
}

extension ObjectReader {
  /// A schedule; each broken field is noted at its own place.
  func schedule(_ key: String) -> WrittenSchedule? {
    guard let node = node(key) else { return nil }
    let pointer = pointer / key
    let fields = ObjectReader.read(node, at: pointer, problems, ignoringCase: ignoresCase) { object in
      var fields: [ScheduleForm.Field: JSONNode] = [:]
      for field in ScheduleForm.Field.allCases { fields[field] = object.node(field.rawValue) }
      return fields
    }
    guard let fields else { return nil }
    let broken = fields.filter { !$0.value.isStorable }
    guard broken.isEmpty else {
      for name in broken.keys.map(\.rawValue).sorted() {
        problems.note(pointer / name, rule: JSONNode.storableRule)
      }
      return nil
    }
    do {
      return try WrittenSchedule(ScheduleForm(fields))
    } catch {
      for violation in error.violations {
        problems.note(pointer.appending(violation.pointer), rule: violation.rule)
      }
      return nil
    }
  }
}
