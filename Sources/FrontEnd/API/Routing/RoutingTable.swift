/// Everything that is served. A test compares it with the operations and with the OpenAPI document.
enum RoutingTable {
  static let base = "/ccs/api/v1"

  static func routes(_ gates: Gates, _ limits: RequestLimits) -> [Route] {
    let jobs = JobHandlers(
      gate: gates.jobs, maximumJobs: limits.jobsPerRequest, definitionLimits: limits.job)
    let runs = RunHandlers(gate: gates.runs)
    let collectors = CollectorHandlers(gate: gates.runs)
    let reports = ReportHandlers(
      gate: gates.reports,
      limits: .init(rowBytes: limits.rowBytes, messageCharacters: limits.messageCharacters))
    let results = ResultHandlers(gate: gates.results)
    let inventory = InventoryHandlers(gate: gates.inventory)
    let audit = AuditHandlers(gate: gates.audit)
    let tokens = TokenHandlers(signIn: gates.signIn)
    let service = ServiceHandlers(readiness: gates.readiness, metrics: gates.metrics)
    let (body, tokenBody, bulk) = (limits.bodyBytes, limits.tokenBodyBytes, limits.bulkBodyBytes)
    return [
      // The body of a DELETE is ignored, up to the limit.
      Route("DELETE", "\(base)/Jobs", .deleteJob, bodyLimit: body, .whole(jobs.delete)),
      Route("POST", "\(base)/Jobs", .createJob, bodyLimit: body, .whole(jobs.create)),
      Route("PATCH", "\(base)/Jobs", .updateJob, bodyLimit: body, .whole(jobs.update)),
      Route("POST", "\(base)/Jobs/{JobID}", .jobOperation, bodyLimit: body, .whole(runs.operate)),
      Route(
        "GET", "\(base)/Jobs", .searchJobs, variants: [.searchJobByName], bodyLimit: body, .whole(jobs.search)
      ),
      Route("GET", "\(base)/Jobs/{JobID}", .searchJobByID, bodyLimit: body, .whole(jobs.byID)),
      Route(
        "GET", "\(base)/Jobs/{JobID}/jobruns", .getLatestJobRuns, bodyLimit: body, .whole(runs.latest)),
      Route("GET", "\(base)/Standards", .searchStandards, bodyLimit: body, .whole(inventory.standards)),
      Route("GET", "\(base)/Assets", .searchAssets, bodyLimit: body, .whole(inventory.assets)),
      Route("POST", "\(base)/Results", .getEvaluationResults, bodyLimit: body, .whole(results.results)),
      Route(
        "POST", "\(base)/jobruns/claim", .claimJobRuns, bodyLimit: body,
        longestWait: CollectorHandlers.longestWait, .whole(collectors.claim)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/heartbeat", .heartbeatJobRun, bodyLimit: body,
        .whole(collectors.heartbeat)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/complete", .completeJobRun, bodyLimit: body,
        .whole(collectors.complete)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/fail", .failJobRun, bodyLimit: body, .whole(collectors.fail)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/messages", .reportMessages, bodyLimit: bulk,
        .streaming(reports.messages)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/collecteddata", .reportCollectedData, bodyLimit: bulk,
        .streaming(reports.collectedData)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/results", .reportResults, bodyLimit: bulk,
        .streaming(reports.results)),
      Route("GET", "\(base)/audit", .searchAuditTrail, bodyLimit: body, .whole(audit.search)),
      Route("POST", "\(base)/oauth/tokens", .getToken, bodyLimit: tokenBody, .whole(tokens.issue)),
      Route("POST", "\(base)/oauth/revoke", .revokeToken, bodyLimit: tokenBody, .whole(tokens.revoke)),
      Route("GET", "\(base)/openapi.json", .getAPIDescription, bodyLimit: body, .whole(service.openAPI)),
      Route("GET", "/livez", .getLiveness, bodyLimit: body, .whole(service.livez)),
      Route("GET", "/readyz", .getReadiness, bodyLimit: body, .whole(service.readyz)),
      Route("GET", "/metrics", .getMetrics, bodyLimit: body, .whole(service.prometheus)),
    ]
  }
}
