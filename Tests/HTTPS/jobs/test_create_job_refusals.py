"""Create Job: invalid bodies, missing rights and names that are taken."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, assert_problem
from harness.definitions import AUTHOR_TASKS, BAD_FIELDS, Inventory, jobs_named, new_standard, pointers
from harness.directory import ALL_TASKS, ASSET_SYSTEM, ROOTS, SEARCH_TASKS, STANDARDS, unique

# MARK: 400


@pytest.mark.parametrize(("field", "value", "below"), BAD_FIELDS)
def test_a_broken_field_is_named_and_nothing_is_stored(directory, inventory, create, field, value, below):
    body = inventory.body(**{field: value})
    problem = assert_problem(create(body), 400)
    assert pointers(problem) == [f"/JobDetails/{field}{below}"]
    assert f"/JobDetails/{field}{below}" in problem["detail"]
    name = body["JobDetails"].get("JobName")
    if isinstance(name, str) and "\0" not in name:
        assert jobs_named(directory, name) == 0


@pytest.mark.parametrize("job_type", [None, "", "ReportJob", 1, "Collection"])
def test_a_broken_type_is_named(inventory, create, job_type):
    assert pointers(assert_problem(create(inventory.body(job_type)), 400)) == ["/JobType"]


def test_all_broken_fields_are_named_at_once(inventory, create):
    body = {
        "JobType": "x",
        "Type": "y",
        "JobDetails": {
            "AssetsResolutionInfo": [{"Id": "x"}],
            "IsIncremental": "x",
            "Schedule": {"RunPeriodically": True, "WeeklyDay": [], "RecurrenceType": 7},
            "Retention": {"KeepRuns": -1},
        },
    }
    assert pointers(assert_problem(create(body), 400)) == [
        "/JobDetails/AssetsResolutionInfo/0/Id",
        "/JobDetails/AssetsResolutionInfo/0/Type",
        "/JobDetails/JobName",
        "/JobDetails/Standards",
        "/JobDetails/IsIncremental",
        "/JobDetails/Schedule/StartDate",
        "/JobDetails/Schedule/RecurrenceType",
        "/JobDetails/Schedule/WeeklyDay",
        "/JobDetails/Retention/KeepRuns",
        "/JobType",
        "/Type",
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"\r", b"{", b"x", b"[]", b"null", b'"x"', b"{}", b'{"JobDetails": 1, "JobType": "CollectionJob"}', b"\xff"]
    + [b'{"JobDetails": {"JobName": "\xff"}}', b'{"JobType": 1, "JobType": 2}', b"[" * 100000, b"\0", b"{'a': 1}"],
)
def test_a_body_that_is_no_such_JSON_is_refused(client, data):
    problem = assert_problem(client.post(f"{API}/jobs", data=data), 400)
    assert problem["errors"]
    client.server.assert_alive()


def test_every_asset_and_standard_that_does_not_exist_is_named(directory, inventory, create):
    unknown = [str(uuid.uuid4()) for _ in range(3)]
    details = inventory.details()
    details["AssetsResolutionInfo"] += [{"Id": unknown[0], "Type": "x"}, {"Id": unknown[1], "Type": "x"}]
    details["AssetsResolutionInfo"].insert(0, {"Id": str(inventory.standard), "Type": "x"})
    details["Standards"].append(unknown[2])
    problem = assert_problem(create({"JobDetails": details, "JobType": "CollectionJob"}), 400)
    expected = {
        "/JobDetails/AssetsResolutionInfo/0/Id": str(inventory.standard),
        "/JobDetails/AssetsResolutionInfo/2/Id": unknown[0],
        "/JobDetails/AssetsResolutionInfo/3/Id": unknown[1],
        "/JobDetails/Standards/1": unknown[2],
    }
    assert pointers(problem) == list(expected)
    for error in problem["errors"]:
        assert expected[error["pointer"]] in error["detail"]
    assert jobs_named(directory, details["JobName"]) == 0


def test_a_large_body_is_refused(client):
    assert_problem(client.post(f"{API}/jobs", data=b" " * 1_048_577), 413)


def test_the_limits_are_settings(new_database, start_server, directory_of, sign_in):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database, {"jobs.maximumAssets": 1, "jobs.maximumStandards": 2})
    client, inventory = sign_in(directory.user(), at=server), Inventory(directory)
    assert client.post(f"{API}/jobs", json=inventory.body()).status_code == 201
    details = inventory.details(Standards=[str(new_standard(directory)) for _ in range(3)])
    details["AssetsResolutionInfo"] *= 2
    problem = assert_problem(client.post(f"{API}/jobs", json={"JobDetails": details, "JobType": "CollectionJob"}), 400)
    assert pointers(problem) == ["/JobDetails/AssetsResolutionInfo", "/JobDetails/Standards"]


# MARK: 401, 403


def test_without_a_token_it_is_401(anonymous, inventory):
    body = inventory.body()
    assert_problem(anonymous.post(f"{API}/jobs", json=body), 401)
    assert_problem(anonymous.post(f"{API}/jobs", data=b"x"), 401)


def test_the_six_tasks_and_the_two_folders_are_enough(directory, sign_in, inventory, create):
    client = sign_in(directory.user(tasks=AUTHOR_TASKS))
    assert create(inventory.body(), by=client).status_code == 201


@pytest.mark.parametrize("missing", AUTHOR_TASKS)
def test_without_one_of_the_six_tasks_it_is_forbidden(directory, sign_in, inventory, create, missing):
    client = sign_in(directory.user(tasks=[task for task in ALL_TASKS if task != missing]))
    body = inventory.body()
    problem = assert_problem(create(body, by=client), 403)
    assert problem["detail"] == f'Create Job needs the task "{missing}".'
    assert jobs_named(directory, body["JobDetails"]["JobName"]) == 0


@pytest.mark.parametrize("missing", ROOTS)
def test_without_a_folder_in_one_of_the_two_trees_it_is_forbidden(directory, sign_in, inventory, create, missing):
    client = sign_in(directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing]))
    problem = assert_problem(create(inventory.body(), by=client), 403)
    assert problem["detail"] == f'Create Job needs access to the folder "{missing}".'


def test_sub_folders_are_enough_for_what_lies_in_and_below_them(directory, sign_in, create):
    folders = [directory.folder(ASSET_SYSTEM), directory.folder(STANDARDS)]
    client = sign_in(directory.user(tasks=AUTHOR_TASKS, folders=folders))
    assert create(Inventory(directory, *folders).body(), by=client).status_code == 201
    below = Inventory(directory, *map(directory.folder, folders))
    assert create(below.body(), by=client).status_code == 201


def test_what_lies_in_other_folders_is_forbidden_and_named(directory, sign_in, create):
    folders = [directory.folder(ASSET_SYSTEM), directory.folder(STANDARDS)]
    client = sign_in(directory.user(folders=folders))
    own, beside, above = (
        Inventory(directory, *folders),
        Inventory(directory, directory.folder(ASSET_SYSTEM)),
        Inventory(directory),
    )
    details = own.details(Standards=[str(own.standard), str(above.standard)])
    details["AssetsResolutionInfo"].append({"Id": str(beside.asset), "Type": "x"})
    problem = assert_problem(create({"JobDetails": details, "JobType": "CollectionJob"}, by=client), 403)
    assert problem["detail"] == (
        f"You have no access to the folder of the asset {beside.asset}, the standard {above.standard}."
    )
    assert jobs_named(directory, details["JobName"]) == 0
    # Items that do not exist are reported first.
    details["Standards"].append(str(uuid.uuid4()))
    problem = assert_problem(create({"JobDetails": details, "JobType": "CollectionJob"}, by=client), 400)
    assert pointers(problem) == ["/JobDetails/Standards/2"]


def test_very_many_forbidden_items_are_counted(directory, sign_in, create):
    folders = [directory.folder(ASSET_SYSTEM), directory.folder(STANDARDS)]
    client = sign_in(directory.user(folders=folders))
    details = Inventory(directory, *folders).details(Standards=[str(new_standard(directory)) for _ in range(25)])
    problem = assert_problem(create({"JobDetails": details, "JobType": "CollectionJob"}, by=client), 403)
    assert problem["detail"].count("the standard ") == 20
    assert problem["detail"].endswith(" and 5 more.")


# MARK: 409


def test_a_name_that_is_taken_is_a_conflict_in_any_case(directory, inventory, create):
    body = inventory.body(JobName=unique("Prüfung der ÄUSSEREN Systeme"))
    assert create(body).status_code == 201
    for name in (body["JobDetails"]["JobName"], body["JobDetails"]["JobName"].upper()):
        problem = assert_problem(create(inventory.body(JobName=name)), 409)
        assert name in problem["detail"]
    assert jobs_named(directory, body["JobDetails"]["JobName"]) == 1


def test_the_name_of_a_system_job_is_taken_too(directory, inventory, create):
    job = directory.job(None, job_type="ReportDataPurge")
    assert_problem(create(inventory.body(JobName=job.name)), 409)


def test_of_many_that_create_the_same_name_at_once_one_succeeds(server, directory, sign_in, inventory):
    clients = [sign_in(directory.user()) for _ in range(8)]
    for _ in range(5):
        body = inventory.body(Schedule={"RunNow": True})
        barrier = threading.Barrier(len(clients))

        def run(client):
            barrier.wait()
            return client.post(f"{API}/jobs", json=body).status_code

        with ThreadPoolExecutor(len(clients)) as pool:
            statuses = sorted(pool.map(run, clients))
        assert statuses == [201] + [409] * 7
        assert jobs_named(directory, body["JobDetails"]["JobName"]) == 1


def test_a_creation_that_waits_for_another_one_of_the_name_is_a_conflict_in_the_end(
    database, directory, client, inventory
):
    body = inventory.body()
    creator = directory.user()
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO directory.jobs (job_name, job_type, created_by) VALUES (%s, 'CollectionJob', %s)",
                (body["JobDetails"]["JobName"], creator.id),
            )
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(client.post, f"{API}/jobs", json=body)
                database.wait_for_blocked_statement()
                connection.commit()
                assert_problem(waiting.result(), 409)
    finally:
        connection.close()


def test_searching_alone_gives_no_right_to_create(directory, sign_in, inventory, create):
    assert_problem(create(inventory.body(), by=sign_in(directory.user(tasks=SEARCH_TASKS))), 403)
