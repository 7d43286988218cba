/// The parameters of a query or a form, as the family's clients write them: names in any case, with stray white
/// space or a slash in front.
struct Parameters: Sendable {
  enum Mistake: Error, Equatable {
    case repeated
    /// Percent-encoding, UTF-8 or a NUL.
    case malformed
  }

  /// nil: the value is malformed.
  private var values: [String: [String?]] = [:]
  /// A name is malformed: nobody knows which parameter was meant, so none counts as absent.
  private var hasMalformedName = false

  /// - Parameter plusIsSpace: Whether `+` stands for a space.
  init(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = true) {
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true).map(Self.normalized) else {
        hasMalformedName = true
        continue
      }
      guard !name.isEmpty else { continue }
      let value = parts.count < 2 ? "" : PercentEncoding.decode(parts[1], plusIsSpace: plusIsSpace)
      values[name, default: []].append(value)
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

  private static func normalized(_ name: String) -> String {
    var rest = Substring(name)
    while let first = rest.first, first.isWhitespace || first == "/" { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return rest.lowercased()
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
