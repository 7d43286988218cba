"""Leases: expired and renewed, and the batches of previous collectors."""

import json
import signal
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import API, assert_problem
from harness.collecting import ACTIONS, Collector, claim, expire, messages, moment, queue, report, run_row
from harness.waiting import eventually


def test_a_lost_run_is_claimed_again_and_the_former_lease_is_worth_nothing(collector, server, directory):
    run = queue(directory)
    (first,) = claim(collector)
    assert claim(collector) == []
    expire(directory, run)
    other = Collector(server, directory)
    (second,) = claim(other)
    assert second["JobRunID"] == first["JobRunID"]
    assert second["Attempt"] == 2
    assert second["Lease"] != first["Lease"]
    assert second["StartTime"] == first["StartTime"]
    before = run_row(directory, run, "status", "lease_id", "lease_expires_at", "collector", "message_count")
    for action in ACTIONS:
        problem = assert_problem(report(collector, first, action), 409)
        assert "another collector has claimed the run" in problem["detail"]
    assert run_row(directory, run, "status", "lease_id", "lease_expires_at", "collector", "message_count") == before
    assert before[0] == "Running" and before[3] == other.user.name
    assert report(other, second, "complete").status_code == 200


def test_a_run_that_was_lost_says_so_in_its_messages(collector, server, directory, sign_in):
    job = directory.job(directory.user())
    run = queue(directory, job)
    claim(collector)
    expire(directory, run)
    other = Collector(server, directory)
    claim(other)
    ((number, severity, text),) = messages(directory, run)
    assert (number, severity) == (0, "Warning")
    assert text.startswith(f"The collector {collector.user.name} was lost: its lease ended at 20")
    assert text.endswith(f"Z. {other.user.name} has claimed the run: attempt 2 of 3.")
    shown = sign_in(directory.user()).runs(job, showmessages="true").json()["JobRuns"][0]
    assert shown["MessageCount"] == 1
    assert shown["Messages"][0]["Message"] == text


REPORTS = {
    "messages": {"Severity": "Information", "Message": "Data was collected."},
    "collecteddata": {"AssetID": str(uuid.uuid4()), "Data": {"File": "/etc/passwd"}},
    "results": {"AssetID": str(uuid.uuid4()), "StandardID": str(uuid.uuid4()), "CheckID": "5.1", "Outcome": "Pass"},
}
TABLES = {"messages": "job_run_messages", "collecteddata": "collected_data", "results": "evaluation_results"}


def send(client, run, kind, batch, rows=1):
    """Sends a batch of `rows` rows."""
    path = f"{API}/jobruns/{run['JobRunID']}/{kind}?lease={run['Lease']}&batch={batch}"
    return client.request("POST", path, data=(json.dumps(REPORTS[kind]) + "\n").encode() * rows)


@pytest.mark.parametrize("requeued", [False, True])
def test_a_claim_tells_which_batches_former_collectors_have_stored(collector, server, directory, requeued):
    run = queue(directory)
    (first,) = claim(collector)
    assert first["LastBatch"] == {"Messages": 0, "CollectedData": 0, "Results": 0}
    for kind, batches in (("messages", 2), ("results", 3)):
        for batch in range(1, batches + 1):
            assert send(collector, first, kind, batch).status_code == 200
    expire(directory, run)
    if requeued:
        assert directory.database.row("SELECT outcome FROM store.release_lost_runs(3, 100)") == ("requeued",)
    (second,) = claim(Collector(server, directory))
    assert second["LastBatch"] == {"Messages": 2, "CollectedData": 0, "Results": 3}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_batch_that_a_former_collector_has_stored_is_refused_to_its_successor(collector, server, directory, kind):
    run = queue(directory)
    (first,) = claim(collector)
    assert send(collector, first, kind, 1, rows=3).status_code == 200
    expire(directory, run)
    other = Collector(server, directory)
    (second,) = claim(other)

    def refused(batch, expected):
        detail = (
            f"The batch {batch} was stored by a collector that had the run before: the batch {expected} is expected."
        )
        assert_problem(send(other, second, kind, batch, rows=5), 409, detail)

    def stored():
        counted = directory.database.value(f"SELECT count(*) FROM store.{TABLES[kind]} WHERE run_id = %s", run)
        # A lost run has a message about it.
        return counted - (kind == "messages")

    refused(1, expected=2)
    assert stored() == 3
    # Its own batches may be sent again, those of previous collectors may not.
    assert send(other, second, kind, 2).json()["RowsStored"] == 1
    assert send(other, second, kind, 2).json()["RowsSkipped"] == 1
    refused(1, expected=3)
    assert stored() == 4


