"""Schedules start each run exactly once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import Client
from harness.schedules import HOURLY, ONCE, QUICK
from harness.waiting import eventually


def test_a_job_that_is_due_is_started_and_its_next_run_planned(schedules, start_server):
    job = schedules.job()
    server = start_server(schedules.database, QUICK)
    schedules.wait_until_started(job)
    ((run, status, triggered_by),) = schedules.runs(job)
    assert (status, triggered_by) == ("Queued", "Schedule")
    assert 0 < schedules.next_run(job) <= 3600
    row = schedules.database.row(
        "SELECT run_count, last_run_id, last_run_status, last_run_at IS NOT NULL, version FROM directory.jobs "
        "WHERE job_id = %s",
        job.id,
    )
    assert row == (1, run, "Queued", True, 1)
    event = schedules.database.row(
        "SELECT operation, user_id, user_name, job_name, details->>'JobRunID' FROM audit.events WHERE job_id = %s",
        job.id,
    )
    assert event == ("Run Job", None, "Schedule", job.name, str(run))
    client = Client(server)
    client.sign_in(schedules.user)
    properties = client.job(job).json()["JobProperties"]
    assert properties["LastRunStatus"] == "Queued"
    assert properties["NextRunDate"] is not None
    assert client.runs(job).json()["JobRuns"][0]["TriggeredBy"] == "Schedule"
    assert server.metrics()["ccs_jobstore_runs_scheduled_total"] == 1


def test_a_job_is_not_started_before_its_time_and_then_at_once(schedules, start_server):
    # With a long poll interval: the server wakes up for the due time.
    server = start_server(schedules.database, {"schedule.pollSeconds": 3600})
    time.sleep(0.3)
    server.stop()
    job = schedules.job(due="3 seconds")
    due = schedules.database.value("SELECT next_run_at FROM directory.jobs WHERE job_id = %s", job.id)
    server.start()
    eventually(lambda: schedules.runs(job), what="the run is there, long before the next poll")
    assert len(schedules.runs(job)) == 1
    started = schedules.database.value("SELECT queued_at FROM store.job_runs WHERE history_id = %s", job.history)
    assert started >= due


def test_a_job_that_becomes_due_while_a_server_runs_is_found_within_the_poll(schedules, start_server):
    start_server(schedules.database, QUICK)
    for _ in range(3):
        job = schedules.job(due="0.2 seconds")
        eventually(lambda job=job: schedules.runs(job), what="the run is there")


def test_three_servers_start_each_of_many_jobs_exactly_once(schedules, start_server):
    for _ in range(3):
        start_server(schedules.database, QUICK)
    jobs = schedules.jobs(250, due="1 second")
    time.sleep(1)
    schedules.wait_until_started(*jobs)
    assert [len(schedules.runs(job)) for job in jobs] == [1] * len(jobs)
    counts = schedules.database.row(
        "SELECT min(run_count), max(run_count), count(*) FILTER (WHERE next_run_at > now()) FROM directory.jobs"
    )
    assert counts == (1, 1, len(jobs))
    assert schedules.database.value("SELECT count(*) FROM audit.events WHERE operation = 'Run Job'") == len(jobs)


def test_servers_that_are_killed_in_between_start_each_job_exactly_once(schedules, start_server):
    jobs = schedules.jobs(400, due="0 seconds")
    for _ in range(6):
        server = start_server(schedules.database, QUICK, launch_only=True)
        # Kills from before the first transaction to after the last one.
        eventually(lambda: "listening" in server.log_text(), what="it runs")
        time.sleep(0.06)
        server.kill()
    servers = [start_server(schedules.database, QUICK) for _ in range(2)]
    schedules.wait_until_started(*jobs)
    assert [len(schedules.runs(job)) for job in jobs] == [1] * len(jobs)
    assert schedules.database.value("SELECT sum(run_count) FROM directory.jobs") == len(jobs)
    assert [server.events("schedulerFailed") for server in servers] == [[], []]


def test_what_was_missed_in_an_outage_is_started_once(schedules, start_server):
    schedule = {"RunPeriodically": True, "StartDate": "2026-01-01T00:00:00Z", "RepeatMinutes": 1}
    job = schedules.job(schedule, due="-10 minutes")
    daily = schedules.job({**schedule, "RunEveryNDays": True, "RepeatDays": 1}, due="-3 days")
    server = start_server(schedules.database, QUICK)
    schedules.wait_until_started(job, daily)
    time.sleep(0.5)
    assert len(schedules.runs(job)) == 1
    assert len(schedules.runs(daily)) == 1
    assert 0 < schedules.next_run(job) <= 60
    assert 0 < schedules.next_run(daily) <= 86400
    missed = {line["jobID"]: line for line in server.events("occurrencesMissed")}
    # The due time is not an occurrence of the schedule; ten or eleven whole minutes follow it.
    assert 9 <= missed[str(job.id)]["count"] <= 11
    assert missed[str(daily.id)]["count"] in (2, 3)
    assert "no server" in missed[str(job.id)]["reason"]


@pytest.mark.parametrize("status", ["Queued", "Running"])
def test_an_occurrence_while_a_run_is_not_over_is_left_out_and_noted(schedules, start_server, status):
    job = schedules.job(due=None)
    schedules.directory.run(job, status=status, messages=0)
    schedules.set_due(job, "-1 second")
    server = start_server(schedules.database, QUICK)
    schedules.wait_until_started(job)
    assert len(schedules.runs(job)) == 1
    assert 0 < schedules.next_run(job) <= 3600
    line = server.wait_for_event("occurrencesMissed", lambda line: line["jobID"] == str(job.id))
    assert (line["count"], line["reason"]) == (1, "the run before is not over")
    assert server.metrics()["ccs_jobstore_occurrences_missed_total"] == 1
    assert server.metrics()["ccs_jobstore_runs_scheduled_total"] == 0


def test_a_job_that_is_over_is_started_again_at_its_next_occurrence(schedules, start_server):
    job = schedules.job(due=None)
    schedules.directory.run(job, status="Completed")
    schedules.set_due(job, "-1 second")
    start_server(schedules.database, QUICK)
    schedules.wait_until_started(job)
    assert [status for _, status, _ in schedules.runs(job)] == ["Completed", "Queued"]


def test_a_job_that_runs_once_is_started_and_never_due_again(schedules, start_server):
    job = schedules.job(ONCE)
    server = start_server(schedules.database, QUICK)
    schedules.wait_until_started(job)
    assert len(schedules.runs(job)) == 1
    assert schedules.next_run(job) is None
    assert server.events("occurrencesMissed") == []


@pytest.mark.parametrize("status", ["Queued", "Running"])
def test_a_job_that_runs_once_waits_for_the_run_that_is_not_over(schedules, start_server, status):
    job = schedules.job(ONCE, due=None)
    run = schedules.directory.run(job, status=status, messages=0)
    schedules.set_due(job, "-1 second")
    server = start_server(schedules.database, QUICK)
    line = server.wait_for_event("occurrencePostponed")
    assert (line["jobID"], line["reason"]) == (str(job.id), "the run before is not over")
    # Not within a minute, so that it is not polled continuously.
    assert 50 < schedules.next_run(job) <= 60
    assert len(schedules.runs(job)) == 1
    assert len(server.events("occurrencePostponed")) == 1
    assert server.metrics()["ccs_jobstore_occurrences_missed_total"] == 0
    schedules.database.rows("SELECT store.end_run(%s, NULL, 'Aborted', NULL, NULL, NULL, 'x', NULL)", run)
    schedules.set_due(job, "-1 second")
    schedules.wait_until_started(job)
    assert [status for _, status, _ in schedules.runs(job)] == ["Aborted", "Queued"]
    assert schedules.next_run(job) is None


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        (None, "the job has no schedule"),
        ({}, "the job has no schedule"),
        ({"Schedule": {"RunPeriodically": True, "RepeatMinutes": 0, "StartDate": "2026-01-01"}}, "/RepeatMinutes"),
        ({"Schedule": "daily"}, "must be an object"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_cleared_once_and_on_record(
    schedules, start_server, configuration, reason
):
    other = schedules.job()
    job = schedules.directory.job(schedules.user, configuration=configuration)
    schedules.set_due(job, "-1 minute")
    server = start_server(schedules.database, QUICK)
    schedules.wait_until_started(job, other)
    assert schedules.next_run(job) is None
    assert schedules.runs(job) == []
    assert len(schedules.runs(other)) == 1
    line = server.wait_for_event("scheduleCleared")
    assert line["jobID"] == str(job.id)
    assert reason in line["detail"]
    operation, user, details = schedules.database.row(
        "SELECT operation, user_name, details->>'Reason' FROM audit.events WHERE job_id = %s", job.id
    )
    assert (operation, user) == ("Clear Schedule", "Schedule")
    assert reason in details


def test_system_jobs_are_none_of_the_schedulers_business(schedules, start_server):
    system = schedules.directory.job(configuration={"Schedule": HOURLY})
    schedules.set_due(system, "-1 hour")
    other = schedules.job()
    start_server(schedules.database, QUICK)
    eventually(lambda: schedules.runs(other), what="the other job was started")
    assert schedules.runs(system) == []
    assert schedules.next_run(system) < 0


def test_a_job_that_is_locked_holds_up_no_other_and_is_started_when_it_is_free(schedules, start_server):
    locked, other = schedules.job(), schedules.job()
    blocker = schedules.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (locked.id,))
    start_server(schedules.database, QUICK)
    schedules.wait_until_started(other)
    assert schedules.runs(locked) == []
    blocker.rollback()
    blocker.close()
    schedules.wait_until_started(locked)
    assert len(schedules.runs(locked)) == 1


def test_a_job_that_was_changed_after_it_was_read_is_not_started_by_what_was_read(schedules):
    job = schedules.job()
    due = schedules.database.value("SELECT next_run_at FROM directory.jobs WHERE job_id = %s", job.id)
    call = (
        "SELECT outcome FROM directory.run_due_jobs("
        "ARRAY[%s]::uuid[], ARRAY[%s]::timestamptz[], ARRAY[%s]::bigint[], ARRAY[NULL]::timestamptz[], ARRAY[''], "
        "ARRAY[gen_random_uuid()])"
    )
    schedules.database.rows("UPDATE directory.jobs SET version = 2 WHERE job_id = %s", job.id)
    assert schedules.database.value(call, job.id, due, 1) == "passed over"
    schedules.set_due(job, "-2 seconds")
    assert schedules.database.value(call, job.id, due, 2) == "passed over"
    assert schedules.runs(job) == []
    now_due = schedules.database.value("SELECT next_run_at FROM directory.jobs WHERE job_id = %s", job.id)
    assert schedules.database.value(call, job.id, now_due, 2) == "started"
    assert schedules.database.value(call, job.id, now_due, 2) == "passed over"
    assert len(schedules.runs(job)) == 1


def test_many_callers_of_the_same_orders_start_each_job_once(schedules):
    jobs = schedules.jobs(40)
    rows = schedules.database.rows(
        "SELECT job_id, next_run_at, version FROM directory.jobs WHERE job_id = ANY (%s)", [job.id for job in jobs]
    )

    def call(_):
        with schedules.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT outcome FROM directory.run_due_jobs("
                "%s::uuid[], %s::timestamptz[], %s::bigint[], array_fill(now() + interval '1 hour', ARRAY[40]), "
                "array_fill(''::text, ARRAY[40]), "
                "ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 40)))",
                tuple(list(column) for column in zip(*rows)),
            )
            return [outcome for (outcome,) in cursor.fetchall()]

    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome for answer in pool.map(call, range(8)) for outcome in answer]
    assert outcomes.count("started") == 40
    assert set(outcomes) == {"started", "passed over"}
    assert [len(schedules.runs(job)) for job in jobs] == [1] * 40
