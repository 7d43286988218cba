import FoundationEssentials

/// The path of the configuration file.
enum ConfigurationPath {
  static let option = Command.Option.config.name
  static let variable = "CCS_JOBSTORE_CONFIG"
  static let standard = "/etc/ccs-jobstore/ccs-jobstore.json5"

  /// The option's value, else the variable's, else the standard path.
  static func of(_ arguments: Arguments, environment: [String: String]) -> String {
    arguments.value(of: option) ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 } ?? standard
  }
}

extension Configuration {
  /// Loads the configuration for a command.
  static func load(_ arguments: Arguments) throws(CommandFailure) -> Configuration {
    let environment = ProcessInfo.processInfo.environment
    do throws(ConfigurationError) {
      return try load(
        file: ConfigurationPath.of(arguments, environment: environment), environment: environment)
    } catch {
      throw CommandFailure(.configuration, lines: error.problems.map(\.description))
    }
  }
}
