/// A permission of a role. The API documents call it a task, which in Swift is another thing.
public enum Permission: String, Sendable, CaseIterable, Codable {
  case viewStandards = "View standards"
  case viewAssets = "View assets"
  case viewAllJobs = "View all jobs"
  case viewEvaluationResults = "View evaluation results"
  case manageJobs = "Manage jobs"
  case collectData = "Collect data"
  case evaluateStandards = "Evaluate standards"
  /// For collectors, which execute runs and report them.
  case reportJobRuns = "Report job runs"
  case viewAuditTrail = "View audit trail"
}
