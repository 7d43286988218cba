/// What a client may ask for. The raw value is the OpenAPI document's `operationId`.
public enum Operation: String, Sendable, CaseIterable {
  case createJob
  case updateJob
  case deleteJob
  case jobOperation
  case searchJobs
  case searchJobByID
  case searchJobByName
  case getLatestJobRuns
  case searchStandards
  case searchAssets
  case getEvaluationResults
  case claimJobRuns
  case heartbeatJobRun
  case completeJobRun
  case failJobRun
  case reportMessages
  case reportCollectedData
  case reportResults
  case searchAuditTrail
  case getToken
  case revokeToken
  case getAPIDescription
  case getLiveness
  case getReadiness
  case getMetrics

  /// The documents' name: the OpenAPI document's `summary`, and `operation` in the log.
  public var title: String {
    switch self {
    case .createJob: "Create Job"
    case .updateJob: "Update Job"
    case .deleteJob: "Delete Job"
    case .jobOperation: "Job Operation"
    case .searchJobs: "Search Jobs"
    case .searchJobByID: "Search Job by ID"
    case .searchJobByName: "Search Job by Name"
    case .getLatestJobRuns: "Get Latest Job Runs"
    case .searchStandards: "Search Standards"
    case .searchAssets: "Search Assets"
    case .getEvaluationResults: "Get Evaluation Results"
    case .claimJobRuns: "Claim Job Runs"
    case .heartbeatJobRun, .completeJobRun, .failJobRun: "Report Job Run"
    case .reportMessages: "Report Messages"
    case .reportCollectedData: "Report Collected Data"
    case .reportResults: "Report Results"
    case .searchAuditTrail: "Search Audit Trail"
    case .getToken: "Get Token"
    case .revokeToken: "Revoke Token"
    case .getAPIDescription: "Get API Description"
    case .getLiveness: "Liveness"
    case .getReadiness: "Readiness"
    case .getMetrics: "Metrics"
    }
  }

  /// The name under which the documents grant it: all parts of a report are granted as Report Job Run.
  var grantTitle: String {
    switch self {
    case .reportMessages, .reportCollectedData, .reportResults: "Report Job Run"
    default: title
    }
  }
}
