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
