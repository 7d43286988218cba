/// The attributes in searches for jobs.
public enum JobAttribute: String, SearchAttribute {
  case jobName = "JobName"
  case jobID = "JobID"
  case jobCategory = "JobCategory"
  case jobType = "JobType"
  case jobCreationTime = "JobCreationTime"
  case jobModifiedTime = "JobModifiedTime"
  case lastRunStatus = "LastRunStatus"
  case lastRunDate = "LastRunDate"

  public var kind: AttributeKind {
    switch self {
    case .jobName: .text(.any)
    case .jobID: .identifier
    case .jobCategory: .text(.only([Job.Category.system, .userDefined].map(\.rawValue)))
    case .jobType: .text(.usually(Job.userTypes, otherwise: "the type of a system job"))
    case .jobCreationTime, .jobModifiedTime, .lastRunDate: .time
    case .lastRunStatus: .text(.only(JobRun.Status.allCases.map(\.rawValue)))
    }
  }

  public static let displayName = JobAttribute.jobName
}
