/// Reads one JSON object key by key. Members that are never read are rejected as unknown.
///
/// A value that is missing or wrong is noted and read as nil; `null` counts as no value.
public final class ObjectReader {
  public let pointer: JSONPointer
  public let problems: JSONProblems
  /// Whether keys are matched without regard to case, for clients write them in any.
  public let ignoresCase: Bool
  private var members: [String: JSONNode] = [:]
  private var nulls: Set<String> = []
  private var known: [String] = []

  private init(
    _ members: [String: JSONNode], at pointer: JSONPointer, _ problems: JSONProblems, ignoresCase: Bool
  ) {
    self.pointer = pointer
    self.problems = problems
    self.ignoresCase = ignoresCase
    for name in members.keys.sorted() {
      guard let node = members[name] else { continue }
      if node == .null {
        nulls.insert(normalized(name))
        continue
      }
      if self.members.updateValue(node, forKey: normalized(name)) != nil {
        problems.note(pointer / name, rule: "is repeated, in different case")
      }
    }
  }

  private func normalized(_ key: String) -> String { ignoresCase ? key.lowercased() : key }

  /// Reads an object with `body`, then notes the keys that it did not read.
  public static func read<Result>(
    _ node: JSONNode, at pointer: JSONPointer, _ problems: JSONProblems, ignoringCase: Bool = false,
    _ body: (ObjectReader) -> Result?
  ) -> Result? {
    guard case .object(let members) = node else {
      problems.note(pointer, rule: "must be an object")
      return nil
    }
    let reader = ObjectReader(members, at: pointer, problems, ignoresCase: ignoringCase)
    let result = body(reader)
    let known = Set(reader.known.map(reader.normalized))
    for name in members.keys.sorted() where !known.contains(reader.normalized(name)) {
      problems.note(pointer / name, .unknownKey(name: name, known: reader.known))
    }
    return result
  }

  /// A value of any kind.
  public func node(_ key: String, required: Bool = false) -> JSONNode? {
    if !known.contains(key) { known.append(key) }
    if let node = members[normalized(key)] { return node }
    if required { problems.note(pointer / key, rule: "is required") }
    return nil
  }

  /// Whether a key is present with `null`.
  public func isNull(_ key: String) -> Bool { nulls.contains(normalized(key)) }

  /// A value of a type of one's own.
  ///
  /// - Parameters:
  ///   - rule: What the value must be, as the rest of a sentence.
  ///   - convert: Returns nil if the node breaks the rule.
  public func value<Value>(
    _ key: String, required: Bool, rule: String, _ convert: (JSONNode) -> Value?
  ) -> Value? {
    guard let node = node(key, required: required) else { return nil }
    if let value = convert(node) { return value }
    problems.note(pointer / key, rule: rule)
    return nil
  }

  /// - Parameter broken: Returns the rule that a text breaks, or nil.
  public func text(
    _ key: String, required: Bool = false, _ broken: (String) -> String? = { _ in nil }
  ) -> String? {
    guard let node = node(key, required: required) else { return nil }
    return text(node, at: pointer / key, broken)
  }

  public func text(_ node: JSONNode, at pointer: JSONPointer, _ broken: (String) -> String?) -> String? {
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

  /// - Parameter orText: Whether it may also be the text `true` or `false`, in any case.
  public func boolean(_ key: String, orText: Bool = false) -> Bool? {
    value(key, required: false, rule: "must be true or false") { node in
      switch node {
      case .boolean(let boolean): boolean
      case .text(let text) where orText: ["true": true, "false": false][text.lowercased()]
      default: nil
      }
    }
  }

  /// - Parameter orText: Whether it may also be a text of decimal digits.
  public func integer(
    _ key: String, _ range: ClosedRange<Int>, required: Bool = false, orText: Bool = false
  ) -> Int? {
    value(key, required: required, rule: "must be a whole number \(range.lowerBound)...\(range.upperBound)") {
      node in
      switch node {
      case .integer(let integer) where range.contains(integer): integer
      case .text(let text) where orText: Int(text).flatMap { range.contains($0) ? $0 : nil }
      default: nil
      }
    }
  }

  public func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: Choice.Type, required: Bool = false
  ) -> Choice? {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return value(key, required: required, rule: "must be one of \(names)") { node in
      if case .text(let text) = node { Choice(rawValue: text) } else { nil }
    }
  }

  /// A value of any kind, as JSON text.
  public func json(_ key: String, required: Bool = false) -> String? {
    value(key, required: required, rule: JSONNode.storableRule, \.json)
  }

  /// The elements of an array that `element` returns; nil if there is no array.
  public func list<Element>(
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
