/// The help, generated from the table of commands.
enum HelpText {
  static let program = "ccs-jobstore"

  /// - Parameter words: The words of a command or a group; none for the program.
  /// - Returns: nil if there is neither.
  static func about(_ words: [String], commands: [Command]) -> String? {
    if let command = commands.first(where: { $0.words == words }) { return about(command) }
    let members = commands.filter { $0.words.starts(with: words) }
    guard !members.isEmpty else { return nil }
    let usage =
      "Usage: " + ([program] + words + ["COMMAND", "[OPTION...]", "[ARGUMENT...]"]).joined(separator: " ")
    let title =
      words.isEmpty
      ? "Keeps compliance jobs, their runs and what the runs collected, and serves them over HTTPS."
      : "Commands for \(CommandTable.groups[words[0]] ?? words[0])."
    return [
      usage, title, section("Commands", members.map { ($0.name, $0.summary) }),
      section("Options", rows(Command.Option.common)), exitStatuses,
      "Details of a command: \(program) help \((words + ["COMMAND"]).joined(separator: " "))",
    ].joined(separator: "\n\n") + "\n"
  }

  private static func about(_ command: Command) -> String {
    let usage = ["Usage:", program] + command.words + ["[OPTION...]"] + command.operands.map(\.usage)
    var parts = [usage.joined(separator: " "), sentence(command.summary)]
    parts += command.notes.map { wrap($0, width: 80).joined(separator: "\n") }
    if !command.operands.isEmpty {
      parts.append(section("Arguments", command.operands.map { ($0.name, $0.meaning) }))
    }
    parts.append(section("Options", rows(command.allOptions)))
    parts.append(exitStatuses)
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static let exitStatuses = section(
    "Exit status",
    [
      ("\(ExitStatus.done.rawValue)", "done"),
      ("\(ExitStatus.failed.rawValue)", "failed; nothing was changed"),
      ("\(ExitStatus.usage.rawValue)", "usage error"),
      ("\(ExitStatus.unavailable.rawValue)", "the database is not available"),
      ("\(ExitStatus.temporary.rawValue)", "serve: the port is taken, or the address is not there yet"),
      ("\(ExitStatus.configuration.rawValue)", "configuration, certificate or schema error"),
    ])

  private static func rows(_ options: [Command.Option]) -> [(String, String)] {
    options.map { option in
      let name = option.value.map { "\(option.name) \($0)" } ?? option.name
      return (name, option.repeats ? "\(option.meaning); repeatable" : option.meaning)
    }
  }

  /// A heading and two columns below it, the second one wrapped.
  private static func section(_ heading: String, _ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    let lines = rows.flatMap { name, meaning in
      wrap(meaning, width: max(30, 76 - width)).enumerated().map { index, line in
        let left = index == 0 ? name : ""
        return "  " + left + String(repeating: " ", count: width - left.count) + "  " + line
      }
    }
    return ([heading] + lines).joined(separator: "\n")
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  private static func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
