/// Reads an `Attributes` text from left to right.
///
/// It works on Unicode code points: all syntax is ASCII, and a combining mark in a name cannot merge with it. Only
/// ``value(wildcards:isInParentheses:)`` can fail.
struct AttributesScanner {
  private let scalars: [Unicode.Scalar]
  /// The number of characters that have been read.
  private(set) var position = 0

  init(_ text: some Sequence<Unicode.Scalar>) { scalars = Array(text) }

  private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  var isAtEnd: Bool { position == scalars.count }

  mutating func skipSpace() {
    while current?.properties.isWhitespace == true { position += 1 }
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard current == scalar else { return false }
    position += 1
    return true
  }

  /// The letters and digits from here on, possibly none.
  mutating func word() -> String { run { Self.belongsToWord($0) } }

  /// The operator from here on, a word or comparison signs, possibly empty.
  mutating func operatorSign() -> String {
    let word = word()
    return word.isEmpty ? run { "=!<>".unicodeScalars.contains($0) } : word
  }

  private mutating func run(while belongs: (Unicode.Scalar) -> Bool) -> String {
    var text = ""
    while let scalar = current, belongs(scalar) {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    return text
  }

  private static func belongsToWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}

// MARK: - Values

extension AttributesScanner {
  /// The characters that a backslash escapes.
  private static let special = "\\*,()\"'"

  /// A value, in quotes or up to the next comma or closing parenthesis, without the white space around it.
  ///
  /// - Parameters:
  ///   - wildcards: Whether `*` is a wildcard; otherwise it is an ordinary character.
  ///   - isInParentheses: Whether a closing parenthesis may follow the value.
  mutating func value(wildcards: Bool, isInParentheses: Bool) throws(AttributesError) -> TextPattern {
    if let quote = current, quote == "\"" || quote == "'" {
      return try quotedValue(quote, wildcards: wildcards)
    }
    return try bareValue(wildcards: wildcards, isInParentheses: isInParentheses)
  }

  private mutating func quotedValue(
    _ quote: Unicode.Scalar, wildcards: Bool
  ) throws(AttributesError) -> TextPattern {
    position += 1
    var pieces = PieceCollector()
    while let scalar = current, scalar != quote {
      try read(scalar, into: &pieces, wildcards: wildcards)
    }
    guard take(quote) else { throw failure(expected: "the closing quote \(quote)") }
    return pieces.pattern
  }

  private mutating func bareValue(
    wildcards: Bool, isInParentheses: Bool
  ) throws(AttributesError) -> TextPattern {
    let start = position
    var pieces = PieceCollector()
    while let scalar = current, scalar != ",", !(scalar == ")" && isInParentheses) {
      if scalar == "(" || scalar == ")" {
        throw failure(expected: "a comma or the end; a parenthesis within a value is written \\\(scalar)")
      }
      if scalar.properties.isWhitespace {
        pieces.appendSpace(scalar)
        position += 1
      } else {
        try read(scalar, into: &pieces, wildcards: wildcards)
      }
    }
    guard position > start else { throw failure(expected: "a value") }
    return pieces.pattern
  }

  /// One character of a value, or two where the first is a backslash.
  private mutating func read(
    _ scalar: Unicode.Scalar, into pieces: inout PieceCollector, wildcards: Bool
  ) throws(AttributesError) {
    // PostgreSQL cannot store it.
    if scalar == "\0" { throw failure(expected: "any other character") }
    position += 1
    switch scalar {
    case "*" where wildcards:
      pieces.appendWildcard()
    case "\\":
      guard let escaped = current, Self.special.unicodeScalars.contains(escaped) else {
        throw failure(expected: "one of \\ * , ( ) \" ' after the backslash")
      }
      position += 1
      pieces.append(escaped)
    default:
      pieces.append(scalar)
    }
  }
}

/// Builds a value without the white space at its end.
private struct PieceCollector {
  private var pieces: [TextPattern.Piece] = []
  private var literal = String.UnicodeScalarView()
  /// White space that belongs to the value only if something follows it.
  private var space = String.UnicodeScalarView()

  mutating func append(_ scalar: Unicode.Scalar) {
    literal.append(contentsOf: space)
    space.removeAll()
    literal.append(scalar)
  }

  mutating func appendSpace(_ scalar: Unicode.Scalar) { space.append(scalar) }

  mutating func appendWildcard() {
    literal.append(contentsOf: space)
    space.removeAll()
    pieces += [.literal(String(literal)), .any]
    literal.removeAll()
  }

  var pattern: TextPattern { TextPattern(pieces + [.literal(String(literal))]) }
}

// MARK: - Errors

extension AttributesScanner {
  /// The error at the current position.
  func failure(expected: String) -> AttributesError { failure(from: position, expected: expected) }

  /// The error at `start`, 0…the current position. What was found there is what has been read since, or else what follows.
  func failure(from start: Int, expected: String) -> AttributesError {
    AttributesError(position: start + 1, found: found(from: start), expected: expected)
  }

  private func found(from start: Int) -> String {
    guard start < scalars.count else { return "the end of the text" }
    var end = max(position, start + 1)
    if position == start, Self.belongsToWord(scalars[start]) {
      while end < scalars.count, Self.belongsToWord(scalars[end]) { end += 1 }
    }
    while end > start + 1, scalars[end - 1].properties.isWhitespace { end -= 1 }
    let shown = scalars[start..<min(end, start + 40)]
    var text = ""
    for scalar in shown {
      if scalar.properties.generalCategory == .control {
        text += "U+" + String(scalar.value, radix: 16, uppercase: true)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return "“\(text)\(end > start + 40 ? "…" : "")”"
  }
}
