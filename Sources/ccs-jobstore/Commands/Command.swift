/// One command of the program: what it is called, what it takes, what it does.
///
/// The table of all of them is `CommandTable`; the parser and the help are made from it.
struct Command: Sendable {
  typealias Action = @Sendable (Arguments, Terminal) async throws(CommandFailure) -> Void

  /// Something that stands on the command line by itself.
  struct Operand: Sendable, Equatable {
    /// In capitals, as the help shows it: `FILE`.
    let name: String
    let meaning: String
    /// Whether it may stand several times; the last operand only.
    var repeats = false
    /// Whether it may be left out; the last operand only.
    var isOptional = false

    /// As the usage shows it: `NAME`, `TASK...`, `[WORD...]`.
    var usage: String {
      let name = repeats ? "\(name)..." : name
      return isOptional ? "[\(name)]" : name
    }
  }

  /// Something that is said with two hyphens.
  struct Option: Sendable, Equatable {
    /// With its hyphens: `--config`.
    let name: String
    /// What its value is called in the help; nil for an option without one.
    var value: String?
    let meaning: String
    var repeats = false

    static let config = Option(
      name: "--config", value: "FILE",
      meaning:
        "the configuration (default: $\(ConfigurationPath.variable), else \(ConfigurationPath.standard))")
    static let help = Option(name: "--help", meaning: "this text; also -h")
    /// Those that every command takes.
    static let common = [config, help]
  }

  /// The words it is called with: `users add`.
  let words: [String]
  /// What it does, in one line.
  let summary: String
  var operands: [Operand] = []
  /// Its own options, without those that every command takes.
  var options: [Option] = []
  /// What else is to be known, as paragraphs for the help.
  var notes: [String] = []
  /// Runs first, while the process still has but one thread.
  var prepare: @Sendable () -> Void = {}
  let run: Action

  var allOptions: [Option] { options + Option.common }
  /// `users add`
  var name: String { words.joined(separator: " ") }
}

/// Why a command has failed: how the program ends, and what is said, a line each.
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
