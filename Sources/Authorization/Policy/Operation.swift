/// What a client may ask for, by the names of the API documents.
public enum Operation: String, Sendable, CaseIterable {
  case deleteJob = "Delete Job"
  case searchJobByID = "Search Job by ID"
  case searchJobByName = "Search Job by Name"
  case getLatestJobRuns = "Get Latest Job Runs"
}
