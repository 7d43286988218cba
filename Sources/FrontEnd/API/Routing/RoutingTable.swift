import Authorization

/// All that is served. A test holds it against the OpenAPI document.
enum RoutingTable {
  static let base = "/ccs/api/v1"

  static func routes(
    jobs: JobHandlers, collection: CollectionHandlers, searches: SearchHandlers, results: ResultHandlers,
    authoring: JobAuthoringHandlers, operating: JobOperationHandlers, reports: ReportHandlers,
    tokens: TokenHandlers, operation: OperationHandlers, bodyLimit: Int, tokenBodyLimit: Int,
    bulkBodyLimit: Int
  ) -> [Route] {
    [
      // DELETE has its body ignored, up to the limit.
      Route(
        "DELETE", "\(base)/Jobs", operation: "Delete Job", bodyLimit: bodyLimit,
        access: .tokenHolderAtOnce(jobs.delete)),
      Route(
        "POST", "\(base)/Jobs", operation: "Create Job", bodyLimit: bodyLimit,
        access: .tokenHolder(authoring.create)),
      Route(
        "PATCH", "\(base)/Jobs", operation: "Update Job", bodyLimit: bodyLimit,
        access: .tokenHolder(authoring.update)),
      Route(
        "POST", "\(base)/Jobs/{JobID}", operation: "Job Operation", bodyLimit: bodyLimit,
        access: .tokenHolder(operating.operate)),
      Route(
        "GET", "\(base)/Jobs", operation: "Search Jobs", bodyLimit: bodyLimit,
        access: .tokenHolder(searches.jobs)),
      Route(
        "GET", "\(base)/Jobs/{JobID}", operation: "Search Job by ID", bodyLimit: bodyLimit,
        access: .tokenHolderAtOnce(jobs.byID)),
      Route(
        "GET", "\(base)/Jobs/{JobID}/jobruns", operation: "Get Latest Job Runs", bodyLimit: bodyLimit,
        access: .tokenHolder(jobs.latestRuns)),
      Route(
        "GET", "\(base)/Standards", operation: "Search Standards", bodyLimit: bodyLimit,
        access: .tokenHolder(searches.standards)),
      Route(
        "GET", "\(base)/Assets", operation: "Search Assets", bodyLimit: bodyLimit,
        access: .tokenHolder(searches.assets)),
      Route(
        "POST", "\(base)/Results", operation: "Get Evaluation Results", bodyLimit: bodyLimit,
        access: .tokenHolder(results.results)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/messages", operation: "Report Messages", bodyLimit: bulkBodyLimit,
        access: .streamingTokenHolder(reports.messages)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/collecteddata", operation: "Report Collected Data",
        bodyLimit: bulkBodyLimit, access: .streamingTokenHolder(reports.collectedData)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/results", operation: "Report Results", bodyLimit: bulkBodyLimit,
        access: .streamingTokenHolder(reports.results)),
      Route(
        "POST", "\(base)/oauth/tokens", operation: "Get Token", bodyLimit: tokenBodyLimit,
        access: .anybody(tokens.issue)),
      Route(
        "POST", "\(base)/oauth/revoke", operation: "Revoke Token", bodyLimit: tokenBodyLimit,
        access: .anybody(tokens.revoke)),
      Route(
        "GET", "\(base)/openapi.json", operation: "Get API Description", bodyLimit: bodyLimit,
        access: .anybody(operation.openAPI)),
      Route("GET", "/livez", operation: "Liveness", bodyLimit: bodyLimit, access: .anybody(operation.livez)),
      Route(
        "GET", "/readyz", operation: "Readiness", bodyLimit: bodyLimit, access: .anybody(operation.readyz)),
      Route(
        "GET", "/metrics", operation: "Metrics", bodyLimit: bodyLimit, access: .anybody(operation.prometheus)),
    ] + routes(collection: collection, bodyLimit: bodyLimit)
  }
}
