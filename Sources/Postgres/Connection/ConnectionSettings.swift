/// How to reach a database, and its time-outs.
public struct ConnectionSettings: Sendable, Equatable {
  /// libpq's connection string or URI; may name several hosts.
  public var conninfo: String
  /// Not part of `conninfo`, so that it is in no log.
  public var password: String?
  public var applicationName: String
  /// The time limit for opening a connection, over all hosts.
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

  /// The parameters of `PQconnectStartParams`, in order: a later keyword overrides an earlier one.
  var parameters: [(keyword: String, value: String)] {
    var parameters = [
      ("dbname", conninfo),
      ("fallback_application_name", applicationName),
      ("client_encoding", "UTF8"),
      (
        "options",
        "-c statement_timeout=\(statementTimeout.milliseconds) -c lock_timeout=\(lockTimeout.milliseconds)"
          + " -c idle_in_transaction_session_timeout=60000 -c datestyle=ISO -c timezone=UTC"
          // Every statement has its index; statistics of a small table must not make it read a large one. A scan without
          // an index costs so much then that PostgreSQL would compile the statement.
          + " -c enable_seqscan=off -c jit=off"
      ),
    ]
    if let password { parameters.append(("password", password)) }
    return parameters
  }
}

extension Duration {
  var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
