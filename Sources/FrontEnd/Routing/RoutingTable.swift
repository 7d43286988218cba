import Authorization

/// All that is served. A test holds it against the OpenAPI document.
enum RoutingTable {
  static let base = "/ccs/api/v1"

  static func routes(
    jobs: JobHandlers, tokens: TokenHandlers, operation: OperationHandlers, bodyLimit: Int,
    tokenBodyLimit: Int
  ) -> [Route] {
    [
      // A GET of the jobs goes by name for now; DELETE has its body ignored, up to the limit.
      Route(
        "DELETE", "\(base)/Jobs", operation: "Delete Job", bodyLimit: bodyLimit,
        access: .tokenHolder(jobs.delete)),
      Route(
        "GET", "\(base)/Jobs", operation: "Search Job by Name", bodyLimit: bodyLimit,
        access: .tokenHolder(jobs.byName)),
      Route(
        "GET", "\(base)/Jobs/{JobID}", operation: "Search Job by ID", bodyLimit: bodyLimit,
        access: .tokenHolder(jobs.byID)),
      Route(
        "GET", "\(base)/Jobs/{JobID}/jobruns", operation: "Get Latest Job Runs", bodyLimit: bodyLimit,
        access: .tokenHolder(jobs.latestRuns)),
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
    ]
  }
}
