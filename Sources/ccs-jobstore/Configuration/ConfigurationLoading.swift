extension Configuration {
  /// Puts the configuration together: the defaults, over them the file, over that the environment.
  ///
  /// Whether the files that it names exist, and fit each other, is not looked at here.
  /// - Parameters:
  ///   - file: the path of a JSON5 file, or `nil` to do without one. Relative paths inside it begin at its
  ///     folder; those in the environment begin at the process's.
  ///   - environment: the variables of the process. Those that do not begin with `CCS_JOBSTORE_` are ignored.
  /// - Throws: every problem found, not only the first.
  static func load(
    file: String?, environment: [String: String]
  ) throws(ConfigurationError) -> Configuration {
    var reader = ConfigurationReader()
    if let file { reader.read(file: file) }
    reader.read(environment: environment)
    reader.checkRelations()
    guard reader.problems.isEmpty else { throw ConfigurationError(problems: reader.problems) }
    return reader.configuration
  }

  /// The keys that differ and that a reload cannot apply, in the order of the table.
  /// - Parameter old: the configuration that the running server was started with.
  func changesNeedingRestart(from old: Configuration) -> [String] {
    Setting.all
      .filter { $0.effect == .restart && $0.value(self) != $0.value(old) }
      .map(\.key)
  }
}
