/// What the audit trail has events of. A test compares it with the events that the migrations write.
public enum AuditOperation: String, Sendable, CaseIterable {
  case createJob = "Create Job"
  case updateJob = "Update Job"
  case runJob = "Run Job"
  case abortJobRun = "Abort Job Run"
  case purgeJob = "Purge Job"
  case deleteJob = "Delete Job"
  case clearSchedule = "Clear Schedule"
  case removeJobRuns = "Remove Job Runs"
  case removeAuditEvents = "Remove Audit Events"

  // Counted: see audit.count_event.
  case login = "Login"
  case failedLogin = "Failed Login"
  case refusedDeletion = "Refused Deletion"

  case addUser = "Add User"
  case disableUser = "Disable User"
  case enableUser = "Enable User"
  case setPassword = "Set Password"
  case createRole = "Create Role"
  case assignRole = "Assign Role"
  case unassignRole = "Unassign Role"
  case grantTask = "Grant Task"
  case revokeTask = "Revoke Task"
  case grantFolder = "Grant Folder"
  case revokeFolder = "Revoke Folder"
  case importDirectory = "Import Directory"

  /// - Parameter word: Its name, in any case.
  public init?(word: String) {
    guard let found = Self.allCases.first(where: { $0.rawValue.lowercased() == word.lowercased() }) else {
      return nil
    }
    self = found
  }
}
