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
  public var signIn: SignIn
  /// What is not ready, each with a word and a sentence.
  public var unready: @Sendable () async -> [(part: String, detail: String)]
  /// The page of metrics.
  public var metrics: @Sendable () async -> String

  /// Creates a set; each parameter is the property of its name.
  public init(
    authorizer: Authorizer, jobs: JobGate, runs: RunGate, reports: ReportGate, results: ResultGate,
    inventory: InventoryGate, signIn: SignIn,
    unready: @escaping @Sendable () async -> [(part: String, detail: String)],
    metrics: @escaping @Sendable () async -> String
  ) {
    self.authorizer = authorizer
    self.jobs = jobs
    self.runs = runs
    self.reports = reports
    self.results = results
    self.inventory = inventory
    self.signIn = signIn
    self.unready = unready
    self.metrics = metrics
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
  /// Maximum size of a job's definition.
  public var job: JobDetails.Limits

  /// Creates a set; each parameter is the property of its name.
  public init(
    bodyBytes: Int, tokenBodyBytes: Int, bulkBodyBytes: Int, jobsPerRequest: Int, job: JobDetails.Limits
  ) {
    self.bodyBytes = bodyBytes
    self.tokenBodyBytes = tokenBodyBytes
    self.bulkBodyBytes = bulkBodyBytes
    self.jobsPerRequest = jobsPerRequest
    self.job = job
  }
}
