"""Claim Job Runs: which runs a collector gets, in which order."""

import uuid
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import assert_problem
from harness.collecting import (
    CLAIM,
    CONFIGURATION,
    change,
    claim,
    expire,
    moment,
    post,
    queue,
    queue_many,
    run_row,
    waiting,
)
from harness.threads import at_once, in_background


def test_a_claimed_run_has_all_that_a_collector_needs(collector, directory):
    job = directory.job(directory.user(), configuration=CONFIGURATION)
    run = queue(directory, job)
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    (found,) = claim(collector, LeaseSeconds=100)
    assert found == {
        "JobRunID": str(run),
        "JobID": str(job.id),
        "JobName": job.name,
        "JobType": "CollectionEvaluationJob",
        "Lease": found["Lease"],
        "LeaseExpires": found["LeaseExpires"],
        "Attempt": 1,
        "QueuedTime": found["QueuedTime"],
        "StartTime": found["StartTime"],
        "EndsTime": None,
        "LastBatch": {"Messages": 0, "CollectedData": 0, "Results": 0},
        "JobConfiguration": CONFIGURATION,
    }
    uuid.UUID(found["Lease"])
    assert moment(found["QueuedTime"]) <= moment(found["StartTime"])
    assert before <= moment(found["StartTime"]) <= datetime.now(timezone.utc)
    assert moment(found["LeaseExpires"]) - moment(found["StartTime"]) == timedelta(seconds=100)


def test_a_claim_is_seen_in_the_run_and_in_its_job(collector, directory, sign_in):
    job = directory.job(directory.user())
    run = queue(directory, job)
    (found,) = claim(collector)
    assert run_row(directory, run, "status", "attempts", "collector", "lease_id", "ended_at") == (
        "Running",
        1,
        collector.user.name,
        uuid.UUID(found["Lease"]),
        None,
    )
    viewer = sign_in(directory.user())
    assert viewer.job(job).json()["JobProperties"]["LastRunStatus"] == "Running"
    (shown,) = viewer.runs(job).json()["JobRuns"]
    assert (shown["Status"], shown["StartTime"]) == ("Running", found["StartTime"])


def test_a_claim_of_an_older_run_leaves_the_jobs_last_status_alone(collector, directory):
    job = directory.job(directory.user())
    run = queue(directory, job)
    directory.database.rows(
        "UPDATE directory.jobs SET last_run_id = gen_random_uuid(), last_run_status = 'Failed' WHERE job_id = %s",
        job.id,
    )
    assert [found["JobRunID"] for found in claim(collector)] == [str(run)]
    status = directory.database.value("SELECT last_run_status FROM directory.jobs WHERE job_id = %s", job.id)
    assert status == "Failed"


@pytest.mark.parametrize("body", [None, b"", b"\r", b" \r\n\t", b"{}", b'{"count": 1, "LEASESECONDS": 60}'])
def test_an_empty_body_claims_one_run_for_a_minute(collector, directory, body):
    first, second = queue(directory), queue(directory)
    response = post(collector, CLAIM, body)
    assert response.status_code == 200, response.text
    (found,) = response.json()["JobRuns"]
    assert found["JobRunID"] == str(first)
    assert moment(found["LeaseExpires"]) - moment(found["StartTime"]) == timedelta(seconds=60)
    assert run_row(directory, second, "status") == ("Queued",)


def test_an_empty_queue_is_answered_at_once_with_an_empty_list(collector, directory):
    other = in_background(lambda: claim(collector.another(), WaitSeconds=20))
    waiting(collector.server, 1)
    assert claim(collector, Count=100) == []
    assert not other.done(), "only the claim that asked to wait has waited"
    queue(directory)
    assert len(other()) == 1


def test_runs_are_claimed_in_the_order_in_which_they_were_queued(collector, directory):
    times = [f"2026-01-05T12:00:0{second}Z" for second in (5, 1, 4, 2, 3)]
    runs = {queued: queue(directory, queued_at=queued) for queued in times}
    expected = [str(runs[queued]) for queued in sorted(times)]
    assert [run["JobRunID"] for run in claim(collector, Count=2)] == expected[:2]
    assert [run["JobRunID"] for run in claim(collector, Count=100)] == expected[2:]
    assert claim(collector) == []


def test_a_run_whose_lease_ran_out_keeps_its_place_in_the_queue(collector, directory):
    early = queue(directory, queued_at="2026-01-05T12:00:00Z")
    assert claim(collector)[0]["JobRunID"] == str(early)
    late, first = queue(directory, queued_at="2026-01-05T14:00:00Z"), queue(directory, queued_at="2026-01-05T10:00:00Z")
    expire(directory, early)
    assert [run["JobRunID"] for run in claim(collector, Count=3)] == [str(first), str(early), str(late)]


def test_a_run_has_until_its_time_limit_from_the_first_claim_on(collector, directory):
    run = queue(directory, time_limit="2 hours")
    (first,) = claim(collector)
    assert moment(first["EndsTime"]) - moment(first["StartTime"]) == timedelta(hours=2)
    expire(directory, run)
    (second,) = claim(collector)
    assert (second["EndsTime"], second["StartTime"]) == (first["EndsTime"], first["StartTime"])
    change(directory, run, ends_at="2026-01-05T12:00:00Z")
    expire(directory, run)
    assert claim(collector) == []


def test_a_run_of_a_system_job_is_not_handed_out(collector, directory):
    directory.run(directory.job(None, job_type="ReportDataPurge"), status="Queued")
    assert claim(collector) == []


