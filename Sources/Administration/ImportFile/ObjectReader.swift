import Domain
import FoundationEssentials

/// Notes what is wrong while a file is read.
final class ProblemList {
  private(set) var problems: [ImportProblem] = []

  func note(_ pointer: JSONPointer, _ fault: ImportProblem.Fault) {
    problems.append(ImportProblem(pointer, fault))
  }

  func note(_ pointer: JSONPointer, rule: String) { note(pointer, .rule(rule)) }
}

/// Reads one object of a file, key by key. What has been asked for is what it may have.
///
/// A value that is missing or wrong is noted and answered as nil; `null` is as good as no value.
final class ObjectReader {
  let pointer: JSONPointer
  let problems: ProblemList
  private let members: [String: JSONNode]
  private var known: [String] = []

  private init(_ members: [String: JSONNode], at pointer: JSONPointer, _ problems: ProblemList) {
    self.members = members.filter { $0.value != .null }
    self.pointer = pointer
    self.problems = problems
  }

  /// Reads an object with `body`, then notes the keys that were not asked for.
  static func read<Result>(
    _ node: JSONNode, at pointer: JSONPointer, _ problems: ProblemList, _ body: (ObjectReader) -> Result?
  ) -> Result? {
    guard case .object(let members) = node else {
      problems.note(pointer, rule: "must be an object")
      return nil
    }
    let reader = ObjectReader(members, at: pointer, problems)
    let result = body(reader)
    for name in members.keys.sorted() where !reader.known.contains(name) {
      problems.note(pointer / name, .unknownKey(name: name, known: reader.known))
    }
    return result
  }

  /// A value of any kind.
  func node(_ key: String, required: Bool = false) -> JSONNode? {
    if !known.contains(key) { known.append(key) }
    if let node = members[key] { return node }
    if required { problems.note(pointer / key, rule: "is required") }
    return nil
  }

  /// - Parameter convert: The value, or nil if the node does not follow the rule.
  func value<Value>(
    _ key: String, required: Bool, rule: String, _ convert: (JSONNode) -> Value?
  ) -> Value? {
    guard let node = node(key, required: required) else { return nil }
    if let value = convert(node) { return value }
    problems.note(pointer / key, rule: rule)
    return nil
  }

  /// - Parameter broken: The rule that a text breaks, or nil.
  func text(
    _ key: String, required: Bool = false, _ broken: (String) -> String? = { _ in nil }
  ) -> String? {
    guard let node = node(key, required: required) else { return nil }
    return text(node, at: pointer / key, broken)
  }

  func text(_ node: JSONNode, at pointer: JSONPointer, _ broken: (String) -> String?) -> String? {
    guard case .text(let text) = node else {
      let rule = node == .unreadable ? " without a NUL character or half a surrogate pair" : ""
      problems.note(pointer, rule: "must be a text" + rule)
      return nil
    }
    if let rule = broken(text) {
      problems.note(pointer, rule: rule)
      return nil
    }
    return text
  }

  func boolean(_ key: String) -> Bool? {
    value(key, required: false, rule: "must be true or false") { node in
      if case .boolean(let boolean) = node { boolean } else { nil }
    }
  }

  func integer(_ key: String, _ range: ClosedRange<Int>, required: Bool = false) -> Int? {
    value(key, required: required, rule: "must be a whole number \(range.lowerBound)...\(range.upperBound)") {
      node in
      if case .integer(let integer) = node, range.contains(integer) { integer } else { nil }
    }
  }

  func guid(_ key: String, required: Bool = false) -> UUID? {
    value(key, required: required, rule: "must be a GUID", Self.guid)
  }

  static func guid(_ node: JSONNode) -> UUID? {
    if case .text(let text) = node { UUID(guid: text) } else { nil }
  }

  func time(_ key: String, required: Bool = false) -> Date? {
    value(key, required: required, rule: "must be an ISO 8601 time such as 2026-01-05T04:10:00Z") { node in
      if case .text(let text) = node { OffsetDate(text)?.date } else { nil }
    }
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: Choice.Type, required: Bool = false
  ) -> Choice? {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return value(key, required: required, rule: "must be one of \(names)") { node in
      if case .text(let text) = node { Choice(rawValue: text) } else { nil }
    }
  }

  /// A value of any kind, as JSON text.
  func json(_ key: String, required: Bool = false) -> String? {
    value(key, required: required, rule: JSONNode.storableRule, \.json)
  }

  /// The elements of a list that `element` can read; nil if there is no list.
  func list<Element>(
    _ key: String, _ element: (JSONNode, JSONPointer) -> Element?
  ) -> [Element]? {
    guard let node = node(key) else { return nil }
    guard case .array(let nodes) = node else {
      problems.note(pointer / key, rule: "must be a list")
      return nil
    }
    return nodes.enumerated().compactMap { index, node in element(node, pointer / key / index) }
  }
}
