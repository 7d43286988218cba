"""Runs that take too long are ended; runs that lost their collector are queued again."""

import pytest

from harness.client import Client
from harness.schedules import QUICK
from harness.waiting import eventually

# MARK: Time limits


@pytest.mark.parametrize("status", ["Running", "Queued"])
def test_a_run_that_takes_longer_than_its_job_allows_is_ended(schedules, start_server, status):
    job = schedules.job(due=None)
    run = schedules.running(job, ends_in="-1 second", lease_ends_in="1 hour", time_limit="26:00:05")
    # The queued one lost its collector.
    schedules.database.rows("UPDATE store.job_runs SET status = %s WHERE run_id = %s", status, run)
    other = schedules.job(due=None)
    going_on = schedules.running(other, ends_in="1 hour", lease_ends_in="1 hour", time_limit="01:00:00")
    server = start_server(schedules.database, QUICK)
    eventually(lambda: schedules.run(run)["status"] == "Aborted", what="the run was ended")
    ended = schedules.run(run)
    assert ended["ended_at"] is not None
    assert ended["lease_expires_at"] is None
    assert ended["message_count"] == 1
    ((number, severity, message),) = schedules.messages(run)
    assert (number, severity) == (0, "Warning")
    assert message == "The run was ended because it took longer than EndJobRunTimeInterval (26:00:05) allows."
    assert schedules.last_run_status(job) == "Aborted"
    event = schedules.database.row(
        "SELECT operation, user_name, details->>'JobRunID' FROM audit.events WHERE job_id = %s", job.id
    )
    assert event == ("Abort Job Run", "Schedule", str(run))
    assert server.wait_for_event("runOverdue")["runID"] == str(run)
    assert server.metrics()["ccs_jobstore_runs_overdue_total"] == 1
    assert schedules.run(going_on)["status"] == "Running"
    assert schedules.last_run_status(other) == "Running"


def test_a_run_ends_at_its_moment_with_any_number_of_servers_and_once(schedules, start_server):
    servers = [start_server(schedules.database, QUICK) for _ in range(3)]
    runs = [schedules.running(schedules.job(due=None), ends_in="1 second", lease_ends_in="1 hour") for _ in range(30)]
    for run in runs:
        eventually(lambda run=run: schedules.run(run)["status"] == "Aborted", what="the run was ended")
        assert len(schedules.messages(run)) == 1
    assert sum(server.metrics()["ccs_jobstore_runs_overdue_total"] for server in servers) == len(runs)


# MARK: Lost collectors


def test_a_run_that_lost_its_collector_is_queued_again_until_it_was_tried_often_enough(schedules, start_server):
    job = schedules.job(due=None)
    run = schedules.running(job, lease_ends_in="-1 second", attempts=1)
    server = start_server(schedules.database, QUICK | {"collectors.maximumAttempts": 2})
    eventually(lambda: schedules.run(run)["status"] == "Queued", what="the run is in the queue")
    queued = schedules.run(run)
    assert (queued["attempts"], queued["collector"], queued["lease_id"], queued["lease_expires_at"]) == (
        1,
        None,
        None,
        None,
    )
    assert schedules.last_run_status(job) == "Queued"
    assert queued["message_count"] == 1
    ((number, severity, message),) = schedules.messages(run)
    assert (number, severity) == (0, "Warning")
    assert message.startswith("The collector collector-7 was lost: its lease ended at 20")
    assert message.endswith("It was attempt 1 of 2: the run is in the queue again.")
    assert server.wait_for_event("leaseLost")["outcome"] == "requeued"

    schedules.database.rows(
        "UPDATE store.job_runs SET status = 'Running', attempts = 2, collector = 'collector-8', "
        "lease_id = gen_random_uuid(), lease_expires_at = now() WHERE run_id = %s",
        run,
    )
    eventually(lambda: schedules.run(run)["status"] == "Failed", what="the run has failed")
    assert schedules.last_run_status(job) == "Failed"
    number, severity, message = schedules.messages(run)[1]
    assert (number, severity) == (1, "Error")
    assert "collector-8" in message
    assert message.endswith("It was attempt 2 of 2.")
    assert server.wait_for_event("leaseLost", lambda line: line["outcome"] == "failed")["runID"] == str(run)
    assert server.metrics()["ccs_jobstore_leases_lost_total"] == 2


