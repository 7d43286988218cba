/// Environment variables of this service.
enum EnvironmentNames {
  static let prefix = "CCS_JOBSTORE_"

  /// Names with the prefix that are not settings but used by scripts and commands.
  static let reserved: Set = ["CCS_JOBSTORE_STATE_DIR", "CCS_JOBSTORE_PORT", "CCS_JOBSTORE_CONFIG"]
}
