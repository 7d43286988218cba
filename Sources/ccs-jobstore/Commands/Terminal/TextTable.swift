/// Rows in aligned columns. A cell may have several lines.
struct TextTable {
  struct Column {
    let heading: String
    var isNumeric = false
  }

  private let columns: [Column]
  private var rows: [[[String]]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// - Parameter cells: One per column, each with its lines.
  mutating func add(_ cells: [[String]]) {
    rows.append(cells.map { $0.map(Self.printable) })
  }

  mutating func add(_ cells: String...) { add(cells.map { [$0] }) }

  /// The table; each line ends with a newline.
  var text: String {
    let all = [columns.map { [$0.heading] }] + rows
    let widths = columns.indices.map { column in
      all.flatMap { $0[column] }.map(\.count).max() ?? 0
    }
    return all.flatMap { lines(of: $0, widths) }.joined()
  }

  private func lines(of row: [[String]], _ widths: [Int]) -> [String] {
    let height = row.map(\.count).max() ?? 0
    return (0..<height).map { line in
      let cells = columns.indices.map { column in
        let text = line < row[column].count ? row[column][line] : ""
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return columns[column].isNumeric ? padding + text : text + padding
      }
      var text = cells.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text + "\n"
    }
  }

  /// Replaces control characters, so that stored text cannot control the terminal.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}
