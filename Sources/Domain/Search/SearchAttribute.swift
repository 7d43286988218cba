/// The attributes in searches for one kind of item; the raw value is the attribute's name in the language.
///
/// The order of the cases is the order of the documentation.
public protocol SearchAttribute: RawRepresentable<String>, CaseIterable, Sendable, Equatable {
  var kind: AttributeKind { get }
  /// The attribute that clients call `displayName`: the item's name.
  static var displayName: Self { get }
}

/// The kind of an attribute's values.
public enum AttributeKind: Sendable, Equatable {
  case text(AttributeWords)
  case time
  case identifier
}

/// The values that a text attribute can have. A value is checked after `=` and `!=`, unless it has a wildcard.
public enum AttributeWords: Sendable, Equatable {
  /// Names that users choose.
  case any
  /// These and no others.
  case only([String])
  /// These, or another name of letters, digits, spaces and `-_.`.
  case usually([String], otherwise: String)
}

extension AttributeWords {
  private var words: [String] {
    switch self {
    case .any: []
    case .only(let words), .usually(let words, _): words
    }
  }

  /// A value in its documented spelling, in whatever case it is given.
  ///
  /// - Returns: Other texts unchanged; nil if the attribute cannot have this value.
  func documentedSpelling(of text: String) -> String? {
    let lowercased = text.lowercased()
    if let word = words.first(where: { $0.lowercased() == lowercased }) { return word }
    return switch self {
    case .any: text
    case .only: nil
    case .usually: Self.isName(text) ? text : nil
    }
  }

  /// What is expected in place of a value without a ``documentedSpelling(of:)``.
  var expected: String {
    let list = words.joined(separator: ", ")
    return if case .usually(_, let otherwise) = self { "\(list) or \(otherwise)" } else { "one of \(list)" }
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || $0.properties.numericType != nil || " -_.".unicodeScalars.contains($0)
      }
  }
}
