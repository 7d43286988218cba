"""Bodies of Create Job and Update Job, the assets and standards that they name, and the rows of jobs."""

import uuid

from harness.directory import ASSET_SYSTEM, STANDARDS, unique

AUTHOR_TASKS = (
    "View standards",
    "View assets",
    "Manage jobs",
    "Collect data",
    "Evaluate standards",
    "View evaluation results",
)
UNIX = "symc-csm-AssetSystem-Asset-Unix-Machine"
FOREVER = {"RunPeriodically": True, "StartDate": "2020-01-01T00:00:00Z", "RunEveryNDays": True, "RepeatDays": 1}
# A GUID that nothing has.
NOBODY = "9d0c6a4e-5b1f-4f3c-8f5e-2a7d0e9b6c31"


def new_asset(directory, folder=ASSET_SYSTEM):
    identifier = uuid.uuid4()
    directory.database.rows(
        "INSERT INTO directory.assets (asset_id, asset_name, asset_type, folder_id) VALUES (%s, %s, %s, %s)",
        identifier,
        unique("asset"),
        UNIX,
        folder,
    )
    return identifier


def new_standard(directory, folder=STANDARDS):
    identifier = uuid.uuid4()
    directory.database.rows(
        "INSERT INTO directory.standards (standard_id, standard_name, folder_id) VALUES (%s, %s, %s)",
        identifier,
        unique("standard"),
        folder,
    )
    return identifier


class Inventory:
    """An asset and a standard, and the body of a job that names them."""

    def __init__(self, directory, asset_folder=ASSET_SYSTEM, standard_folder=STANDARDS):
        self.asset = new_asset(directory, asset_folder)
        self.standard = new_standard(directory, standard_folder)

    def details(self, **fields):
        """`JobDetails` with the mandatory fields; a field that is None is left out."""
        details = {
            "AssetsResolutionInfo": [{"Id": str(self.asset), "Type": UNIX}],
            "JobName": unique("Audit"),
            "Standards": [str(self.standard)],
            **fields,
        }
        return {name: value for name, value in details.items() if value is not None}

    def body(self, job_type="CollectionEvaluationJob", **fields):
        return {"JobDetails": self.details(**fields), "JobType": job_type}


def pointers(problem):
    """The pointers to the invalid fields of a rejected body."""
    return [error["pointer"] for error in problem["errors"]]


# Invalid fields of JobDetails: the name, the value, and the end of the pointer that names it.
BAD_FIELDS = [
    ("AssetsResolutionInfo", None, ""),
    ("AssetsResolutionInfo", [], ""),
    ("AssetsResolutionInfo", "x", ""),
    ("AssetsResolutionInfo", [None], "/0"),
    ("AssetsResolutionInfo", [{"Type": "x"}], "/0/Id"),
    ("AssetsResolutionInfo", [{"Id": "x", "Type": "x"}], "/0/Id"),
    ("AssetsResolutionInfo", [{"Id": NOBODY}], "/0/Type"),
    ("AssetsResolutionInfo", [{"Id": NOBODY, "Type": 1}], "/0/Type"),
    ("AssetsResolutionInfo", [{"Id": NOBODY, "Type": "x", "Name": "y"}], "/0/Name"),
    ("JobName", None, ""),
    ("JobName", "", ""),
    ("JobName", "   ", ""),
    ("JobName", "x" * 257, ""),
    ("JobName", "a\0b", ""),
    ("JobName", ["x"], ""),
    ("Standards", None, ""),
    ("Standards", [], ""),
    ("Standards", ["x"], "/0"),
    ("Standards", [{}], "/0"),
    ("JobDescription", "x" * 4097, ""),
    ("JobDescription", False, ""),
    ("IsIncremental", "yes", ""),
    ("IncrementalPeriod", "x", ""),
    ("IncrementalPeriod", 1.5, ""),
    ("CollectionOnlyTimeOutHours", -1, ""),
    ("CollectionOnlyTimeOutMins", 2**31, ""),
    ("ShouldSendSuccessNotification", 1, ""),
    ("ShouldSendFailureNotification", "", ""),
    ("SuccessNotification", "x", ""),
    ("SuccessNotification", {"Subject": "a\nb"}, "/Subject"),
    ("SuccessNotification", {"Body": "x" * 32769}, "/Body"),
    ("FailureNotification", {"ToEmailAddress": ["a@b"]}, "/ToEmailAddress"),
    ("FailureNotification", {"Cc": "a@b"}, "/Cc"),
    ("Schedule", "daily", ""),
    ("Schedule", {"RunOnce": True}, "/StartDate"),
    ("Schedule", {"RunOnce": True, "StartDate": "tomorrow"}, "/StartDate"),
    ("Schedule", {**FOREVER, "RepeatDays": 0}, "/RepeatDays"),
    ("Schedule", {**FOREVER, "RunEveryNDays": False, "RecurrenceType": 1}, "/WeeklyDay"),
    ("Schedule", {"EndJobRunConfigured": True}, "/EndJobRunTimeInterval"),
    ("Schedule", {"Repeat": 1}, "/Repeat"),
    ("Retention", 3, ""),
    ("Retention", {"KeepRuns": 0}, "/KeepRuns"),
    ("Retention", {"KeepDays": 36501}, "/KeepDays"),
    ("JobNam", "x", ""),
]


def jobs_named(directory, name):
    return directory.database.value("SELECT count(*) FROM directory.jobs WHERE directory.folded(job_name) = directory.folded(%s)", name)


def job_row(directory, job, columns):
    return directory.database.row(f"SELECT {columns} FROM directory.jobs WHERE job_id = %s", job)


def definition(directory, job):
    """Everything of a job that an update may change."""
    return job_row(
        directory,
        job,
        "job_name, job_description, configuration, version, modified_at, next_run_at, run_time_limit, keep_runs, "
        "keep_days, run_count",
    )


def updates_of(directory, job):
    return directory.database.rows(
        "SELECT user_id, user_name, job_name, request_id, details FROM audit.events "
        "WHERE job_id = %s AND operation = 'Update Job' ORDER BY event_id",
        job,
    )
