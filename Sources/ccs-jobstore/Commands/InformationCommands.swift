import JSON
import Repository

// The commands about the program itself.

extension Command {
  static let version = Command(
    words: ["version"], summary: "print the version and the schema that it works with",
    options: [.json()]
  ) { arguments, terminal throws(CommandFailure) in
    let text = "\(HelpText.program) \(Version.text) (schema \(SchemaRelease.required))\n"
    try terminal.write(text, arguments) { json in
      json.add("Version", Version.text)
      json.add("Schema", "\(SchemaRelease.required)")
    }
  }

  static let help = Command(
    words: ["help"], summary: "print the help of the program or a command",
    operands: [
      Operand(name: "WORD", meaning: "the words of a command: users add", repeats: true, isOptional: true)
    ]
  ) { arguments, terminal throws(CommandFailure) in
    let words = arguments.operandList("WORD")
    guard let text = HelpText.about(words, commands: CommandTable.all) else {
      throw CommandFailure(.usage, "there is no command '\(words.joined(separator: " "))'")
    }
    try terminal.write(text)
  }
}
