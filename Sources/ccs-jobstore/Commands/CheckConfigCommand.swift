import JSON

extension Command {
  static let checkConfig = Command(
    words: ["check-config"], summary: "report everything that is wrong with the configuration",
    options: [.json("one object with all problems")],
    notes: [
      "It checks what the server checks at its start: the file, the environment, the files that they name, the "
        + "certificate and its key, and the address. It does not connect to the database, and does not check whether "
        + "the port is free.",
      "What this user cannot see is listed as not checked, and is no problem.",
    ]
  ) { arguments, terminal throws(CommandFailure) in
    var problems: [String] = []
    var unchecked: [String] = []
    do throws(CommandFailure) {
      let check = StartCheck(try Configuration.load(arguments))
      (problems, unchecked) = (check.problems, check.unchecked)
    } catch {
      problems = error.lines
    }
    let isJSON = arguments.has(Option.jsonName)
    let verdict = problems.isEmpty ? ["The configuration is valid."] : []
    let lines = verdict + unchecked.map { "Not checked: \($0)" }
    try terminal.write(lines.map { "\($0)\n" }.joined(), arguments) { json in
      json.add("Valid", problems.isEmpty)
      json.add("Problems", problems)
      json.add("NotChecked", unchecked)
    }
    guard problems.isEmpty else {
      throw CommandFailure(.configuration, lines: isJSON ? [] : problems)
    }
  }
}
