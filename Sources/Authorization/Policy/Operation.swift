/// What a client may ask for, by the names of the API documents.
public enum Operation: String, Sendable, CaseIterable {
  case createJob = "Create Job"
  case updateJob = "Update Job"
  case jobOperation = "Job Operation"
  case searchJobs = "Search Jobs"
  case searchJobByID = "Search Job by ID"
  case searchJobByName = "Search Job by Name"
  case getLatestJobRuns = "Get Latest Job Runs"
  case deleteJob = "Delete Job"
  case searchStandards = "Search Standards"
  case searchAssets = "Search Assets"
  case getEvaluationResults = "Get Evaluation Results"
  case claimJobRuns = "Claim Job Runs"
  case reportJobRun = "Report Job Run"
}
