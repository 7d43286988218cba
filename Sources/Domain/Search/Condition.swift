import FoundationEssentials

/// One condition of the `Attributes` of Search Jobs. A list of them is joined by "and".
///
/// A job that never ran has no last run: of the conditions on `LastRunStatus` and `LastRunDate` it fulfils
/// only those with `!=`. Text is compared without regard to case.
public enum Condition: Sendable, Equatable {
  /// For ``TextOperator/equals`` and ``TextOperator/notEquals`` the pattern may have wildcards; for the other
  /// operators it is plain text.
  case text(TextAttribute, TextOperator, TextPattern)
  case time(TimeAttribute, Comparison, Date)
  case jobID(Equality, UUID)
}

/// An attribute with text in it; the raw value is its name on the wire.
public enum TextAttribute: String, Sendable, CaseIterable {
  case jobName = "JobName"
  case jobCategory = "JobCategory"
  case jobType = "JobType"
  case lastRunStatus = "LastRunStatus"
}

/// An attribute with a moment in it; the raw value is its name on the wire.
public enum TimeAttribute: String, Sendable, CaseIterable {
  case jobCreationTime = "JobCreationTime"
  case jobModifiedTime = "JobModifiedTime"
  case lastRunDate = "LastRunDate"
}

/// What a text is to be; the raw value is the operator on the wire.
public enum TextOperator: String, Sendable, CaseIterable {
  case equals = "="
  case notEquals = "!="
  case contains = "Contains"
  case startsWith = "StartsWith"
  case endsWith = "EndsWith"
}

/// How a moment is to lie to another one; the raw value is the operator on the wire.
public enum Comparison: String, Sendable, CaseIterable {
  case equal = "="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// Whether an identifier is to be the given one or another; the raw value is the operator on the wire.
public enum Equality: String, Sendable, CaseIterable {
  case equal = "="
  case notEqual = "!="
}

extension Condition: CustomStringConvertible {
  /// The condition in the language itself, with the value in quotes. ``parse(_:)`` reads it back; several,
  /// joined by a comma, are read back as a list.
  public var description: String {
    switch self {
    case .text(let attribute, let textOperator, let pattern):
      "\(attribute.rawValue) \(textOperator.rawValue) \"\(pattern.escaped)\""
    case .time(let attribute, let comparison, let date):
      "\(attribute.rawValue) \(comparison.rawValue) \"\(OffsetDate(date))\""
    case .jobID(let equality, let identifier):
      "JobID \(equality.rawValue) \"\(identifier.uuidString.lowercased())\""
    }
  }
}
