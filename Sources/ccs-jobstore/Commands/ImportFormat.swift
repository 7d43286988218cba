/// The documentation of the directory file: what `directory import --format` prints, and its manual page has.
///
/// Headings begin a line in capitals. A member is two spaces, its name, its type, and what it is; `*` marks those that an
/// entry must have. A test compares the members with those that the import reads.
enum ImportFormat {
  static let text = #"""
    NAME
      directory file - what 'ccs-jobstore directory import' reads

    DESCRIPTION
      One JSON5 object (https://json5.org) in UTF-8: JSON with comments, single quotes, trailing commas, and keys
      without quotation marks. Its members are the lists below, all optional. Keys are in the case shown, those of a
      Configuration in any case; unknown keys are errors.

      An entry that does not exist is added, one that differs is changed, and what the file does not name stays. A
      member that is left out keeps the value that the entry has; an entry that is added gets the default. A second
      import of a file changes nothing. All of the file is imported, or nothing.

      A backslash is written twice, since JSON takes a single one for an escape: "DOMAIN\\ann" is DOMAIN\ann, and "\b"
      is a backspace.

    TYPES
      text      "…" or '…'
      name      text of 1 to 256 characters without control characters, invisible characters, or white space at the ends
      user      name of a domain, a backslash and a user: "DOMAIN\\ann". In any case
      path      a slash before each name, from a root: "/Asset System/Unix" or "/Standards/CIS". In any case
      GUID      "754f7c7e-884a-4420-af72-1fed35d3efc1", also in braces or without hyphens
      time      ISO 8601, UTC unless it has an offset: "2026-01-05T04:10:00Z", "2026-01-05"
      number    a whole number
      Boolean   true or false
      job       a job's GUID or name, of the file or of the directory

    FOLDERS
      A list of paths. The folders above a listed one are added with it.

    ASSETS
      ID*               GUID
      Name*             name
      Type*             name      symc-csm-AssetSystem-Asset-Unix-Machine
      Folder*           path      below /Asset System

    STANDARDS
      ID*               GUID
      Name*             name
      Version           name      default: 1.0
      Folder*           path      below /Standards

    ROLES
      Name*             name      identifies the role
      Description       text      default: empty
      Tasks             list      names of tasks, as 'ccs-jobstore help roles grant-task' lists them; replaces the role's
      Folders           list      paths of the granted folders, with all below them; replaces the role's

    USERS
      Name*             user      identifies the user
      Disabled          Boolean   default: false
      Roles             list      names of roles; replaces the user's
      Passwords are not in the file: 'ccs-jobstore users set-password' sets them.

    JOBS
      ID*               GUID
      Name*             name      unique among jobs, in any case
      Type*             name      CollectionEvaluationJob, CollectionJob or EvaluationJob; of a system job any name
      Description       text      default: empty
      System            Boolean   whether the job belongs to the installation and has no creator; default: false
      CreatedBy         user      the creator; required unless System is true
      CreationTime      time      default: now
      Configuration     object    what the job does, as below

      Configuration is JobDetails of Create Job without JobName and JobDescription. It is checked as there: all assets and
      standards exist, and a user's job names at least one of each. It replaces the job's.
      AssetsResolutionInfo*           list      objects with Id* (GUID of an asset) and Type* (its type)
      Standards*                      list      GUIDs of standards
      IsIncremental                   Boolean
      IncrementalPeriod               number
      CollectionOnlyTimeOutHours      number
      CollectionOnlyTimeOutMins       number
      ShouldSendSuccessNotification   Boolean
      ShouldSendFailureNotification   Boolean
      SuccessNotification             object    texts FromEmailAddress, ToEmailAddress, Subject, Body
      FailureNotification             object    likewise
      Schedule                        object    as in Create Job: RunNow, RunOnce or RunPeriodically with StartDate, …
      Retention                       object    numbers KeepRuns and KeepDays; default: those of the server

      RunNow in a Schedule queues a run when the job is added or changed, unless one is queued or running. A StartDate of
      RunOnce that is past starts no run: it belongs to where the job comes from.

    RUNS
      Past runs, and what they left behind.
      Job*              job
      ID                GUID      default: derived from job and QueuedTime, the same with each import
      Status*           text      Queued, Running, Completed, Failed or Aborted
      TriggeredBy       name      default: Schedule
      QueuedTime*       time
      StartTime         time      required if Running, Completed or Failed; not with Queued
      EndTime           time      required if Completed, Failed or Aborted; not with Queued or Running
      Messages          list      Time (default: of the run), Severity (default: Information), AssetID, Message*
      CollectedData     list      Time, AssetID*, Data* (any JSON)
      Results           list      Time, AssetID*, StandardID*, CheckID*, Outcome* (Pass, Fail, Unknown, NotApplicable or
                                  Error), Evidence

    GENERATEDRUNS
      Completed runs that are invented, for demonstrations.
      Job*                  job
      Count*                number    1 to 1,000,000
      From*                 time      of the first run
      EveryMinutes*         number    1 to 527,040
      TriggeredBy           name      default: Schedule
      MessagesPerRun        number    0 to 10,000; default: 0
      CollectedDataPerRun   number    0 to 10,000; default: 0
      ResultsPerRun         number    0 to 10,000; default: 0
      Assets                list      GUIDs; default: those of the job in this file
      Standards             list      GUIDs; default: those of the job in this file

    EXAMPLE
      {
        Folders: ["/Asset System/Unix", "/Standards/CIS"],
        Assets: [{
          ID: "a5000000-0000-4000-8000-000000000001", Name: "web-01",
          Type: "symc-csm-AssetSystem-Asset-Unix-Machine", Folder: "/Asset System/Unix",
        }],
        Standards: [{ ID: "57000000-0000-4000-8000-000000000001", Name: "CIS Debian 12", Folder: "/Standards/CIS" }],
        Roles: [{
          Name: "Auditors", Tasks: ["View all jobs", "View audit trail"], Folders: ["/Asset System", "/Standards"],
        }],
        Users: [{ Name: "DOMAIN\\ann", Roles: ["Auditors"] }],
        Jobs: [{
          ID: "754f7c7e-884a-4420-af72-1fed35d3efc1", Name: "Nightly audit", Type: "CollectionEvaluationJob",
          CreatedBy: "DOMAIN\\ann",
          Configuration: {
            AssetsResolutionInfo: [
              { Id: "a5000000-0000-4000-8000-000000000001", Type: "symc-csm-AssetSystem-Asset-Unix-Machine" },
            ],
            Standards: ["57000000-0000-4000-8000-000000000001"],
            Schedule: { RunPeriodically: true, StartDate: "2026-01-05T01:00:00Z", RunEveryNDays: true, RepeatDays: 1 },
          },
        }],
        Runs: [{
          Job: "Nightly audit", Status: "Completed", QueuedTime: "2026-01-05T01:00:00Z",
          StartTime: "2026-01-05T01:00:02Z", EndTime: "2026-01-05T01:12:30Z",
          Results: [{
            AssetID: "a5000000-0000-4000-8000-000000000001", StandardID: "57000000-0000-4000-8000-000000000001",
            CheckID: "1.1.1", Outcome: "Pass",
          }],
        }],
      }

    SEE ALSO
      /usr/share/doc/ccs-jobstore has a larger example; 'ccs-jobstore help directory import'; the API's document,
      /ccs/api/v1/openapi.json, has the fields of a Schedule.

    """#
}
