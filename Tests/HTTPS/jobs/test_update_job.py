"""Update Job: what is changed, and what it leaves in the database."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import API, assert_problem
from harness.definitions import FOREVER, Inventory, definition, job_row, updates_of
from harness.directory import unique
from harness.waiting import eventually

# MARK: What is changed


def test_what_is_present_replaces_and_what_is_absent_stays(client, user, directory, inventory, new_job, update):
    job = new_job(JobDescription="old", IsIncremental=True, Schedule=FOREVER, Retention={"KeepRuns": 3, "KeepDays": 4})
    before = client.job(job).json()
    response = update(job, {"JobDescription": "new", "IncrementalPeriod": 9, "Retention": {"KeepDays": 5}})
    assert response.status_code == 200, response.text
    assert response.headers["ETag"].startswith('"2-')
    after = response.json()
    expected = {
        **before["JobConfiguration"],
        "JobDescription": "new",
        "IncrementalPeriod": 9,
        "Retention": {"KeepDays": 5},
    }
    assert after["JobConfiguration"] == expected
    assert after["JobProperties"]["JobDescription"] == "new"
    assert after["JobProperties"]["JobModifiedTime"] > before["JobProperties"]["JobModifiedTime"]
    unchanged = set(before["JobProperties"]) - {"JobDescription", "JobModifiedTime"}
    assert all(after["JobProperties"][name] == before["JobProperties"][name] for name in unchanged)
    assert client.job(job).json() == after
    assert client.job(job).headers["ETag"] == response.headers["ETag"]
    assert job_row(directory, job, "version, keep_runs, keep_days") == (2, None, 5)
    request = uuid.UUID(response.headers["X-Request-ID"])
    assert updates_of(directory, job) == [
        (
            user.id,
            user.name,
            before["JobProperties"]["JobName"],
            request,
            {"Changed": ["IncrementalPeriod", "JobDescription", "Retention"]},
        )
    ]


def test_every_field_can_be_replaced(client, directory, new_job, update):
    job = new_job()
    other = Inventory(directory)
    details = other.details(
        JobDescription="d",
        IsIncremental=True,
        IncrementalPeriod=1,
        CollectionOnlyTimeOutHours=2,
        CollectionOnlyTimeOutMins=3,
        ShouldSendSuccessNotification=True,
        ShouldSendFailureNotification=True,
        SuccessNotification={"Subject": "s"},
        FailureNotification={"Body": "b"},
        Schedule={**FOREVER, "EndJobRunConfigured": True, "EndJobRunTimeInterval": "00:00:30"},
        Retention={"KeepRuns": 1},
    )
    response = update(job, details)
    assert response.status_code == 200, response.text
    assert response.json()["JobConfiguration"] == details
    assert response.json()["JobProperties"]["JobName"] == details["JobName"]
    assert job_row(directory, job, "run_time_limit, keep_runs")[:] == (timedelta(seconds=30), 1)
    assert sorted(updates_of(directory, job)[0][4]["Changed"]) == sorted(details)
    for name, value in details.items():
        again = new_job()
        one = {name: value}
        if name == "JobName":
            one = {name: unique("Renamed")}
        configuration = update(again, one).json()["JobConfiguration"]
        assert configuration[name] == one[name]
        assert updates_of(directory, again)[0][4] == {"Changed": [name]}


def test_null_takes_an_optional_field_away(client, directory, new_job, update):
    job = new_job(
        JobDescription="d",
        IsIncremental=True,
        Schedule={**FOREVER, "EndJobRunConfigured": True, "EndJobRunTimeInterval": "00:00:30"},
        Retention={"KeepRuns": 1, "KeepDays": 2},
        SuccessNotification={"Subject": "s"},
    )
    fields = ["JobDescription", "IsIncremental", "Schedule", "Retention", "SuccessNotification", "FailureNotification"]
    response = update(job, dict.fromkeys(fields))
    assert response.status_code == 200, response.text
    assert set(response.json()["JobConfiguration"]) == {"AssetsResolutionInfo", "JobName", "Standards"}
    assert response.json()["JobProperties"]["JobDescription"] == ""
    assert response.json()["JobProperties"]["NextRunDate"] is None
    assert job_row(directory, job, "next_run_at, run_time_limit, keep_runs, keep_days") == (None,) * 4
    assert updates_of(directory, job)[0][4] == {"Changed": sorted(fields[:-1])}


def test_a_schedule_is_replaced_as_a_whole_and_planned_anew(client, directory, new_job, update):
    job = new_job(Schedule={**FOREVER, "EndJobRunConfigured": True, "EndJobRunTimeInterval": "00:00:30"})
    start = (datetime.now(timezone.utc) + timedelta(days=400)).replace(microsecond=0)
    schedule = {"RunOnce": True, "StartDate": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert update(job, {"Schedule": schedule}).json()["JobConfiguration"]["Schedule"] == schedule
    assert job_row(directory, job, "next_run_at, run_time_limit") == (start, None)


def test_another_field_leaves_a_planned_run_alone(directory, new_job, update):
    job = new_job(Schedule=FOREVER)
    # A run that is due but not yet started must not be skipped.
    directory.database.rows("UPDATE directory.jobs SET next_run_at = '2026-01-05T00:00:00Z' WHERE job_id = %s", job)
    due = job_row(directory, job, "next_run_at")
    assert update(job, {"JobDescription": "x"}).status_code == 200
    assert job_row(directory, job, "next_run_at") == due
    assert update(job, {"Schedule": FOREVER}).status_code == 200
    assert job_row(directory, job, "next_run_at") == due


def test_a_single_run_that_has_been_is_not_brought_back_by_its_schedule(client, directory, new_job, update):
    schedule = {"RunOnce": True, "StartDate": "2026-01-05T00:00:00Z"}
    job = new_job(Schedule=schedule)

    def runs():
        return [run["JobRunID"] for run in client.runs(job, count=0).json()["JobRuns"]]

    (first,) = eventually(runs, what="it runs at once")
    assert client.post(f"{API}/jobs/{first}", json={"Operation": "abort"}).status_code == 200
    limited = {**schedule, "EndJobRunConfigured": True, "EndJobRunTimeInterval": "01:00:00"}
    # The same body, the same time written differently, and default values left out.
    for again in (schedule, limited, {**limited, "RunNow": False}):
        assert update(job, {"Schedule": again}).status_code == 200
        assert job_row(directory, job, "next_run_at, run_count") == (None, 1)
    assert update(job, {"Schedule": {**schedule, "StartDate": "2026-01-06T00:00:00Z"}}).status_code == 200
    eventually(lambda: len(runs()) == 2, what="another time is another run")


@pytest.mark.parametrize("again", [{}, {"IsIncremental": "TRUE"}, {"JobDescription": "d"}, {"Retention": None}])
def test_an_update_that_changes_nothing_keeps_the_version_and_is_not_audited(directory, new_job, update, again):
    job = new_job(JobDescription="d", IsIncremental=True)
    before = definition(directory, job)
    response = update(job, again)
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == '"1"'
    assert definition(directory, job) == before
    assert updates_of(directory, job) == []


def test_a_job_of_the_directory_file_without_a_configuration_can_be_updated(user, directory, update):
    job = directory.job(user)
    response = update(job.id, {"IncrementalPeriod": 3})
    assert response.status_code == 200, response.text
    assert response.json()["JobConfiguration"] == {"JobName": job.name, "IncrementalPeriod": 3}


@pytest.mark.parametrize("path", ["/ccs/api/v1/jobs/", "/ccs/api/v1/Jobs", "/CCS/API/V1/JOBS/"])
def test_the_path_and_the_names_are_not_case_sensitive(client, new_job, path):
    body = {"jobdetails": {"jobdescription": "x"}, "jobid": f"{{{new_job().upper()}}}"}
    response = client.patch(path, json=body)
    assert response.status_code == 200, response.text
    assert response.json()["JobProperties"]["JobDescription"] == "x"


def test_RunNow_in_the_schedule_starts_a_run(client, user, directory, new_job, update):
    job = new_job(Schedule={"RunNow": True})
    first = client.runs(job).json()["JobRuns"][0]["JobRunID"]
    # A run is active: the update succeeds and queues no second run.
    response = update(job, {"JobDescription": "x", "Schedule": {"RunNow": True, "RunOnce": False}})
    assert response.status_code == 200, response.text
    assert response.headers["ETag"].startswith('"2-')
    assert [run["JobRunID"] for run in client.runs(job, count=0).json()["JobRuns"]] == [first]
    assert client.post(f"{API}/jobs/{first}", json={"Operation": "abort"}).status_code == 200
    # The schedule is unchanged, but RunNow is set.
    response = update(job, {"Schedule": {"RunNow": "true", "RunOnce": False}})
    assert response.headers["ETag"].startswith('"2-')
    assert response.json()["JobProperties"]["LastRunStatus"] == "Queued"
    runs = client.runs(job, count=0).json()["JobRuns"]
    assert [run["Status"] for run in runs] == ["Queued", "Aborted"]
    assert runs[0]["TriggeredBy"] == user.name
    # Another field does not queue a run.
    assert client.post(f"{API}/jobs/{runs[0]['JobRunID']}", json={"Operation": "abort"}).status_code == 200
    assert update(job, {"JobDescription": "y"}).status_code == 200
    assert len(client.runs(job, count=0).json()["JobRuns"]) == 2


# MARK: If-Match


@pytest.mark.parametrize("condition", ['"1"', "*", '"7", "1"', 'W/"1", "1"', '"x", ,"1"'])
def test_a_condition_that_holds_lets_the_update_through(new_job, update, condition):
    response = update(new_job(), {"JobDescription": "x"}, if_match=condition)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("condition", ['"2"', 'W/"1"', '"0", "2"', '""', '"01"', '"1x"', '"99999999999999999999"'])
def test_a_condition_that_does_not_hold_changes_nothing(directory, new_job, update, condition):
    job = new_job()
    before = definition(directory, job)
    problem = assert_problem(
        update(job, {"JobDescription": "x", "Schedule": {"RunNow": True}}, if_match=condition), 412
    )
    assert job in problem["detail"]
    assert definition(directory, job) == before
    assert updates_of(directory, job) == []


@pytest.mark.parametrize("condition", ["1", "", '"1', "'1'", '*, "1"', '"1" "2"'])
def test_a_malformed_condition_is_refused(directory, new_job, update, condition):
    job = new_job()
    problem = assert_problem(update(job, {"JobDescription": "x"}, if_match=condition), 400)
    assert "If-Match" in problem["detail"]
    assert job_row(directory, job, "version") == (1,)


def test_a_condition_counts_only_for_what_would_be_done_otherwise(directory, sign_in, new_job, update):
    # RFC 9110, section 13.2.1.
    job, absent = new_job(), uuid.uuid4()
    assert_problem(update(absent, {}, if_match='"9"'), 404)
    assert_problem(update(absent, {}, if_match="*"), 404)
    assert_problem(update(job, {}, if_match='"9"', by=sign_in(directory.user())), 403)
    assert_problem(update(job, {"IsIncremental": "x"}, if_match='"9"'), 400)


def test_of_many_that_know_the_same_version_one_succeeds(user, directory, sign_in, new_job, update):
    clients = [sign_in(user) for _ in range(8)]
    job = new_job()
    for version in range(1, 6):
        barrier = threading.Barrier(len(clients))

        def run(number):
            barrier.wait()
            return update(job, {"IncrementalPeriod": 100 * version + number}, f'"{version}"', by=clients[number])

        with ThreadPoolExecutor(len(clients)) as pool:
            responses = list(pool.map(run, range(len(clients))))
        assert sorted(response.status_code for response in responses) == [200] + [412] * 7
        winner = next(response for response in responses if response.status_code == 200)
        assert winner.headers["ETag"] == f'"{version + 1}"'
        stored = job_row(directory, job, "configuration ->> 'IncrementalPeriod'")[0]
        assert int(stored) == winner.json()["JobConfiguration"]["IncrementalPeriod"]


def test_without_a_condition_changes_of_different_fields_at_once_are_all_kept(
    user, sign_in, directory, new_job, update
):
    job = new_job()
    changes = [
        {"IncrementalPeriod": 1},
        {"JobDescription": "d"},
        {"IsIncremental": True},
        {"CollectionOnlyTimeOutHours": 2},
        {"CollectionOnlyTimeOutMins": 3},
        {"Retention": {"KeepRuns": 4}},
        {"SuccessNotification": {"Subject": "s"}},
        {"Schedule": FOREVER},
    ]
    clients = [sign_in(user) for _ in changes]
    barrier = threading.Barrier(len(changes))

    def run(number):
        barrier.wait()
        return update(job, changes[number], by=clients[number]).status_code

    with ThreadPoolExecutor(len(changes)) as pool:
        assert list(pool.map(run, range(len(changes)))) == [200] * len(changes)
    configuration, version = job_row(directory, job, "configuration, version")
    for change in changes:
        assert change.items() <= configuration.items()
    assert version == 1 + len(changes)
