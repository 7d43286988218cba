"""Update Job: invalid bodies, missing rights and names that are taken."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, assert_problem
from harness.definitions import (
    AUTHOR_TASKS,
    BAD_FIELDS,
    FOREVER,
    UNIX,
    Inventory,
    definition,
    job_row,
    new_asset,
    new_standard,
    pointers,
    updates_of,
)
from harness.directory import ALL_TASKS, ASSET_SYSTEM, ROOTS, STANDARDS, unique

# MARK: 400


@pytest.mark.parametrize(("field", "value", "below"), [each for each in BAD_FIELDS if each[1] is not None])
def test_a_broken_field_is_named_and_nothing_is_changed(directory, new_job, update, field, value, below):
    job = new_job()
    before = definition(directory, job)
    problem = assert_problem(update(job, {"IsIncremental": True, field: value}), 400)
    assert pointers(problem) == [f"/JobDetails/{field}{below}"]
    assert definition(directory, job) == before


def test_all_broken_fields_are_named_at_once(client):
    body = {
        "JobDetails": {"JobName": None, "Standards": None, "IsIncremental": "x", "Name": 1},
        "Job": "x",
        "JobType": "y",
    }
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


@pytest.mark.parametrize(
    "schedule", [{"RunNow": True}, FOREVER, {"RunOnce": True, "StartDate": "2999-01-01T00:00:00Z"}]
)
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
    # An update that neither queues nor schedules a run is allowed, and so is one that leaves only accessible items.
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
    assert (
        directory.database.value(
            "SELECT job_name FROM audit.events WHERE job_id = %s ORDER BY event_id DESC LIMIT 1", job
        )
        == name
    )


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
