import Authorization
import Domain

/// What the API serves; a reload replaces all of it.
public struct Gates: Sendable {
  public var authorizer: Authorizer
  public var jobs: JobGate
  public var runs: RunGate
  public var reports: ReportGate
  public var results: ResultGate
  public var inventory: InventoryGate
  public var audit: AuditGate
  public var signIn: SignIn
  public var readiness: @Sendable () async -> Readiness
  /// The page of metrics.
  public var metrics: @Sendable () async -> String

  /// Creates a set; each parameter is the property of its name.
  public init(
    authorizer: Authorizer, jobs: JobGate, runs: RunGate, reports: ReportGate, results: ResultGate,
    inventory: InventoryGate, audit: AuditGate, signIn: SignIn,
    readiness: @escaping @Sendable () async -> Readiness,
    metrics: @escaping @Sendable () async -> String
  ) {
    self.authorizer = authorizer
    self.jobs = jobs
    self.runs = runs
    self.reports = reports
    self.results = results
    self.inventory = inventory
    self.audit = audit
    self.signIn = signIn
    self.readiness = readiness
    self.metrics = metrics
  }
}

/// Whether the service can do its work.
public struct Readiness: Sendable {
  /// The release of the database's schema, for people; nil if the database did not say it.
  public var schema: String?
  /// The parts that keep the service from working, each with a word and a sentence.
  public var notReady: [(part: String, detail: String)]

  public init(schema: String?, notReady: [(part: String, detail: String)]) {
    self.schema = schema
    self.notReady = notReady
  }
}

/// Upper bounds of requests.
public struct RequestLimits: Sendable {
  /// Maximum length of a body, in bytes.
  public var bodyBytes: Int
  /// Maximum length of a token request's body, in bytes.
  public var tokenBodyBytes: Int
  /// Maximum length of a body that is streamed, in bytes.
  public var bulkBodyBytes: Int
  /// Maximum number of jobs that one request deletes.
  public var jobsPerRequest: Int
  /// Maximum length of a report's line, in bytes.
  public var rowBytes: Int
  /// Maximum length of a run's message, in characters (Unicode scalars).
  public var messageCharacters: Int
  /// Maximum size of a job's definition.
  public var job: JobDetails.Limits

  /// Creates a set; each parameter is the property of its name.
  public init(
    bodyBytes: Int, tokenBodyBytes: Int, bulkBodyBytes: Int, jobsPerRequest: Int, rowBytes: Int,
    messageCharacters: Int, job: JobDetails.Limits
  ) {
    self.bodyBytes = bodyBytes
    self.tokenBodyBytes = tokenBodyBytes
    self.bulkBodyBytes = bulkBodyBytes
    self.jobsPerRequest = jobsPerRequest
    self.rowBytes = rowBytes
    self.messageCharacters = messageCharacters
    self.job = job
  }
}