def test_only_the_last_run_changes_the_status_of_its_job(schedules, start_server):
    job = schedules.job(due=None)
    run = schedules.running(job, lease_ends_in="-1 second")
    schedules.database.rows(
        "UPDATE directory.jobs SET last_run_id = gen_random_uuid(), last_run_status = 'Completed' WHERE job_id = %s",
        job.id,
    )
    start_server(schedules.database, QUICK)
    eventually(lambda: schedules.run(run)["status"] == "Queued", what="the run is in the queue")
    assert schedules.last_run_status(job) == "Completed"


def test_a_lease_that_holds_and_a_run_without_one_are_left_alone(schedules, start_server):
    held = schedules.running(schedules.job(due=None), lease_ends_in="1 hour")
    without = schedules.running(schedules.job(due=None))
    lost = schedules.running(schedules.job(due=None), lease_ends_in="-1 second")
    start_server(schedules.database, QUICK)
    eventually(lambda: schedules.run(lost)["status"] == "Queued", what="the lost one is in the queue")
    assert schedules.run(held)["status"] == "Running"
    assert schedules.run(without)["status"] == "Running"


def test_many_lost_runs_are_released_once_by_three_servers(schedules, start_server):
    runs = [schedules.running(schedules.job(due=None), lease_ends_in="-1 second") for _ in range(120)]
    servers = [start_server(schedules.database, QUICK) for _ in range(3)]
    eventually(
        lambda: schedules.database.value("SELECT count(*) FROM store.job_runs WHERE status = 'Running'") == 0,
        what="none is running",
    )
    assert schedules.database.value("SELECT count(*) FROM store.job_run_messages") == len(runs)
    eventually(
        lambda: sum(server.metrics()["ccs_jobstore_leases_lost_total"] for server in servers) == len(runs),
        what="all are counted",
    )


def test_runs_of_a_job_that_is_locked_wait_and_hold_up_no_other(schedules, start_server):
    locked_job = schedules.job(due=None)
    locked = schedules.running(locked_job, ends_in="-2 seconds", lease_ends_in="-2 seconds")
    blocker = schedules.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR KEY SHARE", (locked_job.id,))
    blocker.cursor().execute("SELECT FROM store.job_runs WHERE run_id = %s FOR UPDATE", (locked,))
    overdue = schedules.running(schedules.job(due=None), ends_in="-1 second")
    lost = schedules.running(schedules.job(due=None), lease_ends_in="-1 second")
    start_server(schedules.database, QUICK)
    eventually(lambda: schedules.run(overdue)["status"] == "Aborted", what="the overdue one is ended")
    eventually(lambda: schedules.run(lost)["status"] == "Queued", what="the lost one is in the queue")
    assert schedules.run(locked)["status"] == "Running"
    blocker.rollback()
    blocker.close()
    eventually(lambda: schedules.run(locked)["status"] == "Aborted", what="the one that was locked is ended, too")


def test_a_job_may_be_deleted_while_its_run_is_overdue(schedules, start_server):
    server = start_server(schedules.database, QUICK)
    client = Client(server)
    client.sign_in(schedules.user)
    for _ in range(10):
        job = schedules.job(due="0 seconds")
        schedules.running(job, ends_in="0.05 seconds", lease_ends_in="0.05 seconds")
        assert client.delete(job).status_code == 204
    assert server.events("schedulerFailed") == []
    assert schedules.database.value("SELECT count(*) FROM store.job_runs") == 0
