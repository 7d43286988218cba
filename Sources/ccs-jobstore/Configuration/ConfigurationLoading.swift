extension Configuration {
  /// Reads the configuration: the environment overrides the file, the file overrides the defaults.
  ///
  /// The files that it names are not opened.
  /// - Parameters:
  ///   - file: The path of a JSON5 file; `nil` for none. Relative paths in it are relative to its folder; those
  ///     in the environment are relative to the working directory.
  ///   - environment: The variables of the process; those without the prefix `CCS_JOBSTORE_` are ignored.
  /// - Throws: All problems found.
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

  /// The changed keys that need a restart, in the order of the table.
  /// - Parameter old: The configuration that the server was started with.
  func changesNeedingRestart(from old: Configuration) -> [String] {
    Setting.all
      .filter { $0.effect == .restart && $0.value(self) != $0.value(old) }
      .map(\.key)
  }
}
