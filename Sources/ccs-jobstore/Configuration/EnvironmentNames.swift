/// The environment variables that belong to this service.
enum EnvironmentNames {
  static let prefix = "CCS_JOBSTORE_"

  /// Names under the prefix that are no settings: they serve scripts and the command line.
  static let reserved: Set = ["CCS_JOBSTORE_STATE_DIR", "CCS_JOBSTORE_PORT", "CCS_JOBSTORE_CONFIG"]
}
