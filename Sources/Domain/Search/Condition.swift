import FoundationEssentials

/// One condition of a search. A list of them is joined by "and".
///
/// Text is compared without regard to case, times in whole milliseconds, as responses have them. An item without the
/// attribute, such as a job that never ran, meets only conditions with `!=` on it.
public enum Condition<Attribute: SearchAttribute>: Sendable, Equatable {
  /// For ``TextOperator/equals`` and ``TextOperator/notEquals`` the pattern may have wildcards; for the other
  /// operators it is plain text.
  case text(Attribute, TextOperator, TextPattern)
  case time(Attribute, Comparison, Date)
  case identifier(Attribute, Equality, UUID)
}

public typealias JobCondition = Condition<JobAttribute>

/// How a text compares; the raw value is the operator in the language.
public enum TextOperator: String, Sendable, CaseIterable {
  case equals = "="
  case notEquals = "!="
  case contains = "Contains"
  case startsWith = "StartsWith"
  case endsWith = "EndsWith"
}

/// How a time compares; the raw value is the operator in the language.
public enum Comparison: String, Sendable, CaseIterable {
  case equal = "="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// How an identifier compares; the raw value is the operator in the language.
public enum Equality: String, Sendable, CaseIterable {
  case equal = "="
  case notEqual = "!="
}

extension Condition: CustomStringConvertible {
  /// The condition in the language, with the value in quotes. ``parse(_:)`` reads it back; several, joined by commas, as a
  /// list.
  public var description: String {
    switch self {
    case .text(let attribute, let textOperator, let pattern):
      "\(attribute.rawValue) \(textOperator.rawValue) \"\(pattern.escaped)\""
    case .time(let attribute, let comparison, let date):
      "\(attribute.rawValue) \(comparison.rawValue) \"\(OffsetDate(date))\""
    case .identifier(let attribute, let equality, let identifier):
      "\(attribute.rawValue) \(equality.rawValue) \"\(identifier.guidString)\""
    }
  }
}
