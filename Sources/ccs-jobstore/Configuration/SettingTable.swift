// The table of settings: key, property, kind with range, when a change counts, meaning.
//
// Defaults are the initial values in `Configuration`. The sample configuration file is held to this table by
// a test. One array a section, as one literal with every row would be slow to type-check.

extension Setting {
  static let all: [Setting] =
    listen + tls + database + administration + tokens + passwords + jobs + deletion + collectors
    + results + schedule + retention + limits + log + shutdown

  private static let listen = [
    Setting(
      "listen.address", \.listen.address, .address, .restart,
      "The address to take connections on; \"::\" is every address and accepts IPv4 too."),
    Setting("listen.port", \.listen.port, .integer(0...65535), .restart, "The TCP port; 0 is any free port."),
    Setting(
      "listen.threads", \.listen.threads, .integer(1...64), .reload,
      "Threads that do TLS and HTTP; as many as there are processors for it."),
    Setting(
      "listen.backlog", \.listen.backlog, .integer(1...65535), .restart,
      "New connections that the kernel keeps waiting; net.core.somaxconn bounds it too."),
  ]

  private static let tls = [
    Setting(
      "tls.certificateFile", \.tls.certificateFile, .file, .reload,
      "The server's certificate, followed by those between it and its root, in PEM."),
    Setting(
      "tls.privateKeyFile", \.tls.privateKeyFile, .file, .reload,
      "The certificate's private key, in PEM, without a passphrase."),
  ]

  private static let database = [
    Setting(
      "database.connection", \.database.connection, .connection(passwordKey: "database.passwordFile"),
      .restart,
      "Where the server's database is, by address or socket; several hosts are allowed, a password is not."),
    Setting(
      "database.passwordFile", \.database.passwordFile, .optionalFile, .restart,
      "The file with the database password; null if the database asks for none."),
    Setting(
      "database.connections", \.database.connections, .integer(1...200), .restart,
      "Connections to the database that are kept open."),
    Setting(
      "database.queueLimit", \.database.queueLimit, .integer(1...100_000), .restart,
      "Requests that may wait for a connection; one more is answered 503."),
    Setting(
      "database.queueTimeoutSeconds", \.database.queueTimeoutSeconds, .number(0.1...300), .restart,
      "How long a request may wait for a connection before it is answered 503."),
    Setting(
      "database.statementTimeoutSeconds", \.database.statementTimeoutSeconds, .number(0.1...3600), .restart,
      "How long one SQL statement may take (statement_timeout)."),
    Setting(
      "database.lockTimeoutSeconds", \.database.lockTimeoutSeconds, .number(0.1...3600), .restart,
      "How long a statement may wait for a lock (lock_timeout); not more than the statement may take."),
    Setting(
      "database.connectTimeoutSeconds", \.database.connectTimeoutSeconds, .number(1...60), .restart,
      "How long connecting to one database host may take."),
  ]

  private static let administration = [
    Setting(
      "administration.connection", \.administration.connection,
      .connection(passwordKey: "administration.passwordFile"), .reload,
      "Where the administrator's commands find the database; the running server does not use it."),
    Setting(
      "administration.passwordFile", \.administration.passwordFile, .optionalFile, .reload,
      "The file with the password for those commands; null if the database asks for none."),
  ]

  private static let tokens = [
    Setting(
      "tokens.accessLifetimeSeconds", \.tokens.accessLifetimeSeconds, .integer(1...86400), .reload,
      "How long an access token is valid."),
    Setting(
      "tokens.refreshLifetimeSeconds", \.tokens.refreshLifetimeSeconds, .integer(1...2_592_000), .reload,
      "How long a refresh token is valid; not less than an access token."),
  ]

  private static let passwords = [
    Setting(
      "passwords.scryptLogN", \.passwords.scryptLogN, .integer(10...20), .reload,
      "The cost of new password hashes: scrypt's N is 2 to this power; one more doubles time and memory."),
    Setting(
      "passwords.scryptR", \.passwords.scryptR, .integer(1...32), .reload,
      "scrypt's block size r; a hash takes 128 * N * r bytes of memory."),
    Setting(
      "passwords.scryptP", \.passwords.scryptP, .integer(1...16), .reload,
      "scrypt's parallelization p, which multiplies the time."),
    Setting(
      "passwords.hashThreads", \.passwords.hashThreads, .integer(1...16), .reload,
      "Threads that compute password hashes, each with the memory of one hash."),
    Setting(
      "passwords.hashQueueLimit", \.passwords.hashQueueLimit, .integer(0...10_000), .reload,
      "Logins that may wait for such a thread; one more is answered 503."),
    Setting(
      "passwords.rememberSeconds", \.passwords.rememberSeconds, .integer(0...3600), .reload,
      "How long a password that was right is known by a keyed hash in memory; 0 hashes it in full each time."),
    Setting(
      "passwords.failuresBeforeDelay", \.passwords.failuresBeforeDelay, .integer(1...1000), .reload,
      "Failed logins, of a user or from an address, before further ones are slowed."),
    Setting(
      "passwords.maximumDelaySeconds", \.passwords.maximumDelaySeconds, .integer(1...86400), .reload,
      "The longest that repeated failures make a login wait."),
  ]

  private static let jobs = [
    Setting(
      "jobs.maximumAssets", \.jobs.maximumAssets, .integer(1...1_000_000), .reload,
      "Assets that one job may name; a request with many of them must fit into limits.bodyBytes."),
    Setting(
      "jobs.maximumStandards", \.jobs.maximumStandards, .integer(1...1_000_000), .reload,
      "Standards that one job may name."),
  ]

