/// The exit statuses, from sysexits.h where it has one.
enum ExitStatus: Int32, Sendable {
  case done = 0
  case failed = 1
  /// The arguments are wrong.
  case usage = 2
  /// EX_UNAVAILABLE: the database cannot be reached.
  case unavailable = 69
  /// EX_TEMPFAIL: the port is taken, or the address is not there yet; a later attempt may succeed.
  case temporary = 75
  /// EX_CONFIG: the configuration, the certificate or the schema is wrong.
  case configuration = 78
}
