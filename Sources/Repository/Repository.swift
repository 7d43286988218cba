import Postgres

/// All access to the database, one part a subject. All share one pool.
public struct Repository: Sendable {
  public let authorizations: Authorizations
  public let sessions: Sessions
  public let failedLogins: FailedLogins
  public let jobs: Jobs
  public let deletion: Deletion
  public let jobRuns: JobRuns
  public let jobRunClaims: JobRunClaims
  public let jobDefinitions: JobDefinitions
  public let runControl: RunControl
  public let purges: Purges
  public let schedules: Schedules
  public let runUpkeep: RunUpkeep
  public let retention: Retention
  public let inventory: Inventory
  public let results: Results
  public let reports: Reports
  public let audit: AuditTrail

  public init(pool: Pool) {
    authorizations = Authorizations(pool: pool)
    sessions = Sessions(pool: pool)
    failedLogins = FailedLogins(pool: pool)
    jobs = Jobs(pool: pool)
    deletion = Deletion(pool: pool)
    jobRuns = JobRuns(pool: pool)
    jobRunClaims = JobRunClaims(pool: pool)
    jobDefinitions = JobDefinitions(pool: pool, claims: jobRunClaims)
    runControl = RunControl(pool: pool, claims: jobRunClaims)
    purges = Purges(pool: pool)
    schedules = Schedules(pool: pool, claims: jobRunClaims)
    runUpkeep = RunUpkeep(pool: pool, claims: jobRunClaims)
    retention = Retention(pool: pool)
    inventory = Inventory(pool: pool)
    results = Results(pool: pool)
    reports = Reports(pool: pool)
    audit = AuditTrail(pool: pool)
  }
}
