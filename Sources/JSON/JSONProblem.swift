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

/// The faults of a JSON text: the first ones, and how many more there are, so that a text of nothing but faults costs little.
public struct JSONProblemList: Sendable, Equatable {
  /// Maximum number that are listed, unless it is said otherwise.
  public static let maximumListed = 100

  public var listed: [JSONProblem]
  public var unlisted: Int

  public init(_ listed: [JSONProblem] = [], unlisted: Int = 0) {
    self.listed = listed
    self.unlisted = unlisted
  }

  public var isEmpty: Bool { listed.isEmpty }
}

/// Collects the faults of a JSON text while it is read.
public final class JSONProblems {
  public private(set) var all = JSONProblemList()
  private let maximumListed: Int

  /// - Parameter maximumListed: How many are listed; the others are only counted.
  public init(maximumListed: Int = JSONProblemList.maximumListed) { self.maximumListed = maximumListed }

  public func note(_ pointer: JSONPointer, _ fault: JSONProblem.Fault) {
    guard all.listed.count < maximumListed else {
      all.unlisted += 1
      return
    }
    all.listed.append(JSONProblem(pointer, fault))
  }

  public func note(_ pointer: JSONPointer, rule: String) { note(pointer, .rule(rule)) }
}
