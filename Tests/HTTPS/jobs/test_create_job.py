"""Create Job: what is created, and what it leaves in the database."""

import uuid
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import API, assert_problem
from harness.definitions import UNIX, job_row, new_asset, new_standard, pointers
from harness.directory import ASSET_SYSTEM, unique
from harness.waiting import eventually


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


# The vendor's script sends every field, with zeros for unused ones.
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
    tag = response.headers["ETag"]
    assert tag == client.job(job).headers["ETag"] and tag.startswith('"1-')


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
    problem = assert_problem(create(inventory.body(AssetsResolutionInfo=unknown)), 400)
    assert (len(pointers(problem)), problem["moreErrors"]) == (100, 9900)
