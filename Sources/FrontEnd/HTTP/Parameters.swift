/// The parameters of a query or a form, as the family's clients write them: names in any case, with stray white
/// space, a slash, a question mark or a parenthesis in front.
struct Parameters: Sendable {
  enum Mistake: Error, Equatable {
    case repeated
    /// Percent-encoding, UTF-8 or a NUL.
    case malformed
  }

  /// nil: the value is malformed.
  private var values: [String: [String?]] = [:]
  /// The names as they were written, in their order.
  private var names: [Substring] = []
  /// A name is malformed: nobody knows which parameter was meant, so none counts as absent.
  private var hasMalformedName = false

  /// - Parameter plusIsSpace: Whether `+` stands for a space.
  init(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = true) {
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let written = PercentEncoding.decode(parts[0], plusIsSpace: true) else {
        hasMalformedName = true
        continue
      }
      let strays = written.prefix { $0.isWhitespace || "/?(".contains($0) }
      let name = written[strays.endIndex...].trimmed
      guard !name.isEmpty else { continue }
      names.append(name)
      var value = parts.count < 2 ? "" : PercentEncoding.decode(parts[1], plusIsSpace: plusIsSpace)
      // The documents print `Jobs?(Attributes=… )&page=…`, with the name within the parentheses.
      if strays.contains("(") { value = value?.withoutUnmatchedParenthesis }
      values[name.lowercased(), default: []].append(value)
    }
  }

  /// The parameter's value; nil if it is absent.
  func callAsFunction(_ name: String) throws(Mistake) -> String? {
    guard !hasMalformedName else { throw .malformed }
    guard let found = values[name.lowercased()] else { return nil }
    guard found.count == 1 else { throw .repeated }
    guard let value = found[0] else { throw .malformed }
    return value
  }

  func has(_ name: String) -> Bool { values[name.lowercased()] != nil }

  /// The first name that is none of the known ones, as it was written. `_` is none of anybody's: libraries add it so
  /// that no cache answers.
  func firstName(otherThan known: [String]) -> Substring? {
    let known = Set(known.map { $0.lowercased() })
    return names.first { $0 != "_" && !known.contains($0.lowercased()) }
  }
}

extension String {
  /// Without the closing parenthesis at its end, if no opening one in it belongs to that. After a backslash it is
  /// none.
  fileprivate var withoutUnmatchedParenthesis: String {
    var depth = 0
    var isEscaped = false
    for character in self {
      if !isEscaped { depth += character == "(" ? 1 : character == ")" ? -1 : 0 }
      isEscaped = character == "\\" && !isEscaped
    }
    let text = trimmed
    return depth < 0 && text.last == ")" ? String(text.dropLast()) : self
  }
}

extension Bool {
  /// `True` or `False` in any case, with white space around it; nil for anything else.
  init?(parameter text: String) {
    switch text.trimmed.lowercased() {
    case "true": self = true
    case "false": self = false
    default: return nil
    }
  }
}

extension StringProtocol {
  var trimmed: SubSequence {
    guard let start = firstIndex(where: { !$0.isWhitespace }),
      let end = lastIndex(where: { !$0.isWhitespace })
    else { return self[startIndex..<startIndex] }
    return self[start...end]
  }
}
