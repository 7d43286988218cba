/// How to reach a database, and its time-outs.
public struct ConnectionSettings: Sendable, Equatable {
  /// libpq's connection string or URI; may name several hosts.
  public var conninfo: String
  /// Not part of `conninfo`, so that it is in no log.
  public var password: String?
  public var applicationName: String
  /// The time limit for opening a connection to one address, and for looking up one name.
  public var connectTimeout: Duration
  /// PostgreSQL's `statement_timeout`; zero for none.
  public var statementTimeout: Duration
  /// PostgreSQL's `lock_timeout`; zero for none.
  public var lockTimeout: Duration

  public init(
    conninfo: String, password: String? = nil, applicationName: String,
    connectTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(20),
    lockTimeout: Duration = .seconds(5)
  ) {
    self.conninfo = conninfo
    self.password = password
    self.applicationName = applicationName
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
    self.lockTimeout = lockTimeout
  }

  /// Whether libpq can read a connection string, and its hosts and ports match.
  public static func isWellFormed(_ conninfo: String) -> Bool { (try? ConnectionString(conninfo)) != nil }

  /// Dead peers are noticed while a connection is idle, and while a statement waits for its acknowledgement (in ms).
  private static let keepalives = [
    "keepalives_idle": "10", "keepalives_interval": "3", "keepalives_count": "3", "tcp_user_timeout": "5000",
  ]

  /// The parameters of `PQconnectStartParams`, in order: a later keyword overrides an earlier one.
  func parameters(for address: Host, of string: ConnectionString) -> [(keyword: String, value: String)] {
    var parameters = address.parameters
    parameters += string.options.merging(Self.keepalives) { said, _ in said }.map { ($0, $1) }
    parameters += [("fallback_application_name", applicationName), ("client_encoding", "UTF8")]
    if let password { parameters.append(("password", password)) }
    return parameters
  }

  /// The session's settings. They are set after connecting, because poolers refuse or ignore them as parameters.
  var session: [(name: String, value: String)] {
    [
      ("statement_timeout", "\(statementTimeout.milliseconds)"),
      ("lock_timeout", "\(lockTimeout.milliseconds)"),
      ("idle_in_transaction_session_timeout", "60000"), ("datestyle", "ISO"), ("timezone", "UTC"),
      // Every statement has its index; statistics of a small table must not make it read a large one. A scan without an
      // index costs so much then that PostgreSQL would compile the statement.
      ("enable_seqscan", "off"), ("jit", "off"),
    ]
  }
}

extension Duration {
  var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
