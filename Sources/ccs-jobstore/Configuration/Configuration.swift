/// Everything that an operator may set, typed and checked.
///
/// The initial values here are the defaults. What each setting means, its unit and its range stand in the
/// table (`Setting.all`), which also reads and compares them; a property without a row there fails a test.
struct Configuration: Sendable, Equatable {
  var listen = Listen()
  var tls = TLS()
  var database = Database()
  var administration = Administration()
  var tokens = Tokens()
  var passwords = Passwords()
  var jobs = Jobs()
  var deletion = Deletion()
  var collectors = Collectors()
  var schedule = Schedule()
  var retention = Retention()
  var results = Results()
  var limits = Limits()
  var log = Log()
  var shutdown = Shutdown()

  /// Where the service takes connections, and with how many threads.
  struct Listen: Sendable, Equatable {
    var address = "::"
    var port = 12431
    var threads = 2
    var backlog = 1024
  }

  /// The files that prove who the service is.
  struct TLS: Sendable, Equatable {
    var certificateFile = "/etc/ccs-jobstore/tls/certificate.pem"
    var privateKeyFile = "/etc/ccs-jobstore/tls/private-key.pem"
  }

  /// The running server's connections to PostgreSQL.
  struct Database: Sendable, Equatable {
    var connection = "host=/var/run/postgresql dbname=ccs_jobstore user=ccs_jobstore"
    var passwordFile: String?
    var connections = 8
    var queueLimit = 1000
    var queueTimeoutSeconds = 5.0
    var statementTimeoutSeconds = 20.0
    var lockTimeoutSeconds = 5.0
    var connectTimeoutSeconds = 5.0
  }

  /// The connection of the administrator's commands; the running server does not use it.
  struct Administration: Sendable, Equatable {
    var connection = "host=/var/run/postgresql dbname=ccs_jobstore user=ccs_jobstore_admin"
    var passwordFile: String?
  }

  /// How long tokens live.
  struct Tokens: Sendable, Equatable {
    var accessLifetimeSeconds = 3600
    var refreshLifetimeSeconds = 5400
  }

  /// What a password costs to check, and what failing to know it costs.
  struct Passwords: Sendable, Equatable {
    var scryptLogN = 15
    var scryptR = 8
    var scryptP = 3
    var hashThreads = 2
    var hashQueueLimit = 64
    var rememberSeconds = 300
    var failuresBeforeDelay = 5
    var maximumDelaySeconds = 300
  }

  /// How large a job's definition may be.
  struct Jobs: Sendable, Equatable {
    var maximumAssets = 10_000
    var maximumStandards = 1000
  }

  /// How much of a history is erased at once, and how hard the eraser works at the rest.
  struct Deletion: Sendable, Equatable {
    var transactionRowBound = 10_000
    var eraserBatchRows = 50_000
    var eraserPollSeconds = 10.0
    var eraserDutyPercent = 80
    var maximumJobsPerRequest = 100
  }

  /// How runs are handed to those that carry them out.
  struct Collectors: Sendable, Equatable {
    var maximumAttempts = 3
    var maximumUploads = 4
    var maximumRowBytes = 1_048_576
    var maximumMessageCharacters = 10_000
  }

  /// How runs begin and end by the clock.
  struct Schedule: Sendable, Equatable {
    var pollSeconds = 1.0
  }

  /// How long the runs of a job are kept; 0 is for ever.
  struct Retention: Sendable, Equatable {
    var keepRuns = 0
    var keepDays = 0
    var sweepSeconds = 300.0
  }

  /// How much of what evaluations found is answered at once.
  struct Results: Sendable, Equatable {
    var maximumChecks = 10_000
  }

  /// The bounds past which a request or a connection is refused.
  struct Limits: Sendable, Equatable {
    var bodyBytes = 1_048_576
    var tokenBodyBytes = 16_384
    var bulkBodyBytes = 1_073_741_824
    var bulkTimeoutSeconds = 600.0
    var headerBytes = 16_384
    var connections = 12_000
    var connectionsPerAddress = 0
    var requestsInFlight = 2000
    var requestTimeoutSeconds = 30.0
    var headTimeoutSeconds = 10.0
    var bodyTimeoutSeconds = 30.0
    var idleTimeoutSeconds = 60.0
  }

  /// What is logged.
  struct Log: Sendable, Equatable {
    var level = Level.info

    /// The least severe kind of entry that is still written.
    enum Level: String, Sendable, CaseIterable {
      case debug, info, warning, error
    }
  }

  /// How the service stops.
  struct Shutdown: Sendable, Equatable {
    var drainSeconds = 20.0
  }
}
