/// One thing that is wrong with an import file.
public struct ImportProblem: Sendable, Equatable {
  public enum Fault: Sendable, Equatable {
    /// A key that nothing is known about; `known` are the ones there may be.
    case unknownKey(name: String, known: [String])
    /// A name that nothing has, neither in the file nor in the directory; `known` are the ones there are.
    case unknownName(DirectoryKind, name: String, known: [String])
    /// The rule that is broken, as the rest of a sentence that begins with the value: "is required".
    case rule(String)
  }

  /// A JSON Pointer (RFC 6901) into the file; empty for the file itself.
  public let pointer: String
  public let fault: Fault

  init(_ pointer: JSONPointer, _ fault: Fault) {
    self.pointer = pointer.description
    self.fault = fault
  }
}
