/// Suggests a known name for an unknown one.
enum NearestName {
  /// - Returns: The most similar candidate; `nil` if none is similar.
  static func of(_ name: String, among candidates: [String]) -> String? {
    let distances = candidates.map { (name: $0, distance: distance(from: name, to: $0)) }
    guard let nearest = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return nearest.distance <= max(2, name.count / 3) ? nearest.name : nil
  }

  /// The edit distance, reduced for the likeliest mistakes: a shortened name, or one in the wrong section.
  private static func distance(from name: String, to candidate: String) -> Int {
    let name = name.lowercased()
    let candidate = candidate.lowercased()
    var distance = edits(from: Array(name), to: Array(candidate))
    if name.count >= 4, candidate.hasPrefix(name) || candidate.hasSuffix(name) { distance = min(distance, 1) }
    if lastPart(of: name) == lastPart(of: candidate) { distance = min(distance, 2) }
    return distance
  }

  private static func lastPart(of name: String) -> Substring {
    name.split(separator: ".").last ?? ""
  }

  /// The Levenshtein distance, row by row.
  private static func edits(from source: [Character], to target: [Character]) -> Int {
    var previous = Array(0...target.count)
    for (row, character) in source.enumerated() {
      var current = [row + 1]
      for (column, other) in target.enumerated() {
        let replaced = previous[column] + (character == other ? 0 : 1)
        current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[target.count]
  }
}
