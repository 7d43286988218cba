import Postgres

/// The way to everything that is kept, one part a subject. All share one pool.
public struct Repository: Sendable {
  public let sessions: Sessions
  public let failedLogins: FailedLogins
  public let jobs: Jobs
  public let jobRuns: JobRuns
  public let deletion: Deletion
  public let purges: Purges

  public init(pool: Pool) {
    sessions = Sessions(pool: pool)
    failedLogins = FailedLogins(pool: pool)
    jobs = Jobs(pool: pool)
    jobRuns = JobRuns(pool: pool)
    deletion = Deletion(pool: pool)
    purges = Purges(pool: pool)
  }
}
