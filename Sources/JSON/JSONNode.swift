/// A JSON value as a tree.
public enum JSONNode: Sendable, Equatable {
  case null
  case boolean(Bool)
  /// Kept apart from other numbers so that none loses a digit.
  case integer(Int)
  case number(Double)
  case text(String)
  case array([JSONNode])
  case object([String: JSONNode])
  /// What PostgreSQL cannot store or `Double` cannot hold: a text with a NUL or half a surrogate pair, a number that is
  /// too large.
  case unreadable

  /// As JSON text with sorted names, the same for equal values; nil if PostgreSQL cannot store it.
  public var json: String? {
    guard isStorable else { return nil }
    var writer = JSONWriter()
    writer.value(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// What a value must be to have ``json``.
  public static let storableRule =
    "must hold no text with a NUL character or half a surrogate pair, and no infinite number or NaN"

  /// Whether PostgreSQL can store it.
  public var isStorable: Bool {
    switch self {
    case .unreadable: false
    case .number(let number): number.isFinite
    case .array(let elements): elements.allSatisfy(\.isStorable)
    case .object(let members): members.allSatisfy { !$0.key.utf8.contains(0) && $0.value.isStorable }
    default: true
    }
  }
}

extension JSONWriter {
  /// A value with all that is in it, names sorted; ``JSONNode/unreadable`` becomes `null`.
  public mutating func value(_ node: JSONNode) {
    switch node {
    case .null, .unreadable: null()
    case .boolean(let boolean): value(boolean)
    case .integer(let integer): value(integer)
    case .number(let number): value(number)
    case .text(let text): value(text)
    case .array(let elements): array(elements) { $0.value($1) }
    case .object(let members):
      object { writer in
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
          writer.name(name)
          writer.value(member)
        }
      }
    }
  }
}
