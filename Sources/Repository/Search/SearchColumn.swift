import Domain
import FoundationEssentials
import Postgres

/// A column behind an attribute, and the SQL of a condition on it.
enum SearchColumn: Sendable {
  /// Text in lower case, not NULL.
  case text(String)
  /// One of the words, spelled like this, or NULL.
  case word(String, [String])
  /// Whether the word is the first one; not NULL.
  case flag(String, ifTrue: String, ifFalse: String)
  case time(String, isOptional: Bool)
  case identifier(String)
}

/// The columns of an item's attributes.
protocol SearchColumns: SearchAttribute {
  var column: SearchColumn { get }
}

extension Condition where Attribute: SearchColumns {
  /// The condition for a WHERE; it does not evaluate to NULL.
  func sql(_ values: inout BoundValues) -> String {
    switch self {
    case .text(let attribute, let textOperator, let pattern):
      attribute.column.sql(textOperator, pattern, &values)
    case .time(let attribute, let comparison, let time):
      attribute.column.sql(comparison, time, &values)
    case .identifier(let attribute, let equality, let id):
      attribute.column.sql(equality, id, &values)
    }
  }
}

// MARK: - Text

extension SearchColumn {
  fileprivate func sql(
    _ textOperator: TextOperator, _ pattern: TextPattern, _ values: inout BoundValues
  ) -> String {
    let whole =
      switch textOperator {
      case .equals, .notEquals: pattern
      case .contains: TextPattern([.any] + pattern.pieces + [.any])
      case .startsWith: TextPattern(pattern.pieces + [.any])
      case .endsWith: TextPattern([.any] + pattern.pieces)
      }
    let isNegated = textOperator == .notEquals
    switch self {
    case .text(let name):
      return Self.comparison(of: name, with: whole, isNegated, &values)
    case .word(let name, let words):
      let wanted = words.filter { whole.matches($0) != isNegated }
      return Self.membership(of: name, in: wanted, outOf: words.count, orNull: isNegated, &values)
    case .flag(let name, let ifTrue, let ifFalse):
      switch (whole.matches(ifTrue) != isNegated, whole.matches(ifFalse) != isNegated) {
      case (true, true): return "true"
      case (true, false): return name
      case (false, true): return "NOT \(name)"
      case (false, false): return "false"
      }
    case .time, .identifier:
      preconditionFailure("a text is compared with a column of another kind")
    }
  }

  private static func comparison(
    of name: String, with pattern: TextPattern, _ isNegated: Bool, _ values: inout BoundValues
  ) -> String {
    if let text = pattern.exactText {
      return "\(name) \(isNegated ? "<>" : "=") directory.folded(\(values.bind(.text(text))))"
    }
    return "\(name) \(isNegated ? "NOT LIKE" : "LIKE") directory.folded(\(values.bind(.text(pattern.like))))"
  }

  private static func membership(
    of name: String, in wanted: [String], outOf all: Int, orNull: Bool, _ values: inout BoundValues
  ) -> String {
    if wanted.count == all { return orNull ? "true" : "\(name) IS NOT NULL" }
    if wanted.isEmpty { return orNull ? "\(name) IS NULL" : "false" }
    let isWanted =
      wanted.count == 1
      ? "\(name) = \(values.bind(.text(wanted[0])))"
      : "\(name) = ANY (\(values.bind(.texts(wanted))))"
    return orNull ? "(\(name) IS NULL OR \(isWanted))" : isWanted
  }
}

extension TextPattern {
  /// The pattern for LIKE, with its special characters escaped.
  var like: String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .any: text += "%"
      case .literal(let literal):
        // By scalars: a combining mark must not hide a special character.
        for scalar in literal.unicodeScalars {
          if "\\%_".unicodeScalars.contains(scalar) { text.unicodeScalars.append("\\") }
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }
}

// MARK: - Times and identifiers

extension SearchColumn {
  /// A time is compared in whole milliseconds, as the answers show it, so that a time from an answer finds its item. The
  /// column itself is not transformed, so that its index is used.
  fileprivate func sql(
    _ comparison: Comparison, _ time: Date, _ values: inout BoundValues
  ) -> String {
    guard case .time(let name, let isOptional) = self else {
      preconditionFailure("a time is compared with a column of another kind")
    }
    let microseconds = (time.timeIntervalSince1970 * 1_000_000).rounded()
    let milliseconds = (microseconds / 1000).rounded(.down)
    func begin() -> String {
      values.bind(.time(Date(timeIntervalSince1970: milliseconds / 1000)))
    }
    func end() -> String {
      values.bind(.time(Date(timeIntervalSince1970: (milliseconds + 1) / 1000)))
    }
    switch comparison {
    case .equal: return "\(name) >= \(begin()) AND \(name) < \(end())"
    case .notEqual:
      return "(\(name) < \(begin()) OR \(name) >= \(end())\(isOptional ? " OR \(name) IS NULL" : ""))"
    case .less: return "\(name) < \(begin())"
    case .lessOrEqual: return "\(name) < \(end())"
    case .greater: return "\(name) >= \(end())"
    case .greaterOrEqual: return "\(name) >= \(begin())"
    }
  }

  fileprivate func sql(_ equality: Equality, _ id: UUID, _ values: inout BoundValues) -> String {
    guard case .identifier(let name) = self else {
      preconditionFailure("an identifier is compared with a column of another kind")
    }
    return "\(name) \(equality == .equal ? "=" : "<>") \(values.bind(.uuid(id)))"
  }
}
