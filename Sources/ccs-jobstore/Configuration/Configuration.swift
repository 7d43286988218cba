import Observability

/// The settings, typed and checked.
///
/// The initial values are the defaults. The table (`Setting.all`) has each setting's meaning, unit and range;
/// a property without a row there fails a test.
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
  var audit = Audit()
  var results = Results()
  var limits = Limits()
  var log = Log()
  var shutdown = Shutdown()

  /// Where the server listens, and with how many threads.
  struct Listen: Sendable, Equatable {
    var address = "::"
    var port = 12431
    var threads = 2
    var backlog = 1024
  }

  /// The server's certificate and key.
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

  /// The connection of the administration commands; the server does not use it.
  struct Administration: Sendable, Equatable {
    var connection = "host=/var/run/postgresql dbname=ccs_jobstore user=ccs_jobstore_admin"
    var passwordFile: String?
  }

  /// Lifetimes of tokens.
  struct Tokens: Sendable, Equatable {
    var accessLifetimeSeconds = 3600
    var refreshLifetimeSeconds = 5400
  }

  /// The cost of checking a password, and the delay after failed logins.
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

  /// Limits of a job's definition.
  struct Jobs: Sendable, Equatable {
    var maximumAssets = 10_000
    var maximumStandards = 1000
  }

  /// How much of a history is erased at once, and how fast the eraser takes the rest.
  struct Deletion: Sendable, Equatable {
    var transactionRowBound = 10_000
    var eraserBatchRows = 50_000
    var eraserPollSeconds = 10.0
    var eraserDutyPercent = 80
    var maximumJobsPerRequest = 100
  }

  /// How runs are handed to collectors.
  struct Collectors: Sendable, Equatable {
    var maximumAttempts = 3
    var maximumUploads = 4
    var maximumRowBytes = 1_048_576
    var maximumMessageCharacters = 10_000
  }

  /// How the scheduler works.
  struct Schedule: Sendable, Equatable {
    var pollSeconds = 1.0
  }

  /// How long runs are kept; 0 is forever.
  struct Retention: Sendable, Equatable {
    var keepRuns = 0
    var keepDays = 0
    var sweepSeconds = 300.0
  }

  /// How long audit events are kept; 0 is forever.
  struct Audit: Sendable, Equatable {
    var keepDays = 0
  }

  /// Limits of an answer with evaluation results.
  struct Results: Sendable, Equatable {
    var maximumChecks = 10_000
  }

  /// Limits of requests and connections.
  struct Limits: Sendable, Equatable {
    var bodyBytes = 1_048_576
    var tokenBodyBytes = 16_384
    var bulkBodyBytes = 1_073_741_824
    var bulkTimeoutSeconds = 600.0
    var headerBytes = 16_384
    var connections = 12_000
    var connectionsPerAddress = 1000
    var newConnectionsPerAddress = 100
    var requestsInFlight = 2000
    var memoryBytes = 134_217_728
    var leastBytesPerSecond = 1000
    var requestTimeoutSeconds = 30.0
    var headTimeoutSeconds = 10.0
    var bodyTimeoutSeconds = 30.0
    var idleTimeoutSeconds = 60.0
  }

  /// What is logged.
  struct Log: Sendable, Equatable {
    /// The least severe level that is logged.
    var level = LogLevel.info
  }

  /// How the server stops.
  struct Shutdown: Sendable, Equatable {
    var drainSeconds = 20.0
  }
}
