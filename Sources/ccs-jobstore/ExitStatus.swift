/// How the program ends, for scripts (sysexits.h where it has a word for it).
enum ExitStatus: Int32, Sendable {
  case done = 0
  case failed = 1
  /// The arguments make no sense.
  case usage = 2
  /// EX_UNAVAILABLE: the database cannot be reached.
  case unavailable = 69
  /// EX_CONFIG: the configuration, the certificate or the schema is not as it must be.
  case configuration = 78
}
