/// What is wrong with a command line.
enum UsageError: Error, Equatable {
  case noCommand
  /// A group of commands, without the word that names one of them.
  case incomplete(group: [String], choices: [String])
  case unknownCommand(String, group: [String], choices: [String])
  case unknownOption(String, command: [String], choices: [String])
  case missingValue(option: String, value: String, command: [String])
  case unwantedValue(option: String, command: [String])
  case repeatedOption(String, command: [String])
  case missingOperand(String, command: [String])
  case excessOperand(String, command: [String])

  /// The words whose help to suggest.
  var helpTopic: [String] {
    switch self {
    case .noCommand: []
    case .incomplete(let group, _), .unknownCommand(_, let group, _): group
    case .unknownOption(_, let command, _), .missingValue(_, _, let command),
      .unwantedValue(_, let command), .repeatedOption(_, let command), .missingOperand(_, let command),
      .excessOperand(_, let command):
      command
    }
  }
}

extension UsageError: CustomStringConvertible {
  var description: String {
    switch self {
    case .noCommand:
      "expected a command"
    case .incomplete(let group, let choices):
      "expected one of \(choices.joined(separator: ", ")) after '\(group.joined(separator: " "))'"
    case .unknownCommand(let word, let group, let choices):
      "unknown command '\((group + [word]).joined(separator: " "))'" + Self.hint(word, choices)
    case .unknownOption(let option, _, let choices):
      "unknown option '\(option)'" + Self.hint(option, choices)
    case .missingValue(let option, let value, _):
      "\(option) expects a value: \(option) \(value)"
    case .unwantedValue(let option, _):
      "\(option) takes no value"
    case .repeatedOption(let option, _):
      "\(option) is given twice"
    case .missingOperand(let name, _):
      "\(name) is missing"
    case .excessOperand(let word, _):
      "unexpected argument '\(word)'"
    }
  }

  private static func hint(_ name: String, _ choices: [String]) -> String {
    // Without the hyphens, which would make all options similar.
    let distinctive = Dictionary(
      choices.map { (String($0.drop { $0 == "-" }), $0) }, uniquingKeysWith: { first, _ in first })
    let nearest = NearestName.of(String(name.drop { $0 == "-" }), among: distinctive.keys.sorted())
    if let choice = nearest.flatMap({ distinctive[$0] }) { return "; did you mean '\(choice)'?" }
    return choices.isEmpty ? "" : "; expected one of \(choices.joined(separator: ", "))"
  }
}
