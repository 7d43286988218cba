// The table of settings: key, property, kind with range, when a change takes effect, meaning.
//
// Defaults are the initial values in `Configuration`. A test compares the sample file with this table. One
// array per section: a single literal would be slow to type-check.

extension Setting {
  static let all: [Setting] =
    listen + tls + database + administration + tokens + passwords + jobs + deletion + collectors
    + results + schedule + retention + audit + limits + log + shutdown

  private static let listen = [
    Setting(
      "listen.address", \.listen.address, .address, .restart,
      "The address to listen on; \"::\" is every address, IPv4 included."),
    Setting("listen.port", \.listen.port, .integer(0...65535), .restart, "The TCP port; 0 picks a free one."),
    Setting(
      "listen.threads", \.listen.threads, .integer(1...64), .reload,
      "Threads for TLS and HTTP; one per processor that they may use."),
    Setting(
      "listen.backlog", \.listen.backlog, .integer(1...65535), .restart,
      "Length of the kernel's queue of new connections; net.core.somaxconn caps it."),
  ]

  private static let tls = [
    Setting(
      "tls.certificateFile", \.tls.certificateFile, .file, .reload,
      "The server's certificate in PEM, followed by its intermediate certificates."),
    Setting(
      "tls.privateKeyFile", \.tls.privateKeyFile, .file, .reload,
      "The certificate's private key in PEM, without a passphrase."),
  ]

  private static let database = [
    Setting(
      "database.connection", \.database.connection, .connection(passwordKey: "database.passwordFile"),
      .restart,
      "The server's database, by host or socket; several hosts are allowed, a password is not."),
    Setting(
      "database.passwordFile", \.database.passwordFile, .optionalFile, .restart,
      "File with the database password; null if none is needed."),
    Setting(
      "database.connections", \.database.connections, .integer(1...200), .restart,
      "Connections to the database that the pool keeps open."),
    Setting(
      "database.queueLimit", \.database.queueLimit, .integer(1...100_000), .restart,
      "Maximum requests that wait for a connection; beyond it, 503."),
    Setting(
      "database.queueTimeoutSeconds", \.database.queueTimeoutSeconds, .number(0.1...300), .restart,
      "Maximum wait for a connection, in seconds; after it, 503."),
    Setting(
      "database.statementTimeoutSeconds", \.database.statementTimeoutSeconds, .number(0.1...3600), .restart,
      "Maximum time of one SQL statement, in seconds (statement_timeout)."),
    Setting(
      "database.lockTimeoutSeconds", \.database.lockTimeoutSeconds, .number(0.1...3600), .restart,
      "Maximum wait for a lock, in seconds (lock_timeout); at most statementTimeoutSeconds."),
    Setting(
      "database.connectTimeoutSeconds", \.database.connectTimeoutSeconds, .number(1...60), .restart,
      "Maximum time to connect to one address of the database, or to look up one name, in seconds."),
  ]

  private static let administration = [
    Setting(
      "administration.connection", \.administration.connection,
      .connection(passwordKey: "administration.passwordFile"), .reload,
      "The database for the administration commands; the server does not use it."),
    Setting(
      "administration.passwordFile", \.administration.passwordFile, .optionalFile, .reload,
      "File with the password for those commands; null if none is needed."),
  ]

  private static let tokens = [
    Setting(
      "tokens.accessLifetimeSeconds", \.tokens.accessLifetimeSeconds, .integer(1...86400), .reload,
      "Lifetime of an access token, in seconds."),
    Setting(
      "tokens.refreshLifetimeSeconds", \.tokens.refreshLifetimeSeconds, .integer(1...2_592_000), .reload,
      "Lifetime of a refresh token, in seconds; at least that of an access token."),
  ]

