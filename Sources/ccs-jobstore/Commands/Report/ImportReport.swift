import JSON
import Repository

extension ImportSummary {
  /// One row for each kind that occurs.
  var table: TextTable {
    var table = TextTable([
      .init(heading: "KIND"), .init(heading: "ADDED", isNumeric: true),
      .init(heading: "CHANGED", isNumeric: true), .init(heading: "UNCHANGED", isNumeric: true),
    ])
    for kind in Kind.allCases where self[kind] != Counts() {
      let counts = self[kind]
      table.add(
        kind.rawValue, counts.added.grouped, counts.changed.grouped, counts.unchanged.grouped)
    }
    return table
  }
}

extension ImportSummary {
  /// The member `Kinds`: a list of the kinds that occur.
  func write(to json: inout JSONWriter) {
    json.name("Kinds")
    json.array(Kind.allCases.filter { self[$0] != Counts() }) { json, kind in
      let counts = self[kind]
      json.object { json in
        json.add("Kind", kind.rawValue)
        json.add("Added", counts.added)
        json.add("Changed", counts.changed)
        json.add("Unchanged", counts.unchanged)
      }
    }
  }
}

extension ImportProgress {
  /// Shown on one line, over the previous progress.
  var text: String { "\(jobName): \(rowsDone.grouped) of \(rowsInAll.grouped) rows" }
}

extension Int {
  /// With commas between thousands.
  var grouped: String {
    let digits = String(magnitude)
    let groups = stride(from: digits.count, to: 0, by: -3).map { end in
      digits.dropLast(digits.count - end).suffix(3)
    }
    return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}
