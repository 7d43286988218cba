"""Create Job: every documented answer, and what each leaves in the database."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import API, assert_problem
from harness.definitions import AUTHOR_TASKS, UNIX, Inventory, new_asset, new_standard, pointers
from harness.directory import ALL_TASKS, ASSET_SYSTEM, ROOTS, SEARCH_TASKS, STANDARDS, unique
from harness.waiting import eventually

FOREVER = {"RunPeriodically": True, "StartDate": "2020-01-01T00:00:00Z", "RunEveryNDays": True, "RepeatDays": 1}


@pytest.fixture
def inventory(directory):
    return Inventory(directory)


@pytest.fixture
def create(client):
    return lambda body, by=client, **options: by.post(f"{API}/jobs", json=body, **options)


def jobs_named(directory, name):
    return directory.database.value("SELECT count(*) FROM directory.jobs WHERE lower(job_name) = lower(%s)", name)


def job_row(directory, job, columns):
    return directory.database.row(f"SELECT {columns} FROM directory.jobs WHERE job_id = %s", job)


# MARK: What is created


@pytest.mark.parametrize("job_type", ["CollectionEvaluationJob", "CollectionJob", "EvaluationJob"])
def test_a_job_of_each_type_is_created_and_can_be_read(client, user, directory, inventory, create, job_type):
    body = inventory.body(job_type, JobDescription="every night")
    response = create(body)
    assert response.status_code == 201, response.text
    job = response.json()["JobID"]
    assert response.json() == {"JobID": job}
    assert response.headers["Location"] == f"{API}/Jobs/{job}"
    assert response.headers["ETag"] == '"1"'
    found = client.get(response.headers["Location"])
    assert found.status_code == 200
    assert found.headers["ETag"] == '"1"'
    properties = found.json()["JobProperties"]
    assert properties["JobID"] == job
    assert properties["JobName"] == body["JobDetails"]["JobName"]
    assert properties["JobDescription"] == "every night"
    assert properties["JobType"] == job_type
    assert properties["JobCategory"] == "UserDefined"
    assert properties["CreatedBy"] == user.name
    assert properties["JobCreationTime"] == properties["JobModifiedTime"]
    assert properties["LastRunStatus"] is None
    assert properties["NextRunDate"] is None
    assert found.json()["JobConfiguration"] == body["JobDetails"]


def test_every_field_is_answered_back(client, directory, inventory, create):
    asset, standard = new_asset(directory), new_standard(directory)
    details = inventory.details(
        AssetsResolutionInfo=[{"Id": str(inventory.asset), "Type": UNIX}, {"Id": str(asset), "Type": "other"}],
        Standards=[str(standard), str(inventory.standard)],
        JobDescription='Prüfung "täglich" \\ 😀 \n\t',
        IsIncremental=True,
        IncrementalPeriod=7,
        CollectionOnlyTimeOutHours=4,
        CollectionOnlyTimeOutMins=30,
        ShouldSendSuccessNotification=True,
        ShouldSendFailureNotification=False,
        SuccessNotification={"FromEmailAddress": "f@x", "ToEmailAddress": "t@x", "Subject": "s", "Body": "a\r\nb"},
        FailureNotification={"Subject": "failed"},
        Schedule={
            "RunNow": False,
            "RunOnce": False,
            "RunPeriodically": True,
            "StartDate": "2019-01-05T04:10:27.5120788-08:00",
            "RunEveryNDays": False,
            "RepeatDays": 0,
            "RepeatMinutes": 0,
            "RecurrenceType": 1,
            "WeeklyDay": 5,
            "WeeklyRecurEvery": 2,
            "MonthlyDay": 0,
            "MonthlyIsByOrdinalDay": False,
            "MonthlyOrdinalDay": 0,
            "MonthlyDayOfTheWeek": 0,
            "MonthlyRecurEvery": 0,
            "EndJobRunConfigured": True,
            "EndJobRunTimeInterval": "02:30:00",
            "SubScheduleRepeatDays": 1,
            "SubScheduleRepeatPeriodDays": 3,
        },
        Retention={"KeepRuns": 30, "KeepDays": 365},
    )
    job = create({"JobDetails": details, "JobType": "CollectionJob"}).json()["JobID"]
    assert client.job(job).json()["JobConfiguration"] == details
    stored = job_row(directory, job, "keep_runs, keep_days, run_time_limit, next_run_at, version")
    assert stored[:3] == (30, 365, timedelta(hours=2, minutes=30))
    assert datetime.now(timezone.utc) < stored[3] < datetime.now(timezone.utc) + timedelta(days=15)
    assert stored[4] == 1


def test_what_clients_write_in_other_forms_is_answered_in_one(client, inventory, create):
    name = unique("Audit")
    body = {
        "jobtype": "COLLECTIONJOB",
        "JOBDETAILS": {
            "jobname": name,
            "assetsresolutioninfo": [{"ID": inventory.asset.hex.upper(), "TYPE": UNIX}],
            "standards": [f"{{{inventory.standard}}}"],
            "isIncremental": "True",
            "incrementalPeriod": "7",
            "shouldSendSuccessNotification": "false",
            "jobDescription": None,
            "schedule": {"runnow": "false", "endJobRunConfigured": "TRUE", "EndJobRunTimeInterval": "1:00:00"},
            "retention": {"keepruns": "3"},
        },
    }
    response = create(body)
    assert response.status_code == 201, response.text
    answer = client.job(response.json()["JobID"]).json()
    assert answer["JobProperties"]["JobType"] == "CollectionJob"
    assert answer["JobConfiguration"] == {
        "JobName": name,
        "AssetsResolutionInfo": [{"Id": str(inventory.asset), "Type": UNIX}],
        "Standards": [str(inventory.standard)],
        "IsIncremental": True,
        "IncrementalPeriod": 7,
        "ShouldSendSuccessNotification": False,
        "Schedule": {"RunNow": False, "EndJobRunConfigured": True, "EndJobRunTimeInterval": "01:00:00"},
        "Retention": {"KeepRuns": 3},
    }


def test_what_stands_twice_counts_once(client, inventory, create):
    details = inventory.details()
    details["AssetsResolutionInfo"] *= 2
    details["Standards"] = [str(inventory.standard), inventory.standard.hex.upper()]
    job = create({"JobDetails": details, "JobType": "CollectionJob"}).json()["JobID"]
    configuration = client.job(job).json()["JobConfiguration"]
    assert configuration["AssetsResolutionInfo"] == [{"Id": str(inventory.asset), "Type": UNIX}]
    assert configuration["Standards"] == [str(inventory.standard)]


@pytest.mark.parametrize("path", ["/ccs/api/v1/Jobs", "/ccs/api/v1/jobs/", "/CCS/API/V1/JOBS"])
def test_the_path_is_not_case_sensitive_and_may_end_in_a_slash(client, inventory, path):
    assert client.post(path, json=inventory.body()).status_code == 201


def test_a_body_in_UTF_8_with_a_byte_order_mark_is_read(client, inventory):
    import json

    data = b"\xef\xbb\xbf" + json.dumps(inventory.body(JobName=unique("Prüfung")), ensure_ascii=False).encode()
    assert client.post(f"{API}/jobs", data=data).status_code == 201


def test_the_schedule_plans_the_next_run(client, directory, inventory, create):
    start = (datetime.now(timezone.utc) + timedelta(days=3)).replace(microsecond=0)
    once = {"RunOnce": True, "StartDate": start.isoformat()}
    job = create(inventory.body(Schedule=once)).json()["JobID"]
    assert job_row(directory, job, "next_run_at")[0] == start
    assert client.job(job).json()["JobProperties"]["NextRunDate"] == start.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    never = create(inventory.body(Schedule={})).json()["JobID"]
    assert job_row(directory, never, "next_run_at, run_time_limit, keep_runs, keep_days") == (None,) * 4


# The vendor's own script sends every field, with zeros where there is nothing to say.
VENDOR_SCHEDULE = {
    "EndJobRunConfigured": False,
    "EndJobRunTimeInterval": "00:00:00",
    "SubScheduleRepeatDays": 0,
    "SubScheduleRepeatPeriodDays": 0,
    "MonthlyDay": 0,
    "MonthlyDayOfTheWeek": 0,
    "MonthlyIsByOrdinalDay": False,
    "MonthlyOrdinalDay": 0,
    "MonthlyRecurEvery": 0,
    "RecurrenceType": 0,
    "RepeatDays": 50,
    "RepeatMinutes": 0,
    "RunEveryNDays": True,
    "RunNow": False,
    "RunOnce": False,
    "RunPeriodically": False,
    "StartDate": "2019-01-05T04:10:27.5120788-08:00",
    "WeeklyDay": 0,
    "WeeklyRecurEvery": 0,
}


@pytest.mark.parametrize(
    ("switches", "runs", "is_planned"),
    [
        ({"RunNow": True}, 1, False),
        ({"RunPeriodically": True}, 0, True),
        ({"RunNow": True, "RunOnce": True}, 1, False),
        ({}, 0, False),
    ],
)
def test_the_schedules_of_the_vendors_script_are_understood(
    client, directory, inventory, create, switches, runs, is_planned
):
    schedule = VENDOR_SCHEDULE | switches
    response = create(inventory.body("CollectionJob", Schedule=schedule))
    assert response.status_code == 201, response.text
    job = response.json()["JobID"]
    assert client.job(job).json()["JobConfiguration"]["Schedule"] == schedule
    count, next_run, limit = job_row(directory, job, "run_count, next_run_at, run_time_limit")
    assert (count, next_run is not None, limit) == (runs, is_planned, None)


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+05:00"])
def test_a_StartDate_that_nothing_calls_for_may_be_none(directory, inventory, create, start):
    response = create(inventory.body(Schedule=VENDOR_SCHEDULE | {"RunNow": True, "StartDate": start}))
    assert response.status_code == 201, response.text
    assert job_row(directory, response.json()["JobID"], "next_run_at") == (None,)


def test_a_single_run_whose_time_has_just_come_starts_once_at_once(client, inventory, create):
    start = datetime.now(timezone.utc).replace(microsecond=0).isoformat()
    job = create(inventory.body(Schedule={"RunOnce": True, "StartDate": start})).json()["JobID"]
    runs = eventually(lambda: client.runs(job, count=0).json()["JobRuns"], what="the run is there")
    assert [(run["Status"], run["TriggeredBy"]) for run in runs] == [("Queued", "Schedule")]
    assert client.job(job).json()["JobProperties"]["NextRunDate"] is None


def test_RunNow_starts_a_run_at_once(client, user, directory, inventory, create):
    schedule = {"RunNow": True, "EndJobRunConfigured": True, "EndJobRunTimeInterval": "00:10:00"}
    response = create(inventory.body(Schedule=schedule))
    assert response.status_code == 201, response.text
    job, run = response.json()["JobID"], response.json()["JobRunID"]
    runs = client.runs(job, count=0).json()["JobRuns"]
    assert [(each["JobRunID"], each["Status"], each["TriggeredBy"]) for each in runs] == [(run, "Queued", user.name)]
    assert job_row(directory, job, "run_count, last_run_status, last_run_id") == (1, "Queued", uuid.UUID(run))
    limit = directory.database.value("SELECT time_limit FROM store.job_runs WHERE run_id = %s", run)
    assert limit == timedelta(minutes=10)
    assert response.headers["ETag"] == client.job(job).headers["ETag"] == '"1"'


def test_a_creation_is_audited_with_the_request_that_did_it(user, directory, inventory, create):
    response = create(inventory.body("EvaluationJob", Schedule={"RunNow": True}))
    events = directory.database.rows(
        "SELECT user_id, user_name, operation, request_id, details FROM audit.events WHERE job_id = %s "
        "ORDER BY event_id",
        response.json()["JobID"],
    )
    request = uuid.UUID(response.headers["X-Request-ID"])
    assert events == [
        (user.id, user.name, "Create Job", request, {"JobType": "EvaluationJob", "Assets": 1, "Standards": 1}),
        (user.id, user.name, "Run Job", request, {"JobRunID": response.json()["JobRunID"]}),
    ]


def test_a_created_job_is_its_creators_to_delete(client, create, inventory, directory, sign_in):
    job = create(inventory.body(Schedule={"RunNow": True})).json()["JobID"]
    assert_problem(sign_in(directory.user()).delete(job), 403)
    assert client.delete(job).status_code == 204


def test_a_job_may_name_very_many_assets(client, directory, inventory, create):
    assets = directory.database.rows(
        "INSERT INTO directory.assets (asset_id, asset_name, asset_type, folder_id) "
        "SELECT gen_random_uuid(), 'many ' || n, 'x', %s FROM generate_series(1, 10000) n RETURNING asset_id",
        ASSET_SYSTEM,
    )
    named = [{"Id": str(asset), "Type": "x"} for (asset,) in assets]
    response = create(inventory.body(AssetsResolutionInfo=named))
    assert response.status_code == 201, response.text
    assert client.job(response.json()["JobID"]).json()["JobConfiguration"]["AssetsResolutionInfo"] == named
    one_more = [*named, {"Id": str(inventory.asset), "Type": UNIX}]
    problem = assert_problem(create(inventory.body(AssetsResolutionInfo=one_more)), 400)
    assert pointers(problem) == ["/JobDetails/AssetsResolutionInfo"]
    unknown = [{"Id": str(uuid.uuid4()), "Type": "x"} for _ in range(10000)]
    assert len(pointers(assert_problem(create(inventory.body(AssetsResolutionInfo=unknown)), 400))) == 10000


# MARK: 400

BAD_FIELDS = [
    ("AssetsResolutionInfo", None, ""),
    ("AssetsResolutionInfo", [], ""),
    ("AssetsResolutionInfo", "x", ""),
    ("AssetsResolutionInfo", [None], "/0"),
    ("AssetsResolutionInfo", [{"Type": "x"}], "/0/Id"),
    ("AssetsResolutionInfo", [{"Id": "x", "Type": "x"}], "/0/Id"),
    ("AssetsResolutionInfo", [{"Id": str(uuid.uuid4())}], "/0/Type"),
    ("AssetsResolutionInfo", [{"Id": str(uuid.uuid4()), "Type": 1}], "/0/Type"),
    ("AssetsResolutionInfo", [{"Id": str(uuid.uuid4()), "Type": "x", "Name": "y"}], "/0/Name"),
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
    problem = assert_problem(
        client.post(f"{API}/jobs", json={"JobDetails": details, "JobType": "CollectionJob"}), 400
    )
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
    own, beside, above = Inventory(directory, *folders), Inventory(directory, directory.folder(ASSET_SYSTEM)), Inventory(directory)
    details = own.details(Standards=[str(own.standard), str(above.standard)])
    details["AssetsResolutionInfo"].append({"Id": str(beside.asset), "Type": "x"})
    problem = assert_problem(create({"JobDetails": details, "JobType": "CollectionJob"}, by=client), 403)
    assert problem["detail"] == (
        f"You have no access to the folder of the asset {beside.asset}, the standard {above.standard}."
    )
    assert jobs_named(directory, details["JobName"]) == 0
    # What does not exist at all comes first.
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


def test_a_creation_that_waits_for_another_one_of_the_name_is_a_conflict_in_the_end(database, directory, client, inventory):
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
