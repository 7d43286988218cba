/// A text with wildcards, parsed: the source of a `LIKE` pattern or of an exact comparison.
public struct TextPattern: Sendable, Equatable {
  public enum Piece: Sendable, Equatable {
    /// Exactly this text; never empty.
    case literal(String)
    /// Any text, also none: the `*` of the language.
    case any
  }

  /// No two neighbours are of the same kind, so patterns with the same meaning are equal. Empty for the empty text.
  public let pieces: [Piece]

  /// Joins neighbouring literals and neighbouring wildcards, and drops empty literals.
  public init(_ pieces: [Piece]) {
    var joined: [Piece] = []
    for piece in pieces {
      switch (joined.last, piece) {
      case (_, .literal("")), (.any, .any):
        continue
      case (.literal(let before), .literal(let text)):
        joined[joined.count - 1] = .literal(before + text)
      default:
        joined.append(piece)
      }
    }
    self.pieces = joined
  }

  /// The text itself where there is no wildcard.
  public var exactText: String? {
    switch pieces.count {
    case 0: ""
    case 1: if case .literal(let text) = pieces[0] { text } else { nil }
    default: nil
    }
  }

  /// Whether a word matches, without regard to case.
  public func matches(_ word: String) -> Bool {
    var rest = Substring(word.lowercased())
    var maySkip = false
    for (index, piece) in pieces.enumerated() {
      guard case .literal(let text) = piece else {
        maySkip = true
        continue
      }
      let literal = text.lowercased()
      if index == pieces.count - 1 { return maySkip ? rest.hasSuffix(literal) : rest == literal }
      if !maySkip {
        guard rest.hasPrefix(literal) else { return false }
        rest = rest.dropFirst(literal.count)
      } else {
        // The first place that fits leaves the most for what follows.
        guard let place = rest.firstRange(of: literal) else { return false }
        rest = rest[place.upperBound...]
      }
      maySkip = false
    }
    return maySkip || rest.isEmpty
  }

  /// The pattern as it stands between double quotes in the language.
  var escaped: String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .any: text += "*"
      case .literal(let literal):
        // By scalars: a combining mark after a star must not hide the star.
        for scalar in literal.unicodeScalars {
          if "\\*\"".unicodeScalars.contains(scalar) { text.unicodeScalars.append("\\") }
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }
}
