"""Update Job: every documented answer, and what each leaves in the database."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import API, assert_problem
from harness.definitions import AUTHOR_TASKS, UNIX, Inventory, new_asset, new_standard, pointers
from harness.directory import ALL_TASKS, ASSET_SYSTEM, ROOTS, STANDARDS, unique
from harness.waiting import eventually
from test_create_job import BAD_FIELDS, FOREVER


@pytest.fixture
def inventory(directory):
    return Inventory(directory)


@pytest.fixture
def new_job(client, inventory):
    """Creates a job with those fields beside the mandatory ones; its ID."""

    def new_job(by=client, **fields):
        response = by.post(f"{API}/jobs", json=inventory.body(**fields))
        assert response.status_code == 201, response.text
        return response.json()["JobID"]

    return new_job


@pytest.fixture
def update(client):
    def update(job, details, if_match=None, by=client):
        headers = {} if if_match is None else {"If-Match": if_match}
        return by.patch(f"{API}/jobs/", json={"JobDetails": details, "JobID": str(job)}, headers=headers)

    return update


def job_row(directory, job, columns):
    return directory.database.row(f"SELECT {columns} FROM directory.jobs WHERE job_id = %s", job)


def definition(directory, job):
    """All of a job that an update may change."""
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


# MARK: What is changed


def test_what_is_present_replaces_and_what_is_absent_stays(client, user, directory, inventory, new_job, update):
    job = new_job(JobDescription="old", IsIncremental=True, Schedule=FOREVER, Retention={"KeepRuns": 3, "KeepDays": 4})
    before = client.job(job).json()
    response = update(job, {"JobDescription": "new", "IncrementalPeriod": 9, "Retention": {"KeepDays": 5}})
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == '"2"'
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
    assert client.job(job).headers["ETag"] == '"2"'
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
    # A run that is due and has not been started yet must not be skipped.
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
    # The same once more, the same time with something else, and without the words that are the default.
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
    # A run is under way: the update succeeds all the same, and starts no second one.
    response = update(job, {"JobDescription": "x", "Schedule": {"RunNow": True, "RunOnce": False}})
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == '"2"'
    assert [run["JobRunID"] for run in client.runs(job, count=0).json()["JobRuns"]] == [first]
    assert client.post(f"{API}/jobs/{first}", json={"Operation": "abort"}).status_code == 200
    # The schedule is as it was, and yet it asks for a run.
    response = update(job, {"Schedule": {"RunNow": "true", "RunOnce": False}})
    assert response.headers["ETag"] == '"2"'
    assert response.json()["JobProperties"]["LastRunStatus"] == "Queued"
    runs = client.runs(job, count=0).json()["JobRuns"]
    assert [run["Status"] for run in runs] == ["Queued", "Aborted"]
    assert runs[0]["TriggeredBy"] == user.name
    # Another field does not.
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


def test_without_a_condition_changes_of_different_fields_at_once_are_all_kept(user, sign_in, directory, new_job, update):
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


# MARK: 400


@pytest.mark.parametrize(
    ("field", "value", "below"), [each for each in BAD_FIELDS if each[1] is not None]
)
def test_a_broken_field_is_named_and_nothing_is_changed(directory, new_job, update, field, value, below):
    job = new_job()
    before = definition(directory, job)
    problem = assert_problem(update(job, {"IsIncremental": True, field: value}), 400)
    assert pointers(problem) == [f"/JobDetails/{field}{below}"]
    assert definition(directory, job) == before


def test_all_broken_fields_are_named_at_once(client):
    body = {"JobDetails": {"JobName": None, "Standards": None, "IsIncremental": "x", "Name": 1}, "Job": "x", "JobType": "y"}
    assert pointers(assert_problem(client.patch(f"{API}/jobs/", json=body), 400)) == [
        "/JobDetails/JobName",
        "/JobDetails/Standards",
        "/JobDetails/IsIncremental",
        "/JobDetails/Name",
        "/JobID",
        "/Job",
        "/JobType",
    ]


@pytest.mark.parametrize("job", ["", "x", None, 1, "754F7C7E-884A-4420-AF72-1FED35D3EFC"])
def test_a_JobID_that_is_no_GUID_is_refused(client, job):
    problem = assert_problem(client.patch(f"{API}/jobs/", json={"JobDetails": {}, "JobID": job}), 400)
    assert pointers(problem) == ["/JobID"]


@pytest.mark.parametrize("data", [b"", b"\r", b"[]", b"{", b"\xff", b'{"JobID": "\xff"}', b"null"])
def test_a_body_that_is_no_such_JSON_is_refused(client, data):
    assert assert_problem(client.patch(f"{API}/jobs/", data=data), 400)["errors"]


def test_what_does_not_exist_is_named_and_nothing_is_changed(directory, inventory, new_job, update):
    job, unknown = new_job(), uuid.uuid4()
    before = definition(directory, job)
    details = {
        "JobDescription": "x",
        "AssetsResolutionInfo": [{"Id": str(inventory.asset), "Type": UNIX}, {"Id": str(unknown), "Type": UNIX}],
        "Standards": [str(unknown)],
    }
    problem = assert_problem(update(job, details), 400)
    assert pointers(problem) == ["/JobDetails/AssetsResolutionInfo/1/Id", "/JobDetails/Standards/0"]
    assert definition(directory, job) == before


# MARK: 401, 403, 404, 409


def test_without_a_token_it_is_401(anonymous, new_job, update):
    assert_problem(update(new_job(), {}, by=anonymous), 401)


def test_only_the_creator_may_update(directory, sign_in, new_job, update):
    job = new_job()
    before = definition(directory, job)
    problem = assert_problem(update(job, {"JobDescription": "x"}, by=sign_in(directory.user())), 403)
    assert problem["detail"] == f"The job {job} was created by another user. Only its creator can update it."
    assert definition(directory, job) == before


def test_a_system_job_is_never_updated(directory, update):
    job = directory.job(None, job_type="ReportDataPurge")
    problem = assert_problem(update(job.id, {"JobDescription": "x"}), 403)
    assert problem["detail"] == f"The job {job.id} is a system job. A system job cannot be updated."


def test_a_job_that_does_not_exist_is_not_found(update):
    absent = uuid.uuid4()
    assert_problem(update(absent, {"JobDescription": "x"}), 404, f"The job {absent} does not exist.")


def test_the_six_tasks_and_the_two_folders_are_enough(directory, sign_in, update):
    user = directory.user(tasks=AUTHOR_TASKS)
    assert update(directory.job(user).id, {"JobDescription": "x"}, by=sign_in(user)).status_code == 200


@pytest.mark.parametrize("missing", AUTHOR_TASKS)
def test_without_one_of_the_six_tasks_it_is_forbidden(directory, sign_in, update, missing):
    user = directory.user(tasks=[task for task in ALL_TASKS if task != missing])
    job = directory.job(user)
    problem = assert_problem(update(job.id, {"JobDescription": "x"}, by=sign_in(user)), 403)
    assert problem["detail"] == f'Update Job needs the task "{missing}".'
    assert job_row(directory, job.id, "version") == (1,)


@pytest.mark.parametrize("missing", ROOTS)
def test_without_a_folder_in_one_of_the_two_trees_it_is_forbidden(directory, sign_in, update, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    job = directory.job(user)
    problem = assert_problem(update(job.id, {"JobDescription": "x"}, by=sign_in(user)), 403)
    assert problem["detail"] == f'Update Job needs access to the folder "{missing}".'


def test_what_lies_in_other_folders_is_forbidden_and_named(directory, sign_in, update):
    folders = [directory.folder(ASSET_SYSTEM), directory.folder(STANDARDS)]
    user = directory.user(folders=folders)
    client, job = sign_in(user), directory.job(user)
    before = definition(directory, job.id)
    asset, standard = new_asset(directory), new_standard(directory)
    problem = assert_problem(
        update(job.id, {"AssetsResolutionInfo": [{"Id": str(asset), "Type": "x"}]}, by=client), 403
    )
    assert problem["detail"] == f"You have no access to the folder of the asset {asset}."
    problem = assert_problem(update(job.id, {"Standards": [str(standard)]}, by=client), 403)
    assert problem["detail"] == f"You have no access to the folder of the standard {standard}."
    assert definition(directory, job.id) == before
    own = Inventory(directory, *folders)
    assert update(job.id, {"Standards": [str(own.standard)]}, by=client).status_code == 200


@pytest.mark.parametrize("schedule", [{"RunNow": True}, FOREVER, {"RunOnce": True, "StartDate": "2999-01-01T00:00:00Z"}])
def test_what_the_job_names_already_must_be_open_to_whoever_starts_or_plans_it(directory, sign_in, update, schedule):
    folders = [directory.folder(ASSET_SYSTEM), directory.folder(STANDARDS)]
    user = directory.user(folders=folders)
    client, own, closed = sign_in(user), Inventory(directory, *folders), Inventory(directory)
    configuration = {
        "JobName": "x",
        "AssetsResolutionInfo": [{"Id": str(asset), "Type": UNIX} for asset in (own.asset, closed.asset)],
        "Standards": [str(closed.standard), str(own.standard)],
    }
    job = directory.job(user, configuration=configuration).id
    before = definition(directory, job)
    problem = assert_problem(update(job, {"Schedule": schedule}, by=client), 403)
    asset, standard = f"the asset {closed.asset}", f"the standard {closed.standard}"
    assert problem["detail"] == f"You have no access to the folder of {asset}, {standard}."
    problem = assert_problem(update(job, {"Schedule": schedule, "Standards": [str(own.standard)]}, by=client), 403)
    assert problem["detail"] == f"You have no access to the folder of {asset}."
    assert definition(directory, job) == before
    # What neither starts nor plans a run is not held up, nor is what leaves nothing that is closed.
    assert update(job, {"JobDescription": "x", "Schedule": {"RunPeriodically": False}}, by=client).status_code == 200
    mine = {"AssetsResolutionInfo": [{"Id": str(own.asset), "Type": UNIX}], "Standards": [str(own.standard)]}
    assert update(job, {"Schedule": schedule, **mine}, by=client).status_code == 200


def test_an_asset_that_is_gone_keeps_nobody_from_planning_its_job(directory, user, update):
    gone = {"AssetsResolutionInfo": [{"Id": str(uuid.uuid4()), "Type": UNIX}], "Standards": [str(uuid.uuid4())]}
    job = directory.job(user, configuration={"JobName": "x", **gone})
    assert update(job.id, {"Schedule": FOREVER}).status_code == 200


def test_a_name_that_is_taken_is_a_conflict_in_any_case(directory, new_job, update):
    job, other = new_job(), directory.job(None, job_type="ReportDataPurge")
    before = definition(directory, job)
    for name in (other.name, other.name.upper()):
        problem = assert_problem(update(job, {"JobName": name, "JobDescription": "x"}), 409)
        assert name in problem["detail"]
    assert definition(directory, job) == before
    assert updates_of(directory, job) == []


def test_a_job_keeps_its_own_name_in_another_case(client, directory, new_job, update):
    job = new_job(JobName=unique("Prüfung"))
    name = client.job(job).json()["JobProperties"]["JobName"].upper()
    assert update(job, {"JobName": name}).json()["JobProperties"]["JobName"] == name
    assert directory.database.value("SELECT job_name FROM audit.events WHERE job_id = %s ORDER BY event_id DESC LIMIT 1", job) == name


def test_of_many_that_take_the_same_name_at_once_one_succeeds(user, directory, sign_in, new_job, update):
    clients = [sign_in(user) for _ in range(6)]
    for _ in range(3):
        jobs, name = [new_job() for _ in clients], unique("Wanted")
        barrier = threading.Barrier(len(clients))

        def run(number):
            barrier.wait()
            return update(jobs[number], {"JobName": name}, by=clients[number]).status_code

        with ThreadPoolExecutor(len(clients)) as pool:
            assert sorted(pool.map(run, range(len(clients)))) == [200] + [409] * (len(clients) - 1)


def test_an_update_while_the_job_is_deleted_finds_it_or_does_not(client, user, sign_in, new_job, update):
    other = sign_in(user)
    for _ in range(5):
        job = new_job(Schedule={"RunNow": True})
        barrier = threading.Barrier(2)

        def change():
            barrier.wait()
            return update(job, {"Schedule": {"RunNow": True}, "JobDescription": "x"}, by=other).status_code

        def remove():
            barrier.wait()
            return client.delete(job).status_code

        with ThreadPoolExecutor(2) as pool:
            changed, removed = pool.submit(change), pool.submit(remove)
            assert changed.result() in (200, 404)
            assert removed.result() == 204
        assert_problem(client.job(job), 404)