  private static let passwords = [
    Setting(
      "passwords.scryptLogN", \.passwords.scryptLogN, .integer(10...20), .reload,
      "Cost of new password hashes: log2 of scrypt's N; each step doubles time and memory."),
    Setting(
      "passwords.scryptR", \.passwords.scryptR, .integer(1...32), .reload,
      "scrypt's block size r; a hash takes 128 * N * r bytes of memory."),
    Setting(
      "passwords.scryptP", \.passwords.scryptP, .integer(1...16), .reload,
      "scrypt's parallelization p; it multiplies the time."),
    Setting(
      "passwords.hashThreads", \.passwords.hashThreads, .integer(1...16), .reload,
      "Threads that compute password hashes; each uses the memory of one hash."),
    Setting(
      "passwords.hashQueueLimit", \.passwords.hashQueueLimit, .integer(0...10_000), .reload,
      "Maximum logins that wait for such a thread; beyond it, 503."),
    Setting(
      "passwords.rememberSeconds", \.passwords.rememberSeconds, .integer(0...3600), .reload,
      "How long a verified password is cached in memory, as a keyed hash, in seconds; 0 is never."),
    Setting(
      "passwords.failuresBeforeDelay", \.passwords.failuresBeforeDelay, .integer(1...1000), .reload,
      "Failed logins of a name from a network before further ones are delayed."),
    Setting(
      "passwords.maximumDelaySeconds", \.passwords.maximumDelaySeconds, .integer(1...86400), .reload,
      "Maximum delay after these, and time in which one is forgotten, in seconds."),
  ]

  private static let jobs = [
    Setting(
      "jobs.maximumAssets", \.jobs.maximumAssets, .integer(1...1_000_000), .reload,
      "Maximum assets of a job; limits.bodyBytes must leave room for them."),
    Setting(
      "jobs.maximumStandards", \.jobs.maximumStandards, .integer(1...1_000_000), .reload,
      "Maximum standards of a job."),
  ]

  private static let deletion = [
    Setting(
      "deletion.transactionRowBound", \.deletion.transactionRowBound, .integer(1...10_000_000), .reload,
      "Maximum rows erased in a deletion's own transaction; the eraser takes the rest."),
    Setting(
      "deletion.eraserBatchRows", \.deletion.eraserBatchRows, .integer(100...10_000_000), .reload,
      "Maximum rows that the eraser erases in one transaction."),
    Setting(
      "deletion.eraserPollSeconds", \.deletion.eraserPollSeconds, .number(0.1...3600), .reload,
      "Interval at which an idle eraser polls for work of other servers, in seconds."),
    Setting(
      "deletion.eraserDutyPercent", \.deletion.eraserDutyPercent, .integer(1...100), .reload,
      "Maximum share of time that the eraser is busy, in percent."),
    Setting(
      "deletion.maximumJobsPerRequest", \.deletion.maximumJobsPerRequest, .integer(1...100), .reload,
      "Maximum jobs that one request deletes."),
  ]

  private static let collectors = [
    Setting(
      "collectors.maximumAttempts", \.collectors.maximumAttempts, .integer(1...100), .reload,
      "Maximum claims of a run; if the last collector is lost, the run fails."),
    Setting(
      "collectors.maximumUploads", \.collectors.maximumUploads, .integer(1...64), .reload,
      "Maximum concurrent uploads of reports, about 20 MB of memory each; beyond it, 503."),
    Setting(
      "collectors.maximumRowBytes", \.collectors.maximumRowBytes, .integer(1024...16_777_216), .reload,
      "Maximum length of a report's line, in bytes."),
    Setting(
      "collectors.maximumMessageCharacters", \.collectors.maximumMessageCharacters, .integer(1...1_000_000),
      .reload, "Maximum length of a run's message, in characters."),
  ]

  private static let schedule = [
    Setting(
      "schedule.pollSeconds", \.schedule.pollSeconds, .number(0.05...3600), .reload,
      "Maximum interval between polls for due jobs, overlong runs and lost collectors, in seconds.")
  ]

  private static let retention = [
    Setting(
      "retention.keepRuns", \.retention.keepRuns, .integer(0...1_000_000_000), .reload,
      "Newest runs kept of a job that sets no number of its own; 0 keeps all."),
    Setting(
      "retention.keepDays", \.retention.keepDays, .integer(0...1_000_000), .reload,
      "Days that runs are kept of a job that sets no number of its own; 0 is forever."),
    Setting(
      "retention.sweepSeconds", \.retention.sweepSeconds, .number(0.1...86400), .reload,
      "Interval between sweeps for runs past their retention, in seconds."),
  ]