def test_a_lease_that_ran_out_still_counts_until_somebody_else_has_claimed_the_run(collector, directory):
    run = queue(directory)
    (claimed,) = claim(collector)
    expire(directory, run)
    assert report(collector, claimed, "heartbeat").status_code == 200
    assert claim(collector) == []
    expire(directory, run)
    assert report(collector, claimed, "complete").status_code == 200


def test_a_run_is_handed_out_only_so_often(collector, directory):
    run = queue(directory)
    for attempt in (1, 2, 3):
        (found,) = claim(collector)
        assert (found["JobRunID"], found["Attempt"]) == (str(run), attempt)
        expire(directory, run)
    assert claim(collector) == []
    assert [number for number, _, _ in messages(directory, run)] == [0, 1]
    # Its last collector may still renew the lease.
    assert report(collector, found, "complete").status_code == 200


def test_how_often_is_a_setting(new_database, directory_of, start_server):
    # The scheduler, which ends runs claimed too often, runs once, at the start, and finds one to end. The other
    # server has another limit, and its scheduler is kept away.
    database = new_database()
    directory = directory_of(database)
    former = queue(directory)
    directory.database.rows(
        "UPDATE store.job_runs SET status = 'Running', attempts = 1, collector = 'X', lease_id = gen_random_uuid(),"
        " lease_expires_at = now() - interval '1 second' WHERE run_id = %s",
        former,
    )
    server = start_server(database, {"collectors.maximumAttempts": 1, "schedule.pollSeconds": 3600})
    eventually(lambda: run_row(directory, former, "status") == ("Failed",), what="the scheduler has come")
    collector = Collector(server, directory)
    run = queue(directory)
    assert len(claim(collector)) == 1
    expire(directory, run)
    assert claim(collector) == []
    server.write_configuration(**{"collectors.maximumAttempts": 2})
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    # On a new connection: an old one gets one more response with the old settings. A run that the scheduler is
    # about to queue again is skipped, and available to the next call.
    another = collector.another()
    (claimed,) = eventually(lambda: claim(another), what="the run is handed out once more")
    assert (claimed["JobRunID"], claimed["Attempt"]) == (str(run), 2)


def test_a_heartbeat_makes_the_lease_hold_from_now_on(collector, directory):
    run = queue(directory)
    (claimed,) = claim(collector, LeaseSeconds=10)
    # Responses have whole milliseconds.
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    response = report(collector, claimed, "heartbeat", LeaseSeconds=3600)
    after = datetime.now(timezone.utc)
    assert response.status_code == 200
    answer = response.json()
    assert answer == {"JobRunID": str(run), "Status": "Running", "LeaseExpires": answer["LeaseExpires"]}
    assert before <= moment(answer["LeaseExpires"]) - timedelta(hours=1) <= after
    (stored,) = run_row(directory, run, "lease_expires_at")
    assert abs(stored - moment(answer["LeaseExpires"])) < timedelta(milliseconds=2)
    # The default is a minute; it may be shorter than the lease before.
    answer = report(collector, claimed, "heartbeat").json()
    assert after <= moment(answer["LeaseExpires"]) - timedelta(minutes=1) + timedelta(milliseconds=1)
    assert moment(answer["LeaseExpires"]) - timedelta(minutes=1) <= datetime.now(timezone.utc)
