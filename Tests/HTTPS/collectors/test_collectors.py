"""Collectors: claims, leases, long polling, heartbeats, completion and failure."""

import json
import signal
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from harness.client import API, Client, assert_problem
from harness.directory import ALL_TASKS, ROOTS, Directory, orphans
from harness.server import Server
from harness.waiting import eventually

TASK = "Report job runs"
CLAIM = f"{API}/jobruns/claim"
CONFIGURATION = {
    "AssetsResolutionInfo": [{"Id": str(uuid.uuid4()), "Type": "symc-csm-AssetSystem-Asset-Unix-Machine"}],
    "Standards": [str(uuid.uuid4())],
}


@pytest.fixture(scope="module")
def queue_database(cluster):
    """A database of its own: the queue is the same for everybody, and other tests leave runs in theirs."""
    database = cluster.new_database("collectors")
    yield database
    assert orphans(database) == {}


@pytest.fixture(scope="module")
def server(queue_database, certificate, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("collectors"), queue_database, certificate).start()
    yield server
    assert server.events("failure") == []
    failed = [line for line in server.events("request") if line["outcome"] == "failed" and line["status"] != 503]
    assert failed == []
    assert server.stop() == 0


@pytest.fixture
def directory(queue_database, password_hash):
    """Makes users and jobs; the queue is empty when a test begins."""
    queue_database.rows("UPDATE store.job_runs SET status = 'Aborted' WHERE status IN ('Queued', 'Running')")
    return Directory(queue_database, password_hash)


@pytest.fixture
def collector(server, directory):
    return Collector(server, directory)


class Collector(Client):
    """A client of a user who may do nothing but collect."""

    def __init__(self, server, directory, tasks=(TASK,), folders=tuple(ROOTS.values())):
        super().__init__(server)
        self.user = directory.user(tasks=tasks, folders=folders)
        self.sign_in(self.user)

    def another(self, server=None):
        """The same user on a connection of its own."""
        return Client(server or self.server, self.token)


def post(client, path, body=None, **options):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    return client.request("POST", path, data=data, headers={"Content-Type": "application/json"}, **options)


def claim(client, **body):
    """The runs that a claim hands out."""
    response = post(client, CLAIM, body)
    assert response.status_code == 200, response.text
    assert set(response.json()) == {"JobRuns"}
    return response.json()["JobRuns"]


def report(client, run, action, lease=None, **body):
    """A call that names a run; `run` as it was claimed, or an identifier with a lease."""
    identifier = run["JobRunID"] if isinstance(run, dict) else run
    lease = lease or (run["Lease"] if isinstance(run, dict) else uuid.uuid4())
    return post(client, f"{API}/jobruns/{identifier}/{action}", {"Lease": str(lease), **body})


ACTIONS = ("heartbeat", "complete", "fail")


def queue(directory, job=None, **columns):
    """Starts a run of a job, as a schedule does; its identifier."""
    job = job or directory.job(directory.user(), configuration=CONFIGURATION)
    run = uuid.uuid4()
    outcome = directory.database.row("SELECT * FROM store.start_run(%s, %s, 'Schedule', NULL, NULL)", job.id, run)
    assert outcome[0] == "started"
    if columns:
        change(directory, run, **columns)
    return run


def queue_many(directory, count):
    """Starts runs of as many new jobs, one after the other; their identifiers in order."""
    return [
        uuid.UUID(row[0])
        for row in directory.database.rows(
            """
            WITH creator AS (
                INSERT INTO directory.users (user_name) VALUES (gen_random_uuid()::text) RETURNING user_id
            ), jobs AS (
                INSERT INTO directory.jobs (job_name, job_type, created_by, last_run_status, run_count)
                SELECT gen_random_uuid()::text, 'CollectionJob', user_id, 'Queued', 1
                FROM creator, generate_series(1, %(count)s)
                RETURNING history_id
            ), runs AS (
                INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at)
                SELECT history_id, gen_random_uuid(), 'Queued', 'Schedule',
                    now() + row_number() OVER () * interval '1 microsecond'
                FROM jobs
                RETURNING run_id, queued_at
            )
            SELECT run_id::text FROM runs ORDER BY queued_at
            """,
            {"count": count},
        )
    ]


