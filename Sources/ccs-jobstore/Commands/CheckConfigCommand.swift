import Glibc
import JSON

extension Command {
  static let checkConfig = Command(
    words: ["check-config"], summary: "report everything that is wrong with the configuration",
    options: [.json("one object with all problems")],
    notes: ["It checks the file, the environment, and whether the files that they name can be read."]
  ) { arguments, terminal throws(CommandFailure) in
    var problems: [String]
    do throws(CommandFailure) {
      problems = unreadableFiles(try Configuration.load(arguments))
    } catch {
      problems = error.lines
    }
    if problems.isEmpty || arguments.has(Option.jsonName) {
      try terminal.write("The configuration is valid.\n", arguments) { json in
        json.add("Valid", problems.isEmpty)
        json.add("Problems", problems)
      }
    }
    guard problems.isEmpty else {
      throw CommandFailure(.configuration, lines: arguments.has(Option.jsonName) ? [] : problems)
    }
  }

  /// One problem for each file of a setting that this user cannot read.
  private static func unreadableFiles(_ configuration: Configuration) -> [String] {
    Setting.all.filter(\.namesFile).compactMap { setting in
      guard let path = setting.value(configuration).nonEmptyText else { return nil }
      guard access(path, R_OK) != 0 else { return nil }
      let reason = String(cString: strerror(errno))
      return "\(setting.key) names \(path), which cannot be read (\(reason))"
    }
  }
}
