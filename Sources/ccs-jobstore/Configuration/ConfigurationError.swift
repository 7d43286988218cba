/// Everything that is wrong with a configuration.
struct ConfigurationError: Error, Equatable {
  /// At least one.
  let problems: [Problem]

  struct Problem: Error, Equatable {
    /// What the operator has to change.
    enum Subject: Equatable {
      /// The file at this path, as a whole.
      case file(String)
      /// A key, nested by dots.
      case key(String)
      /// An environment variable.
      case variable(String)
    }

    let subject: Subject
    /// What is wrong; completes a sentence that begins with the subject: "is 0".
    let fault: String
    /// What would be right: "it must be an integer from 1 to 64".
    let remedy: String
  }
}

extension ConfigurationError: CustomStringConvertible {
  /// One line per problem.
  var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension ConfigurationError.Problem: CustomStringConvertible {
  var description: String { "\(subject) \(fault); \(remedy)" }
}

extension ConfigurationError.Problem.Subject: CustomStringConvertible {
  var description: String {
    switch self {
    case .file(let name), .key(let name), .variable(let name): name
    }
  }
}