def test_a_run_of_a_purged_history_is_not_handed_out(collector, directory):
    job = directory.job(directory.user())
    queue(directory, job)
    directory.database.rows(
        "INSERT INTO store.purges (history_id, job_id, job_name, requested_by, requested_at) "
        "SELECT history_id, job_id, job_name, 'x', now() FROM directory.jobs WHERE job_id = %(job)s;"
        "UPDATE directory.jobs SET history_id = gen_random_uuid() WHERE job_id = %(job)s",
        {"job": job.id},
    )
    assert claim(collector) == []


def test_a_job_that_somebody_has_locked_is_passed_over_and_not_waited_for(collector, directory):
    locked, free = directory.job(directory.user()), directory.job(directory.user())
    first, second = queue(directory, locked), queue(directory, free)
    connection = directory.database.connect()
    try:
        connection.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR NO KEY UPDATE", [locked.id])
        # A claim that waited would end with the lock timeout, as 503.
        assert [run["JobRunID"] for run in claim(collector, Count=5)] == [str(second)]
    finally:
        connection.close()
    assert [run["JobRunID"] for run in claim(collector, Count=5)] == [str(first)]


def test_a_run_that_somebody_has_locked_is_passed_over_and_not_waited_for(collector, directory):
    first, second = queue(directory), queue(directory)
    connection = directory.database.connect()
    try:
        connection.cursor().execute("SELECT FROM store.job_runs WHERE run_id = %s FOR UPDATE", [first])
        assert [run["JobRunID"] for run in claim(collector, Count=5)] == [str(second)]
    finally:
        connection.close()


def test_two_hundred_runs_are_claimed_by_sixteen_collectors_exactly_once(collector, directory):
    runs = queue_many(directory, 200)

    def work(client, count):
        found = []
        while claimed := claim(client, Count=count):
            found += [run["JobRunID"] for run in claimed]
        return found

    found = at_once(*(lambda count=count: work(collector.another(), count) for count in [1, 2, 3, 7] * 4))
    claimed = [run for each in found for run in each]
    assert sorted(claimed) == sorted(map(str, runs))
    # Each collector got its runs in the order of the queue.
    place = {str(run): number for number, run in enumerate(runs)}
    for each in found:
        assert each == sorted(each, key=place.get)
    attempts = directory.database.rows("SELECT DISTINCT attempts FROM store.job_runs WHERE run_id = ANY (%s)", runs)
    assert attempts == [(1,)]


def test_two_servers_share_one_queue(collector, directory, queue_database, start_server):
    other = start_server(queue_database)
    runs = queue_many(directory, 120)

    def work(client):
        found = []
        while claimed := claim(client, Count=3):
            found += [run["JobRunID"] for run in claimed]
        return found

    clients = [collector.another(at) for at in (collector.server, other) * 4]
    found = at_once(*(lambda client=client: work(client) for client in clients))
    # A claim that skips locked runs may find nothing although runs are queued.
    rest = work(collector)
    assert sorted([run for each in found for run in each] + rest) == sorted(map(str, runs))


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"Count": 0}, ["/Count"]),
        ({"Count": 101}, ["/Count"]),
        ({"Count": "1"}, ["/Count"]),
        ({"Count": 1.5}, ["/Count"]),
        ({"Count": True}, ["/Count"]),
        ({"Count": 1e30}, ["/Count"]),
        ({"Count": [1]}, ["/Count"]),
        ({"LeaseSeconds": 9}, ["/LeaseSeconds"]),
        ({"LeaseSeconds": 3601}, ["/LeaseSeconds"]),
        ({"LeaseSeconds": -60}, ["/LeaseSeconds"]),
        ({"WaitSeconds": 31}, ["/WaitSeconds"]),
        ({"WaitSeconds": -1}, ["/WaitSeconds"]),
        ({"WaitSeconds": 0.5}, ["/WaitSeconds"]),
        ({"Wait": 5}, ["/Wait"]),
        ({"Count\0": 5}, [""]),
        ({"Count": 1, "count": 2}, ["/count"]),
        ({"Count": 0, "LeaseSeconds": "x", "WaitSeconds": {}, "More": 1},
         ["/Count", "/LeaseSeconds", "/More", "/WaitSeconds"]),
        ([], [""]),
        ("x", [""]),
        (7, [""]),
    ],
)  # fmt: skip
def test_a_wrong_claim_names_every_broken_field_and_claims_nothing(collector, directory, body, pointers):
    run = queue(directory)
    problem = assert_problem(post(collector, CLAIM, body), 400)
    assert sorted(error["pointer"] for error in problem["errors"]) == pointers
    assert all(error["detail"] for error in problem["errors"])
    assert run_row(directory, run, "status", "attempts") == ("Queued", 0)


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        (b"{", 1), (b"Count=1", 0), (b'{"Count": 1}}', 12), (b"[" * 100_000, 100), (b'{"Count": 1\xff}', 11),
        (b"\xef\xbb", 0), (b"\0", 0), (b"{'Count': 1}", 1), (b'{"Count": 1,}', 12), (b'{"Count": 1} // one', 13),
    ],
    ids=["open", "form", "closed twice", "deep", "UTF-8", "half a BOM", "NUL", "quote", "comma", "comment"],
)  # fmt: skip
def test_a_body_that_is_no_JSON_is_refused_with_the_place(collector, directory, body, offset):
    run = queue(directory)
    problem = assert_problem(post(collector, CLAIM, body), 400)
    (error,) = problem["errors"]
    assert error["pointer"] == ""
    assert error["detail"].startswith("is not JSON: ")
    assert error["detail"].endswith(f", at byte {offset}")
    assert run_row(directory, run, "status") == ("Queued",)
