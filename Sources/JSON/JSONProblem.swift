/// One thing that is wrong with a JSON text.
public struct JSONProblem: Sendable, Equatable {
  public enum Fault: Sendable, Equatable {
    /// A key that nothing is known about; `known` are the ones there may be.
    case unknownKey(name: String, known: [String])
    /// A name that nothing has; `kind` says what it should name, `known` are the names there are.
    case unknownName(kind: String, name: String, known: [String])
    /// The rule that is broken, as the rest of a sentence that begins with the value: "is required".
    case rule(String)
  }

  /// A JSON Pointer (RFC 6901) into the text; empty for the whole of it.
  public let pointer: String
  public let fault: Fault

  /// What is wrong, as the rest of a sentence that begins with the place.
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

/// Notes what is wrong while a JSON text is read.
public final class JSONProblems {
  public private(set) var all: [JSONProblem] = []

  public init() {}

  public func note(_ pointer: JSONPointer, _ fault: JSONProblem.Fault) {
    all.append(JSONProblem(pointer, fault))
  }

  public func note(_ pointer: JSONPointer, rule: String) { note(pointer, .rule(rule)) }
}