  private static let audit = [
    Setting(
      "audit.keepDays", \.audit.keepDays, .integer(0...1_000_000), .reload,
      "Whole days (UTC) that audit events are kept; 0 is forever.")
  ]

  private static let results = [
    Setting(
      "results.maximumChecks", \.results.maximumChecks, .integer(1...1_000_000), .reload,
      "Maximum checks in one answer of evaluation results; beyond it the client must filter.")
  ]

  private static let limits = [
    Setting(
      "limits.bodyBytes", \.limits.bodyBytes, .integer(1...1_073_741_824), .reload,
      "Maximum request body, in bytes; beyond it, 413."),
    Setting(
      "limits.tokenBodyBytes", \.limits.tokenBodyBytes, .integer(1...1_048_576), .reload,
      "Maximum body of a token request, which anyone may send, in bytes."),
    Setting(
      "limits.bulkBodyBytes", \.limits.bulkBodyBytes, .integer(1...1_099_511_627_776), .reload,
      "Maximum body of a collector's report, in bytes; it is stored while it arrives."),
    Setting(
      "limits.bulkTimeoutSeconds", \.limits.bulkTimeoutSeconds, .number(0.1...86400), .reload,
      "Maximum time of a report from its head to its answer, and of other bodies, in seconds."),
    Setting(
      "limits.headerBytes", \.limits.headerBytes, .integer(1024...1_048_576), .reload,
      "Memory for a request's head, in bytes; beyond it, 414 or 431."),
    Setting(
      "limits.connections", \.limits.connections, .integer(1...1_000_000), .reload,
      "Maximum client connections; beyond it, idle ones are closed. Each takes a file descriptor."),
    Setting(
      "limits.connectionsPerAddress", \.limits.connectionsPerAddress, .integer(0...1_000_000), .reload,
      "Maximum client connections per IPv4 address or IPv6 /64; 0 is no limit."),
    Setting(
      "limits.newConnectionsPerAddress", \.limits.newConnectionsPerAddress, .integer(0...1_000_000), .reload,
      "Maximum new client connections a second per address, on average over ten; 0 is no limit."),
    Setting(
      "limits.requestsInFlight", \.limits.requestsInFlight, .integer(1...1_000_000), .reload,
      "Maximum concurrent requests; beyond it, 503."),
    Setting(
      "limits.memoryBytes", \.limits.memoryBytes, .integer(1_048_576...1_099_511_627_776), .reload,
      "Maximum memory for request bodies and answers that wait, in bytes; beyond it, 503."),
    Setting(
      "limits.leastBytesPerSecond", \.limits.leastBytesPerSecond, .integer(1...1_000_000_000), .reload,
      "Slowest rate of a body or answer that takes longer than its time, in bytes a second."
    ),
    Setting(
      "limits.requestTimeoutSeconds", \.limits.requestTimeoutSeconds, .number(0.1...3600), .reload,
      "Maximum time to process one request, and to read nothing of its answer, in seconds."),
    Setting(
      "limits.headTimeoutSeconds", \.limits.headTimeoutSeconds, .number(0.1...3600), .reload,
      "Maximum time from connecting to the end of the first request's head, in seconds."),
    Setting(
      "limits.bodyTimeoutSeconds", \.limits.bodyTimeoutSeconds, .number(0.1...3600), .reload,
      "Maximum time in which a client sends nothing of a request's body, in seconds."),
    Setting(
      "limits.idleTimeoutSeconds", \.limits.idleTimeoutSeconds, .number(0.1...3600), .reload,
      "Maximum idle time of a connection between requests, in seconds."),
  ]

  private static let log = [
    Setting("log.level", \.log.level, .choice, .reload, "Least severe level that is logged.")
  ]

  private static let shutdown = [
    Setting(
      "shutdown.drainSeconds", \.shutdown.drainSeconds, .number(0...600), .reload,
      "Maximum time for requests in progress when the server stops, in seconds.")
  ]
}
