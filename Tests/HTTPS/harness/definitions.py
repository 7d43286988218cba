"""Bodies of Create Job, and the assets and standards that they name."""

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
    """An asset and a standard, and what a job that names them looks like."""

    def __init__(self, directory, asset_folder=ASSET_SYSTEM, standard_folder=STANDARDS):
        self.asset = new_asset(directory, asset_folder)
        self.standard = new_standard(directory, standard_folder)

    def details(self, **fields):
        """`JobDetails` with the mandatory fields; a field given as None is left out."""
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
    """Where a refused body is wrong."""
    return [error["pointer"] for error in problem["errors"]]
