/// Parses a command line by the table of commands, without I/O.
struct ArgumentParser {
  /// What a command line asks for.
  enum Invocation {
    case run(Command, Arguments)
    /// The help of a command, a group, or (no words) the program.
    case help([String])
  }

  private let commands: [Command]
  private var rest: ArraySlice<String>
  private var words: [String] = []
  private var arguments = Arguments()
  private var wantsHelp = false

  /// - Parameter line: Without the program's name.
  static func parse(_ line: [String], commands: [Command]) throws(UsageError) -> Invocation {
    var parser = ArgumentParser(commands: commands, rest: line[...])
    return try parser.parse()
  }

  private init(commands: [Command], rest: ArraySlice<String>) {
    self.commands = commands
    self.rest = rest
  }

  private mutating func parse() throws(UsageError) -> Invocation {
    guard let command = try command() else {
      if wantsHelp { return .help(words) }
      if words.isEmpty { throw .noCommand }
      throw .incomplete(group: words, choices: nextWords)
    }
    let given = try operands(of: command)
    if wantsHelp { return .help(command.words) }
    try assign(given, to: command)
    return .run(command, arguments)
  }

  /// The words that may follow those read so far.
  private var nextWords: [String] {
    var seen: Set<String> = []
    return commands.filter { $0.words.starts(with: words) && $0.words.count > words.count }
      .map { $0.words[words.count] }
      .filter { seen.insert($0).inserted }
  }

  /// Reads the words that name a command; nil if the line ends before.
  private mutating func command() throws(UsageError) -> Command? {
    while let word = rest.popFirst() {
      if word == "--version", words.isEmpty {
        rest.insert("version", at: rest.startIndex)
      } else if word.hasPrefix("-") {
        try option(word, among: Command.Option.common, command: words)
      } else if !nextWords.contains(word) {
        throw .unknownCommand(word, group: words, choices: nextWords)
      } else {
        words.append(word)
        if let command = commands.first(where: { $0.words == words }) { return command }
      }
    }
    return nil
  }

  /// Reads a command's options and returns the operands.
  private mutating func operands(of command: Command) throws(UsageError) -> [String] {
    var operands: [String] = []
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        rest = []
      } else if word.hasPrefix("-"), word != "-" {
        try option(word, among: command.allOptions, command: command.words)
      } else {
        operands.append(word)
      }
    }
    return operands
  }

  /// - Parameter word: `--name`, `--name=value` or `-h`.
  private mutating func option(
    _ word: String, among options: [Command.Option], command: [String]
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts[0] == "-h" ? Command.Option.help.name : parts[0]
    guard let option = options.first(where: { $0.name == name }) else {
      throw .unknownOption(parts[0], command: command, choices: options.map(\.name))
    }
    if !option.repeats, option != .help, arguments.options[name] != nil {
      throw .repeatedOption(name, command: command)
    }
    if let value = option.value {
      guard let given = parts.count > 1 ? parts[1] : rest.first, parts.count > 1 || !given.hasPrefix("--")
      else {
        throw .missingValue(option: name, value: value, command: command)
      }
      if parts.count == 1 { rest.removeFirst() }
      arguments.options[name, default: []].append(given)
    } else if parts.count > 1 {
      throw .unwantedValue(option: name, command: command)
    } else if option == .help {
      wantsHelp = true
    } else {
      arguments.options[name] = []
    }
  }

  private mutating func assign(_ given: [String], to command: Command) throws(UsageError) {
    var given = given[...]
    for operand in command.operands {
      guard let first = given.first else {
        if operand.isOptional { continue }
        throw .missingOperand(operand.name, command: command.words)
      }
      arguments.operands[operand.name] = operand.repeats ? Array(given) : [first]
      given = operand.repeats ? [] : given.dropFirst()
    }
    if let excess = given.first { throw .excessOperand(excess, command: command.words) }
  }
}
