/// A fault in a JSON text.
public struct JSONProblem: Sendable, Equatable {
  public enum Fault: Sendable, Equatable {
    /// An unknown key; `known` are the valid ones.
    case unknownKey(name: String, known: [String])
    /// A reference to something that does not exist; `kind` is what it should name, `known` are the names that exist.
    case unknownName(kind: String, name: String, known: [String])
    /// The rule that is broken, as the rest of a sentence whose subject is the value: "is required".
    case rule(String)
  }

  /// A JSON Pointer (RFC 6901); empty for the whole text.
  public let pointer: String
  public let fault: Fault

  /// The fault, as the rest of a sentence whose subject is the place.
  public var sentence: String {
    switch fault {
    case .rule(let rule): rule
    case .unknownKey(_, let known): "is unknown; the keys there are \(known.joined(separator: ", "))"
    case .unknownName(let kind, let name, _): "names the \(kind) \(name), which does not exist"
    }
  }

  public init(_ pointer: JSONPointer, _ fault: Fault) {
    self.pointer = pointer.description
    self.fault = fault
  }
}

/// Collects the faults of a JSON text while it is read.
public final class JSONProblems {
  public private(set) var all: [JSONProblem] = []

  public init() {}

  public func note(_ pointer: JSONPointer, _ fault: JSONProblem.Fault) {
    all.append(JSONProblem(pointer, fault))
  }

  public func note(_ pointer: JSONPointer, rule: String) { note(pointer, .rule(rule)) }
}
