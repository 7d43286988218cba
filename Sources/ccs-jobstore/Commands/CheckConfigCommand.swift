import Glibc

extension Command {
  static let checkConfig = Command(
    words: ["check-config"], summary: "report everything that is wrong with the configuration",
    notes: ["It checks the file, the environment, and whether the files that they name can be read."]
  ) { arguments, terminal throws(CommandFailure) in
    let configuration = try Configuration.load(arguments)
    let problems = unreadableFiles(configuration)
    guard problems.isEmpty else { throw CommandFailure(.configuration, lines: problems) }
    try terminal.write("The configuration is valid.\n")
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