  private static let deletion = [
    Setting(
      "deletion.transactionRowBound", \.deletion.transactionRowBound, .integer(1...10_000_000), .reload,
      "Rows of history erased inside a deletion's own transaction; the eraser takes what is left."),
    Setting(
      "deletion.eraserBatchRows", \.deletion.eraserBatchRows, .integer(100...10_000_000), .reload,
      "Rows that the eraser erases in one transaction."),
    Setting(
      "deletion.eraserPollSeconds", \.deletion.eraserPollSeconds, .number(0.1...3600), .reload,
      "How often an idle eraser looks for work that other servers left."),
    Setting(
      "deletion.eraserDutyPercent", \.deletion.eraserDutyPercent, .integer(1...100), .reload,
      "The share of the time that the eraser may be busy, in percent."),
    Setting(
      "deletion.maximumJobsPerRequest", \.deletion.maximumJobsPerRequest, .integer(1...100), .reload,
      "Jobs that one request may delete."),
  ]

  private static let collectors = [
    Setting(
      "collectors.maximumAttempts", \.collectors.maximumAttempts, .integer(1...100), .reload,
      "How often a run may be claimed; one whose collector was lost that often has failed."),
    Setting(
      "collectors.maximumUploads", \.collectors.maximumUploads, .integer(1...64), .reload,
      "Reports taken in at a time, each with about 20 MB of memory; one more is answered 503."),
    Setting(
      "collectors.maximumRowBytes", \.collectors.maximumRowBytes, .integer(1024...16_777_216), .reload,
      "The longest line of a report."),
    Setting(
      "collectors.maximumMessageCharacters", \.collectors.maximumMessageCharacters, .integer(1...1_000_000),
      .reload, "The longest message of a run, in characters."),
  ]

  private static let schedule = [
    Setting(
      "schedule.pollSeconds", \.schedule.pollSeconds, .number(0.05...3600), .reload,
      "How often, at least, is looked for jobs that are due, runs that take too long and lost collectors.")
  ]

  private static let retention = [
    Setting(
      "retention.keepRuns", \.retention.keepRuns, .integer(0...1_000_000_000), .reload,
      "Runs kept of a job that does not say how many, the newest ones; 0 is all."),
    Setting(
      "retention.keepDays", \.retention.keepDays, .integer(0...1_000_000), .reload,
      "Days that the runs of a job are kept that does not say how long; 0 is for ever."),
    Setting(
      "retention.sweepSeconds", \.retention.sweepSeconds, .number(0.1...86400), .reload,
      "How often all jobs are gone through for runs that are kept no longer."),
  ]

  private static let results = [
    Setting(
      "results.maximumChecks", \.results.maximumChecks, .integer(1...1_000_000), .reload,
      "Checks that one request for evaluation results may be answered with; for more it must filter.")
  ]

  private static let limits = [
    Setting(
      "limits.bodyBytes", \.limits.bodyBytes, .integer(1...1_073_741_824), .reload,
      "The largest request body; a larger one is answered 413."),
    Setting(
      "limits.tokenBodyBytes", \.limits.tokenBodyBytes, .integer(1...1_048_576), .reload,
      "The largest body of a request for a token, which anyone may send."),
    Setting(
      "limits.bulkBodyBytes", \.limits.bulkBodyBytes, .integer(1...1_099_511_627_776), .reload,
      "The largest body of a collector's report, which is stored while it arrives."),
    Setting(
      "limits.bulkTimeoutSeconds", \.limits.bulkTimeoutSeconds, .number(0.1...86400), .reload,
      "How long a report may take from its head to its answer."),
    Setting(
      "limits.headerBytes", \.limits.headerBytes, .integer(1024...1_048_576), .reload,
      "Memory for a request's head; a larger one is answered 414 or 431."),
    Setting(
      "limits.connections", \.limits.connections, .integer(1...1_000_000), .reload,
      "Connections from clients at a time; each takes a file descriptor."),
    Setting(
      "limits.connectionsPerAddress", \.limits.connectionsPerAddress, .integer(0...1_000_000), .reload,
      "Connections at a time from one address; 0 is no limit."),
    Setting(
      "limits.requestsInFlight", \.limits.requestsInFlight, .integer(1...1_000_000), .reload,
      "Requests worked on at a time; one more is answered 503."),
    Setting(
      "limits.requestTimeoutSeconds", \.limits.requestTimeoutSeconds, .number(0.1...3600), .reload,
      "How long the work on one request may take."),
    Setting(
      "limits.headTimeoutSeconds", \.limits.headTimeoutSeconds, .number(0.1...3600), .reload,
      "How soon a new connection must have sent the head of its first request."),
    Setting(
      "limits.bodyTimeoutSeconds", \.limits.bodyTimeoutSeconds, .number(0.1...3600), .reload,
      "How soon after its head a request's body must have arrived."),
    Setting(
      "limits.idleTimeoutSeconds", \.limits.idleTimeoutSeconds, .number(0.1...3600), .reload,
      "How long a connection is kept open between requests."),
  ]

  private static let log = [
    Setting("log.level", \.log.level, .choice, .reload, "The least severe kind of entry that is written.")
  ]

  private static let shutdown = [
    Setting(
      "shutdown.drainSeconds", \.shutdown.drainSeconds, .number(0...600), .reload,
      "How long requests in progress may go on after the order to stop.")
  ]
}
