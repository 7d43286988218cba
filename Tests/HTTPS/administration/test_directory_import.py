"""Jobs of a directory file equal those created by the API."""

import json
import uuid
from datetime import timedelta

import pytest

from harness.client import API
from harness.cluster import REPOSITORY
from harness.definitions import NOBODY, UNIX, Inventory
from harness.directory import unique
from harness.server import run_command


@pytest.fixture
def import_file(server, tmp_path):
    def import_file(jobs, *options):
        path = tmp_path / "directory.json5"
        path.write_text(json.dumps({"Jobs": jobs}))
        return run_command(server.configuration, "directory", "import", str(path), *options)

    return import_file


@pytest.fixture
def job(user, directory):
    inventory = Inventory(directory)
    return {
        "ID": "754f7c7e-884a-4420-af72-1fed35d3efc1",
        "Name": unique("Imported"),
        "Type": "CollectionJob",
        "Description": "from a file",
        "CreatedBy": user.name,
        "Configuration": {
            "assetsResolutionInfo": [{"ID": inventory.asset.hex.upper(), "Type": UNIX}],
            "Standards": [f"{{{inventory.standard}}}"],
            "IsIncremental": "True",
            "Schedule": {"EndJobRunConfigured": "true", "EndJobRunTimeInterval": "1:00:00"},
            "Retention": {"KeepRuns": 5, "KeepDays": "60"},
        },
    }


def row_of(directory, job):
    return directory.database.row(
        "SELECT version, run_time_limit, keep_runs, keep_days FROM directory.jobs WHERE job_id = %s", job["ID"]
    )


def test_an_imported_job_is_in_canonical_form_and_may_be_updated(client, directory, import_file, job):
    result = import_file([job])
    assert result.returncode == 0, result.stderr
    assert row_of(directory, job) == (1, timedelta(hours=1), 5, 60)
    answer = client.job(job["ID"])
    assert answer.headers["ETag"] == '"1"'
    assert answer.json()["JobConfiguration"]["JobName"] == job["Name"]
    assert answer.json()["JobConfiguration"]["IsIncremental"] is True
    assert answer.json()["JobConfiguration"]["Retention"] == {"KeepRuns": 5, "KeepDays": 60}
    same = {"JobDetails": answer.json()["JobConfiguration"], "JobID": job["ID"]}
    response = client.patch(f"{API}/jobs/", json=same, headers={"If-Match": '"1"'})
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == '"1"'

    # A second import changes nothing; another configuration makes a new version.
    assert import_file([job]).returncode == 0
    assert row_of(directory, job) == (1, timedelta(hours=1), 5, 60)
    del job["Configuration"]["Schedule"]
    job["Configuration"]["Retention"] = {"KeepDays": 7}
    assert import_file([job]).returncode == 0
    assert row_of(directory, job) == (2, None, None, 7)
    # Without a configuration, the existing one stays.
    del job["Configuration"]
    job["Description"] = "another"
    assert import_file([job]).returncode == 0
    assert row_of(directory, job) == (3, None, None, 7)
    assert client.delete(job["ID"]).status_code == 204


def test_what_is_wrong_in_a_configuration_is_said_with_its_place(directory, import_file, job):
    job["Configuration"] |= {"Retention": {"KeepRuns": 0}, "JobName": "x"}
    result = import_file([job])
    assert result.returncode != 0
    assert "/Jobs/0/Configuration/Retention/KeepRuns must be a whole number 1...1000000" in result.stderr
    assert "/Jobs/0/Configuration/JobName is unknown" in result.stderr


def test_a_job_that_names_what_is_not_there_is_refused_with_the_place(directory, import_file, job):
    job["Configuration"]["assetsResolutionInfo"].append({"ID": NOBODY, "Type": UNIX})
    job["Configuration"]["Standards"].append(NOBODY)
    result = import_file([job])
    assert result.returncode == 1
    place = "/Jobs/0/Configuration"
    assert f"{place}/AssetsResolutionInfo/1/Id names the asset '{NOBODY}', which does not exist" in result.stderr
    assert f"{place}/Standards/1 names the standard '{NOBODY}', which does not exist" in result.stderr

    del job["Configuration"]["assetsResolutionInfo"][:]
    assert "AssetsResolutionInfo must have 1...10000 elements" in import_file([job]).stderr


def test_RunNow_queues_a_run_of_a_job_that_is_added_or_changed(directory, import_file, job):
    def runs():
        return directory.database.rows(
            "SELECT status, triggered_by FROM store.job_runs JOIN directory.jobs USING (history_id) WHERE job_id = %s", job["ID"]
        )

    job["ID"] = str(uuid.uuid4())
    job["Configuration"]["Schedule"] = {"RunNow": True}
    result = import_file([job], "--dry-run")
    assert result.returncode == 0, result.stderr
    assert runs() == []
    result = import_file([job])
    assert result.returncode == 0, result.stderr
    assert ["Runs", "1", "0", "0"] in [line.split() for line in result.stdout.splitlines()]
    ((status, triggered_by),) = runs()
    assert status in ("Queued", "Running")
    assert triggered_by.endswith("via ccs-jobstore")
    # Unchanged, it is not run again; changed, not while a run is active.
    assert import_file([job]).returncode == 0
    job["Description"] = "another"
    assert import_file([job]).returncode == 0
    assert len(runs()) == 1
    directory.database.rows(
        "UPDATE store.job_runs SET status = 'Aborted', ended_at = now() "
        "WHERE history_id = (SELECT history_id FROM directory.jobs WHERE job_id = %s)",
        job["ID"],
    )
    job["Description"] = "a third"
    assert import_file([job]).returncode == 0
    assert len(runs()) == 2


def test_a_single_backslash_is_told_as_what_it_is(server, tmp_path):
    path = tmp_path / "directory.json5"
    for name in ("DOMAIN\\bob", "DOMAIN\\nina", "DOMAIN\\alice", "DOMAIN\\xavier", "DOMAIN\\ulrich"):
        path.write_text(f'{{ Users: [\n{{ Name: "{name}" }}\n] }}')
        result = run_command(server.configuration, "directory", "import", str(path))
        assert result.returncode == 1, name
        assert "two backslashes" in result.stderr, result.stderr


def test_the_demonstration_can_be_imported_twice(new_database, start_server):
    database = new_database()
    server = start_server(database)
    demo = str(REPOSITORY / "config" / "demo-directory.json5")
    for _ in range(2):
        result = run_command(server.configuration, "directory", "import", demo)
        assert result.returncode == 0, result.stderr
    assert database.value("SELECT max(version) FROM directory.jobs") == 1
