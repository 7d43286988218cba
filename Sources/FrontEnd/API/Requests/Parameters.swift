import HTTPServer

/// The parameters of a query or a form, as the known clients write them: names in any case, preceded by stray white
/// space, slashes, question marks or parentheses.
struct Parameters: Sendable {
  enum Mistake: Error, Equatable {
    case repeated
    /// Invalid percent-encoding or UTF-8, or a NUL.
    case malformed
  }

  private struct Parameter {
    /// As it was sent.
    let name: Substring
    /// Nil if it is malformed.
    let value: String?
  }

  /// In order. A request has few, so that a linear search is faster than a dictionary.
  private var parameters: [Parameter] = []
  /// A name is malformed, or there are too many. As any parameter may have been meant, none counts as absent.
  private var hasMalformedName = false

  /// More than any request has. Reading a parameter takes a microsecond, on the thread that serves all requests.
  private static let most = 100

  /// - Parameter plusIsSpace: Whether `+` stands for a space.
  init(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = true) {
    let pairs = bytes.split(separator: UInt8(ascii: "&"), maxSplits: Self.most)
    hasMalformedName = pairs.count > Self.most
    for pair in pairs.prefix(Self.most) {
      let sign = pair.firstIndex(of: UInt8(ascii: "="))
      guard let written = PercentEncoding.decode(pair[..<(sign ?? pair.endIndex)], plusIsSpace: true) else {
        hasMalformedName = true
        continue
      }
      var name = written[...]
      var strays = name.prefix(0)
      if !name.isTrimmed || "/?(".contains(name[name.startIndex]) {
        strays = written.prefix { $0.isWhitespace || "/?(".contains($0) }
        name = written[strays.endIndex...].trimmed
      }
      guard !name.isEmpty else { continue }
      var value =
        sign.map {
          PercentEncoding.decode(pair[pair.index(after: $0)...], plusIsSpace: plusIsSpace)
        } ?? ""
      // The API documents print `Jobs?(Attributes=… )&page=…`, with the name within the parentheses.
      if strays.contains("(") { value = value?.withoutUnmatchedParenthesis }
      parameters.append(Parameter(name: name, value: value))
    }
  }

  /// The parameter's value; nil if it is absent.
  func callAsFunction(_ name: String) throws(Mistake) -> String? {
    guard !hasMalformedName else { throw .malformed }
    guard let first = parameters.firstIndex(where: { Self.isSame($0.name, name) }) else { return nil }
    guard !parameters[(first + 1)...].contains(where: { Self.isSame($0.name, name) }) else { throw .repeated }
    guard let value = parameters[first].value else { throw .malformed }
    return value
  }

  /// Whether there is a parameter of that name.
  func has(_ name: String) -> Bool { parameters.contains { Self.isSame($0.name, name) } }

  /// The first name that is not among the known ones, as it was sent. `_` is ignored: libraries add it against caches.
  func firstName(otherThan known: [String]) -> Substring? {
    parameters.first { parameter in
      parameter.name != "_" && !known.contains { Self.isSame(parameter.name, $0) }
    }?.name
  }

  /// The names of the API are ASCII.
  private static func isSame(_ written: Substring, _ name: String) -> Bool {
    written.equalsIgnoringASCIICase(name)
  }
}

extension String {
  /// Without the closing parenthesis at its end, if that has no opening one. Parentheses after a backslash do not count.
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
