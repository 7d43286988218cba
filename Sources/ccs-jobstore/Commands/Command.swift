/// One command of the program: its words, its arguments, and what it does.
///
/// `CommandTable` lists all; the parser and the help are driven by it.
struct Command: Sendable {
  typealias Action = @Sendable (Arguments, Terminal) async throws(CommandFailure) -> Void

  /// A positional argument.
  struct Operand: Sendable, Equatable {
    /// In capitals: `FILE`.
    let name: String
    let meaning: String
    /// Whether it may be repeated; the last operand only.
    var repeats = false
    /// Whether it may be left out; the last operand only.
    var isOptional = false

    /// As the usage shows it: `NAME`, `TASK...`, `[WORD...]`.
    var usage: String {
      let name = repeats ? "\(name)..." : name
      return isOptional ? "[\(name)]" : name
    }
  }

  /// An option with two hyphens.
  struct Option: Sendable, Equatable {
    /// With its hyphens: `--config`.
    let name: String
    /// The name of its value in the help; nil if it takes none.
    var value: String?
    let meaning: String
    var repeats = false

    static let config = Option(
      name: "--config", value: "FILE",
      meaning:
        "the configuration (default: $\(ConfigurationPath.variable), else \(ConfigurationPath.standard))")
    static let jsonName = "--json"
    /// - Parameter content: What is printed: "one object per user".
    static func json(_ content: String = "one object") -> Option {
      Option(name: jsonName, meaning: "print JSON for programs: \(content)")
    }
    static let help = Option(name: "--help", meaning: "this text; also -h")
    /// The options of every command.
    static let common = [config, help]
  }

  /// The words that name it: `users add`.
  let words: [String]
  /// What it does, in one line.
  let summary: String
  var operands: [Operand] = []
  /// Without the common options.
  var options: [Option] = []
  /// Further paragraphs of the help.
  var notes: [String] = []
  /// Runs first, while the process has one thread.
  var prepare: @Sendable () -> Void = {}
  let run: Action

  var allOptions: [Option] { options + Option.common }
  /// `users add`
  var name: String { words.joined(separator: " ") }
}

/// Why a command failed: the exit status and the messages, one per line.
struct CommandFailure: Error, Equatable {
  var status: ExitStatus
  var lines: [String]

  init(_ status: ExitStatus, _ lines: String...) {
    self.init(status, lines: lines)
  }

  init(_ status: ExitStatus, lines: [String]) {
    self.status = status
    self.lines = lines
  }
}
