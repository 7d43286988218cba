import JSON

extension JSONProblem {
  /// The problem as a sentence, its place in the file first.
  var text: String {
    let place = pointer.isEmpty ? "the file" : pointer
    switch fault {
    case .rule(let rule):
      return "\(place) \(rule)"
    case .unknownKey(let name, let known):
      if let nearest = NearestName.of(name, among: known) {
        return "\(place) is unknown; did you mean \(nearest)?"
      }
      return "\(place) is unknown; the keys there are \(known.joined(separator: ", "))"
    case .unknownName(let kind, let name, let known):
      return "\(place) names the \(kind) \(NameHint.quoted(name)), which does not exist"
        + NameHint.of(name, among: known)
    }
  }
}