def change(directory, run, **columns):
    assignments = ", ".join(f"{name} = %s" for name in columns)
    directory.database.rows(f"UPDATE store.job_runs SET {assignments} WHERE run_id = %s", *columns.values(), run)


def expire(directory, run):
    """The run's lease has run out."""
    directory.database.rows(
        "UPDATE store.job_runs SET lease_expires_at = now() - interval '1 second' WHERE run_id = %s",
        run["JobRunID"] if isinstance(run, dict) else run,
    )


def run_row(directory, run, *columns):
    return directory.database.row(f"SELECT {', '.join(columns)} FROM store.job_runs WHERE run_id = %s", run)


def messages(directory, run):
    return directory.database.rows(
        "SELECT row_number, severity, message FROM store.job_run_messages WHERE run_id = %s ORDER BY row_number", run
    )


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def at_once(*calls):
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def in_background(call):
    """Runs the call in a thread; a function that waits for its result."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return lambda: future.result(timeout=60)


def waiting(server, count):
    """Returns once so many claims wait."""
    eventually(
        lambda: server.metrics()["ccs_jobstore_requests_in_flight"] >= count + 1,
        what=f"{count} claims wait",
    )


# MARK: Claims


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
        "UPDATE directory.jobs SET last_run_id = gen_random_uuid(), last_run_status = 'Failed' WHERE job_id = %s", job.id
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
    started = time.monotonic()
    assert claim(collector, Count=100) == []
    assert time.monotonic() - started < 1


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
        started = time.monotonic()
        assert [run["JobRunID"] for run in claim(collector, Count=5)] == [str(second)]
        assert time.monotonic() - started < 1
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
    # Each collector got what it got in the order of the queue.
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
    # One that passes over what another is just looking at may find nothing, although there is something.
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
        (b"{", 1), (b"Count=1", 0), (b'{"Count": 1}}', 12), (b"[" * 100_000, 64), (b'{"Count": 1\xff}', 11),
        (b"\xef\xbb", 0), (b"\0", 0), (b"{'Count': 1}", 1), (b'{"Count": 1,}', 12), (b'{"Count": 1} // one', 13),
    ],
    ids=["open", "form", "closed twice", "deep", "UTF-8", "half a BOM", "NUL", "quote", "comma", "comment"],
)  # fmt: skip
def test_a_body_that_is_no_JSON_is_refused_with_the_place(collector, directory, body, offset):
    run = queue(directory)
    problem = assert_problem(post(collector, CLAIM, body), 400)
    (error,) = problem["errors"]
    assert error["pointer"] == ""
    assert error["detail"].startswith("is no JSON: ")
    assert error["detail"].endswith(f", at byte {offset}")
    assert run_row(directory, run, "status") == ("Queued",)


# MARK: Leases


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
        assert "claimed again" in problem["detail"]
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
    """A batch of a report, with so many rows."""
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
        detail = f"The batch {batch} was stored by a collector that had the run before: the batch {expected} is expected."
        assert_problem(send(other, second, kind, batch, rows=5), 409, detail)

    def stored():
        counted = directory.database.value(f"SELECT count(*) FROM store.{TABLES[kind]} WHERE run_id = %s", run)
        # The messages of a run that was lost tell so.
        return counted - (kind == "messages")

    refused(1, expected=2)
    assert stored() == 3
    # Its own batches may be sent again as ever, and those of others stay theirs.
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
    # Its last collector may still come back.
    assert report(collector, found, "complete").status_code == 200


def test_how_often_is_a_setting(new_database, directory_of, start_server):
    # The scheduler, which ends runs that were claimed so often, comes once, at the start, and finds one to end. The other
    # server's has another opinion of how often is enough, and is kept away.
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
    # On a connection of its own: what was connected before is answered once more as it was. A run that the scheduler is
    # just putting back into the queue is passed over, and there for the next call.
    another = collector.another()
    (claimed,) = eventually(lambda: claim(another), what="the run is handed out once more")
    assert (claimed["JobRunID"], claimed["Attempt"]) == (str(run), 2)


def test_a_heartbeat_makes_the_lease_hold_from_now_on(collector, directory):
    run = queue(directory)
    (claimed,) = claim(collector, LeaseSeconds=10)
    before = datetime.now(timezone.utc)
    response = report(collector, claimed, "heartbeat", LeaseSeconds=3600)
    assert response.status_code == 200
    answer = response.json()
    assert answer == {"JobRunID": str(run), "Status": "Running", "LeaseExpires": answer["LeaseExpires"]}
    assert abs((moment(answer["LeaseExpires"]) - before).total_seconds() - 3600) < 5
    (stored,) = run_row(directory, run, "lease_expires_at")
    assert abs(stored - moment(answer["LeaseExpires"])) < timedelta(milliseconds=2)
    # One without a time holds for a minute; it may be shorter than the one before.
    answer = report(collector, claimed, "heartbeat").json()
    assert abs((moment(answer["LeaseExpires"]) - before).total_seconds() - 60) < 5


# MARK: The end of a run


@pytest.mark.parametrize(("action", "status"), [("complete", "Completed"), ("fail", "Failed")])
def test_a_collector_ends_its_run(collector, directory, sign_in, action, status):
    job = directory.job(directory.user())
    run = queue(directory, job)
    (claimed,) = claim(collector)
    response = report(collector, claimed, action)
    assert response.status_code == 200
    assert response.json() == {"JobRunID": str(run), "Status": status}
    viewer = sign_in(directory.user())
    (shown,) = viewer.runs(job).json()["JobRuns"]
    assert shown["Status"] == status
    assert moment(shown["EndTime"]) >= moment(shown["StartTime"])
    assert viewer.job(job).json()["JobProperties"]["LastRunStatus"] == status
    assert claim(collector) == []
    # The job can run again.
    queue(directory, job)


@pytest.mark.parametrize(("action", "status"), [("complete", "Completed"), ("fail", "Failed")])
def test_an_end_that_is_reported_again_is_answered_the_same_and_done_once(collector, directory, action, status):
    run = queue(directory)
    (claimed,) = claim(collector)
    body = {"Message": "the disk is full"} if action == "fail" else {}
    first = report(collector, claimed, action, **body)
    before = run_row(directory, run, "status", "ended_at", "message_count")
    answers = at_once(*[lambda: report(collector.another(), claimed, action, **body)] * 4)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, first.text)}
    assert run_row(directory, run, "status", "ended_at", "message_count") == before
    assert len(messages(directory, run)) == (1 if action == "fail" else 0)


def test_a_failure_says_why(collector, directory):
    run, other = queue(directory), queue(directory)
    first, second = claim(collector, Count=2)
    text = 'Die Anlage "ü" antwortet nicht. 😀\n' + "x" * 9000
    assert report(collector, first, "fail", Message=text).status_code == 200
    assert messages(directory, run) == [(0, "Error", text)]
    assert report(collector, second, "fail", message=None).status_code == 200
    ((_, severity, said),) = messages(directory, other)
    assert severity == "Error"
    assert collector.user.name in said
    assert run_row(directory, other, "message_count") == (1,)


def test_a_completed_run_cannot_fail_and_a_failed_one_cannot_complete(collector, directory):
    queue(directory), queue(directory)
    completed, failed = claim(collector, Count=2)
    assert report(collector, completed, "complete").status_code == 200
    assert report(collector, failed, "fail").status_code == 200
    assert_problem(report(collector, completed, "fail"), 409, "The run was completed.")
    assert_problem(report(collector, completed, "heartbeat"), 409, "The run was completed.")
    assert_problem(report(collector, failed, "complete"), 409, "The run has failed.")
    assert_problem(report(collector, failed, "heartbeat"), 409, "The run has failed.")


def test_only_the_lease_under_which_a_run_ended_may_end_it_again(collector, directory):
    run = queue(directory)
    (first,) = claim(collector)
    expire(directory, run)
    (second,) = claim(collector)
    assert report(collector, second, "complete").status_code == 200
    assert_problem(report(collector, first, "complete"), 409, "The run was completed.")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_collector_learns_that_its_run_was_aborted(collector, directory, action):
    run = queue(directory)
    (claimed,) = claim(collector)
    directory.database.rows(
        "SELECT * FROM store.end_run(%s, NULL, 'Aborted', 'Warning', 'enough', NULL, 'somebody', NULL)", run
    )
    assert_problem(report(collector, claimed, action), 409, "The run was aborted.")
    assert run_row(directory, run, "status") == ("Aborted",)
    assert len(messages(directory, run)) == 1


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("keep", ["True", "False"])
def test_a_collector_learns_that_its_run_was_purged(collector, directory, sign_in, action, keep):
    creator = directory.user()
    job = directory.job(creator)
    run = queue(directory, job)
    (claimed,) = claim(collector)
    assert sign_in(creator).delete(job, DeleteJob=keep).status_code == 204
    assert_problem(
        report(collector, claimed, action),
        404,
        f"The job run {run} does not exist. It may have been purged, or its job deleted.",
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_a_run_in_a_history_that_is_still_being_erased_is_gone_for_its_collector(collector, directory, action):
    job = directory.job(directory.user())
    run = queue(directory, job)
    (claimed,) = claim(collector)
    connection = directory.database.connect()
    try:
        # The eraser would take the row; it cannot as long as this transaction holds its history.
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO store.purges (history_id, job_id, job_name, requested_by) "
                "SELECT history_id, job_id, job_name, 'x' FROM directory.jobs WHERE job_id = %s",
                [job.id],
            )
        directory.database.rows("UPDATE directory.jobs SET history_id = gen_random_uuid() WHERE job_id = %s", job.id)
        assert_problem(report(collector, claimed, action), 404)
        assert run_row(directory, run, "status") == ("Running",)
        connection.commit()
    finally:
        connection.close()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_heartbeat_or_an_end_that_waits_for_a_deletion_finds_the_run_gone(collector, directory, action):
    job = directory.job(directory.user())
    queue(directory, job)
    (claimed,) = claim(collector)
    connection = directory.database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", [job.id])
            answer = in_background(lambda: report(collector, claimed, action))
            directory.database.wait_for_blocked_statement()
            cursor.execute("DELETE FROM store.job_runs WHERE history_id = %s", [job.history])
            cursor.execute(
                "UPDATE directory.jobs SET history_id = gen_random_uuid(), run_count = 0 WHERE job_id = %s", [job.id]
            )
        connection.commit()
        assert_problem(answer(), 404)
    finally:
        connection.close()


def test_deletions_and_collectors_at_the_same_moment_leave_no_orphans(collector, directory, sign_in):
    creator = directory.user()
    remover = sign_in(creator)
    for _ in range(10):
        job = directory.job(creator)
        queue(directory, job)
        (claimed,) = claim(collector)
        expire(directory, claimed)
        answers = at_once(
            lambda: remover.delete(job, DeleteJob="False"),
            lambda: report(collector.another(), claimed, "fail", Message="x"),
            lambda: report(collector.another(), claimed, "heartbeat"),
            lambda: post(collector.another(), CLAIM, {}),
        )
        assert answers[0].status_code == 204
        assert {answers[1].status_code, answers[2].status_code} <= {200, 404, 409}
        assert answers[3].status_code == 200
    assert orphans(directory.database) == {}


# MARK: What a call that names a run refuses


@pytest.mark.parametrize("action", ACTIONS)
def test_a_run_that_never_was_does_not_exist(collector, directory, action):
    run = uuid.uuid4()
    detail = f"The job run {run} does not exist. It may have been purged, or its job deleted."
    assert_problem(report(collector, run, action), 404, detail)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_lease_that_never_was_is_refused(collector, directory, action):
    waiting_run = queue(directory)
    assert_problem(report(collector, waiting_run, action), 409)
    (claimed,) = claim(collector)
    assert_problem(report(collector, claimed, action, lease=uuid.uuid4()), 409)
    assert run_row(directory, waiting_run, "status", "message_count") == ("Running", 0)


@pytest.mark.parametrize("form", [str, lambda guid: guid.hex.upper(), lambda guid: f"{{{guid}}}"])
def test_identifiers_are_accepted_in_every_form(collector, directory, form):
    queue(directory)
    (claimed,) = claim(collector)
    run, lease = (form(uuid.UUID(claimed[name])) for name in ("JobRunID", "Lease"))
    response = post(collector, f"{API}/JobRuns/{run}/Heartbeat/", {"lEASE": f" {lease} "})
    assert response.status_code == 200, response.text
    assert response.json()["JobRunID"] == claimed["JobRunID"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("run", ["x", "claim", "%00", "754F7C7E-884A-4420-AF72-1FED35D3EFC", "..%2F"])
def test_a_malformed_JobRunID_is_invalid(collector, directory, action, run):
    response = post(collector, f"{API}/jobruns/{run}/{action}", {"Lease": str(uuid.uuid4())})
    assert response.status_code in (400, 404), response.text
    if response.status_code == 400 and "malformed" not in response.text:
        assert_problem(response, 400, "JobRunID is invalid.")


LEASE = str(uuid.uuid4())


@pytest.mark.parametrize(
    ("action", "body", "pointers"),
    [
        *[
            (action, body, pointers)
            for action in ACTIONS
            for body, pointers in [
                (None, ["/Lease"]),
                ({}, ["/Lease"]),
                ({"Lease": None}, ["/Lease"]),
                ({"Lease": "x"}, ["/Lease"]),
                ({"Lease": 7}, ["/Lease"]),
                ({"Lease": LEASE[:-1]}, ["/Lease"]),
                ({"Lease": LEASE + "\0"}, ["/Lease"]),
                ({"Lease": LEASE, "Other": 1}, ["/Other"]),
                ([LEASE], [""]),
            ]
        ],
        ("heartbeat", {"Lease": LEASE, "LeaseSeconds": 9}, ["/LeaseSeconds"]),
        ("heartbeat", {"Lease": "x", "LeaseSeconds": 3601, "Count": 1}, ["/Count", "/Lease", "/LeaseSeconds"]),
        ("complete", {"Lease": LEASE, "Message": "done"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": ""}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": " \n"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": "x" * 10_001}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": "a\0b"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": "\ud800"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": {"text": "x"}}, ["/Message"]),
        ("fail", {"Lease": "", "Message": 5, "LeaseSeconds": 60}, ["/Lease", "/LeaseSeconds", "/Message"]),
    ],
)
def test_a_wrong_report_names_every_broken_field_and_changes_nothing(collector, directory, action, body, pointers):
    run = queue(directory)
    claim(collector)
    before = run_row(directory, run, "*")
    problem = assert_problem(post(collector, f"{API}/jobruns/{run}/{action}", body), 400)
    assert sorted(error["pointer"] for error in problem["errors"]) == pointers
    assert run_row(directory, run, "*") == before


# MARK: Who may


def test_the_role_Collectors_may_collect_and_nothing_else(server, directory):
    user = directory.user(tasks=(), folders=())
    directory.database.rows(
        "INSERT INTO directory.user_roles SELECT %s, role_id FROM directory.roles WHERE role_name = 'Collectors'",
        user.id,
    )
    client = Client(server)
    client.sign_in(user)
    job = directory.job(directory.user())
    queue(directory, job)
    (claimed,) = claim(client)
    assert report(client, claimed, "heartbeat").status_code == 200
    assert report(client, claimed, "complete").status_code == 200
    assert_problem(client.job(job), 403)
    assert_problem(client.runs(job), 403)
    assert_problem(client.delete(job), 403)


@pytest.mark.parametrize(
    ("tasks", "folders", "lack"),
    [
        (ALL_TASKS, tuple(ROOTS.values()), f'the task "{TASK}"'),
        ((*ALL_TASKS, TASK), (ROOTS["Standards"],), 'access to the folder "Asset System"'),
        ((*ALL_TASKS, TASK), (ROOTS["Asset System"],), 'access to the folder "Standards"'),
    ],
    ids=["task", "assets", "standards"],
)
def test_without_the_task_or_a_folder_nothing_is_claimed_and_nothing_reported(
    server, collector, directory, tasks, folders, lack
):
    other = Collector(server, directory, tasks, folders)
    run, waiting_run = queue(directory), queue(directory)
    (claimed,) = claim(collector)
    before = run_row(directory, run, "*")
    assert_problem(post(other, CLAIM, {}), 403, f"Claim Job Runs needs {lack}.")
    for action in ACTIONS:
        assert_problem(report(other, claimed, action), 403, f"Report Job Run needs {lack}.")
        assert_problem(report(other, uuid.uuid4(), action), 403)
    assert run_row(directory, run, "*") == before
    assert run_row(directory, waiting_run, "status") == ("Queued",)


def test_a_grant_on_a_subfolder_is_no_access_to_its_root(server, directory):
    folders = (directory.folder(ROOTS["Asset System"]), ROOTS["Standards"])
    assert_problem(post(Collector(server, directory, folders=folders), CLAIM, {}), 403)


def test_without_a_token_nobody_collects(anonymous, directory, collector):
    run = queue(directory)
    assert_problem(post(anonymous, CLAIM, {}), 401)
    (claimed,) = claim(collector)
    for action in ACTIONS:
        assert_problem(report(anonymous, claimed, action), 401)
    assert run_row(directory, run, "status") == ("Running",)


# MARK: Waiting for work


def test_a_claim_that_waits_gets_a_run_soon_after_it_was_started(collector, directory):
    for _ in range(3):
        answer = in_background(lambda: (claim(collector, WaitSeconds=20), time.monotonic()))
        waiting(collector.server, 1)
        run = queue(directory)
        started = time.monotonic()
        (found,), ended = answer()
        assert found["JobRunID"] == str(run)
        assert ended - started < 1


def test_a_claim_that_waits_gets_a_run_soon_after_its_lease_ran_out(collector, directory):
    run = queue(directory)
    claim(collector)
    answer = in_background(lambda: claim(collector.another(), WaitSeconds=20))
    waiting(collector.server, 1)
    expire(directory, run)
    (found,) = answer()
    assert (found["JobRunID"], found["Attempt"]) == (str(run), 2)


def test_a_claim_waits_as_long_as_it_asked_to_and_then_is_answered_with_an_empty_list(collector, directory):
    started = time.monotonic()
    assert claim(collector, WaitSeconds=2) == []
    assert 1.9 < time.monotonic() - started < 3


def test_a_claim_that_finds_work_does_not_wait_for_more(collector, directory):
    queue(directory)
    started = time.monotonic()
    assert len(claim(collector, Count=10, WaitSeconds=20)) == 1
    assert time.monotonic() - started < 1


def test_those_that_wait_are_served_in_the_order_in_which_they_came(collector, directory):
    answers = []
    for number in range(5):
        answers.append(in_background(lambda: claim(collector.another(), Count=2, WaitSeconds=20)))
        waiting(collector.server, number + 1)
    runs = [str(run) for run in queue_many(directory, 7)]
    found = [[run["JobRunID"] for run in answer()] for answer in answers[:4]]
    assert found == [runs[0:2], runs[2:4], runs[4:6], runs[6:7]]
    last = queue(directory)
    assert [run["JobRunID"] for run in answers[4]()] == [str(last)]


def test_hundreds_of_collectors_wait_at_little_cost_and_each_gets_its_run(collector, directory):
    count = 300
    pool = ThreadPoolExecutor(count)
    answers = [pool.submit(lambda: claim(collector.another(), WaitSeconds=30)) for _ in range(count)]
    try:
        eventually(
            lambda: collector.server.metrics()["ccs_jobstore_requests_in_flight"] > count, 30, what="all of them wait"
        )
        # PostgreSQL counts what a connection did before it fell idle as much as ten seconds later.
        time.sleep(11)
        calls = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        before = directory.database.value(calls)
        time.sleep(2)
        assert collector.server.metrics()["ccs_jobstore_pool_queue_length"] == 0
        # Two looks a second, and what else a server does; not two for each of them.
        assert directory.database.value(calls) - before < 150
        runs = queue_many(directory, count)
        found = [run["JobRunID"] for answer in answers for run in answer.result(timeout=60)]
        assert sorted(found) == sorted(map(str, runs))
    finally:
        pool.shutdown()


def test_a_wait_may_be_longer_than_other_requests_may_take(directory, queue_database, start_server):
    server = start_server(queue_database, {"limits.requestTimeoutSeconds": 1})
    collector = Collector(server, directory)
    answer = in_background(lambda: claim(collector, WaitSeconds=10))
    time.sleep(3)
    run = queue(directory)
    assert [found["JobRunID"] for found in answer()] == [str(run)]


def raw_claim(collector):
    """A connection on which a claim waits."""
    context = collector.server.tls_context()
    plain = socket.create_connection(("127.0.0.1", collector.server.port))
    connection = context.wrap_socket(plain, server_hostname="localhost")
    body = b'{"WaitSeconds": 30}'
    connection.sendall(
        f"POST {CLAIM} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {collector.token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    return connection


def test_a_client_that_has_gone_claims_nothing(collector, directory):
    connection = raw_claim(collector)
    waiting(collector.server, 1)
    connection.close()
    eventually(
        lambda: collector.server.metrics()["ccs_jobstore_requests_in_flight"] <= 1, 5, what="the claim has ended"
    )
    run = queue(directory)
    time.sleep(1.2)
    assert run_row(directory, run, "status", "attempts") == ("Queued", 0)
    assert claim(collector)[0]["Attempt"] == 1


def test_a_wait_outlives_a_reload(directory, queue_database, start_server):
    server = start_server(queue_database)
    collector = Collector(server, directory)
    answer = in_background(lambda: claim(collector, WaitSeconds=20))
    waiting(server, 1)
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    run = queue(directory)
    assert [found["JobRunID"] for found in answer()] == [str(run)]


def test_a_server_that_is_told_to_stop_ends_the_waits_at_once(directory, queue_database, start_server):
    server = start_server(queue_database)
    collector = Collector(server, directory)
    answers = [in_background(lambda: post(collector.another(), CLAIM, {"WaitSeconds": 30})) for _ in range(5)]
    waiting(server, 5)
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 5
    for answer in answers:
        response = answer()
        assert (response.status_code, response.json()) == (200, {"JobRuns": []})
        assert response.headers["Connection"] == "close"


def test_a_server_that_is_killed_while_claims_wait_leaves_every_run_to_be_claimed(
    directory, queue_database, start_server
):
    server = start_server(queue_database)
    collector = Collector(server, directory)
    answers = [in_background(lambda: post(collector.another(), CLAIM, {"WaitSeconds": 30})) for _ in range(5)]
    waiting(server, 5)
    server.kill()
    for answer in answers:
        with pytest.raises(Exception, match="(?i)connection|closed|reset|EOF"):
            answer()
    runs = [str(run) for run in queue_many(directory, 5)]
    server.start()
    found = claim(collector.another(), Count=5, WaitSeconds=5)
    assert [run["JobRunID"] for run in found] == runs
    assert {run["Attempt"] for run in found} == {1}


def test_a_claim_that_waits_gets_over_an_outage_of_the_database(directory_of, own_cluster, own_database, start_server):
    server = start_server(own_database)
    directory = directory_of(own_database)
    collector = Collector(server, directory)
    answer = in_background(lambda: claim(collector, WaitSeconds=30))
    waiting(server, 1)
    own_cluster.stop()
    time.sleep(1)
    own_cluster.start()
    run = queue(directory)
    assert [found["JobRunID"] for found in answer()] == [str(run)]


def test_a_claim_without_a_database_is_told_to_come_again(directory_of, own_cluster, own_database, start_server):
    server = start_server(own_database)
    collector = Collector(server, directory_of(own_database))
    own_cluster.stop()
    assert_problem(post(collector, CLAIM, {}), 503)
