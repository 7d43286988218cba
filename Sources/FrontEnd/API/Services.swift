import Authorization

/// What the API serves; a reload replaces all of it.
public struct Services: Sendable {
  public var jobs: JobService
  public var collection: CollectionService
  public var searches: SearchService
  public var results: ResultService
  public var authoring: JobAuthoring
  public var operating: JobOperating
  public var reports: ReportService
  public var logins: Logins
  /// What is not ready, each with a word and a sentence.
  public var unready: @Sendable () async -> [(part: String, detail: String)]
  /// The page of metrics.
  public var metrics: @Sendable () async -> String

  /// Creates a set; each parameter is the property of its name.
  public init(
    jobs: JobService, collection: CollectionService, searches: SearchService, results: ResultService,
    authoring: JobAuthoring, operating: JobOperating, reports: ReportService, logins: Logins,
    unready: @escaping @Sendable () async -> [(part: String, detail: String)],
    metrics: @escaping @Sendable () async -> String
  ) {
    self.jobs = jobs
    self.collection = collection
    self.searches = searches
    self.results = results
    self.authoring = authoring
    self.operating = operating
    self.reports = reports
    self.logins = logins
    self.unready = unready
    self.metrics = metrics
  }
}

/// What a request may be at most.
public struct RequestLimits: Sendable {
  /// Maximum length of a body, in bytes.
  public var bodyBytes: Int
  /// Maximum length of a token request's body, in bytes.
  public var tokenBodyBytes: Int
  /// Maximum length of a body that is streamed, in bytes.
  public var bulkBodyBytes: Int
  /// The most jobs that one request may delete.
  public var jobsPerRequest: Int

  /// Creates a set; each parameter is the property of its name.
  public init(bodyBytes: Int, tokenBodyBytes: Int, bulkBodyBytes: Int, jobsPerRequest: Int) {
    self.bodyBytes = bodyBytes
    self.tokenBodyBytes = tokenBodyBytes
    self.bulkBodyBytes = bulkBodyBytes
    self.jobsPerRequest = jobsPerRequest
  }
}

extension Router {
  /// The router of everything that is served.
  public init(_ services: Services, limits: RequestLimits) {
    let jobs = services.jobs
    self.init(
      routes: RoutingTable.routes(
        jobs: JobHandlers(service: jobs, maximumJobsPerRequest: limits.jobsPerRequest),
        collection: CollectionHandlers(service: services.collection),
        searches: SearchHandlers(jobs: jobs, service: services.searches),
        results: ResultHandlers(service: services.results),
        authoring: JobAuthoringHandlers(service: services.authoring),
        operating: JobOperationHandlers(service: services.operating),
        reports: ReportHandlers(service: services.reports),
        tokens: TokenHandlers(logins: services.logins),
        operation: OperationHandlers(unready: services.unready, metrics: services.metrics),
        bodyLimit: limits.bodyBytes, tokenBodyLimit: limits.tokenBodyBytes,
        bulkBodyLimit: limits.bulkBodyBytes),
      authenticate: { bearer throws(Refusal) in try await jobs.authenticate(bearer: bearer) })
  }
}
