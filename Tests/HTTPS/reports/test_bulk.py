"""Reports of collectors: messages, collected data and results, in batches that are stored while they arrive."""

import json
import random
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.client import API, Client, assert_problem
from harness.directory import ASSET_SYSTEM, NO_ROWS, STANDARDS, orphans
from harness.raw_http import RawConnection, head
from harness.waiting import eventually

KINDS = ("messages", "collecteddata", "results")
TABLES = {"messages": "job_run_messages", "collecteddata": "collected_data", "results": "evaluation_results"}
BATCHES = {"messages": "messages_batch", "collecteddata": "data_batch", "results": "results_batch"}
COLLECTOR_TASK = "Report job runs"
ASSET = "a5000000-0000-4000-8000-000000000001"
STANDARD = "57000000-0000-4000-8000-000000000001"
MESSAGE = {"Severity": "Information", "Message": "Data was collected."}
DATUM = {"AssetID": ASSET, "Data": {"File": "/etc/passwd", "Mode": 420}}
RESULT = {"AssetID": ASSET, "StandardID": STANDARD, "CheckID": "5.1.20", "Outcome": "Pass"}
SAMPLES = {"messages": MESSAGE, "collecteddata": DATUM, "results": RESULT}
# As in ReportChunk.
CHUNK = 10_000


def ndjson(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def results(count, first=0):
    """Lines of results that are told apart by their check."""
    return b"".join(
        b'{"AssetID":"%s","StandardID":"%s","StandardVersion":"1.2","CheckID":"%d","Outcome":"Fail",'
        b'"Evidence":"PermitRootLogin yes","Time":"2026-01-05T04:10:27.512Z"}\n'
        % (ASSET.encode(), STANDARD.encode(), number)
        for number in range(first, first + count)
    )


class ClaimedRun:
    """A run that a collector has, made by SQL, on a job of its own."""

    def __init__(self, directory, user, status="Running", lease_seconds=600):
        self.directory, self.database = directory, directory.database
        self.job = directory.job(user)
        self.history = self.job.history
        self.id = directory.run(self.job, status="Running", messages=0, data=0, results=0)
        self.lease = uuid.uuid4()
        self.set(status=status, lease_id=self.lease, collector="COLLECTOR")
        self.database.rows(
            "UPDATE store.job_runs SET lease_expires_at = now() + %s * interval '1 second' WHERE run_id = %s",
            lease_seconds,
            self.id,
        )

    def set(self, **columns):
        assignments = ", ".join(f"{name} = %s" for name in columns)
        self.database.rows(
            f"UPDATE store.job_runs SET {assignments} WHERE run_id = %s", *columns.values(), self.id
        )

    def path(self, kind, batch=1, lease=None):
        return f"{API}/jobruns/{self.id}/{kind}?lease={lease or self.lease}&batch={batch}"

    def report(self, client, kind, body, batch=1, lease=None, **options):
        return client.request("POST", self.path(kind, batch, lease), data=body, **{"timeout": 120, **options})

    def checks(self):
        """The checks of the results in the order of their rows, whose numbers have no gap."""
        rows = self.database.rows(
            "SELECT row_number, check_id FROM store.evaluation_results WHERE history_id = %s AND run_id = %s"
            " ORDER BY row_number",
            self.history,
            self.id,
        )
        assert [number for number, _ in rows] == list(range(len(rows)))
        return [int(check) for _, check in rows]

    def count(self, kind="results"):
        return self.database.value(
            f"SELECT count(*) FROM store.{TABLES[kind]} WHERE history_id = %s AND run_id = %s", self.history, self.id
        )

    def last_batch(self, kind="results"):
        return self.database.value(f"SELECT {BATCHES[kind]} FROM store.job_runs WHERE run_id = %s", self.id)

    def message_count(self):
        return self.database.value("SELECT message_count FROM store.job_runs WHERE run_id = %s", self.id)


@pytest.fixture
def collector(directory, sign_in):
    return sign_in(directory.user(tasks=(COLLECTOR_TASK,)))


@pytest.fixture
def run(directory, user):
    return ClaimedRun(directory, user)


def stored(response, rows, skipped=0):
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["RowsStored"], answer["RowsSkipped"]) == (rows, skipped)
    return answer


# MARK: What is stored


def test_a_result_is_stored_as_it_was_reported(collector, run):
    row = RESULT | {
        "StandardVersion": "1.2",
        "Outcome": "NotApplicable",
        "Evidence": 'quoted "ä" \\ 😀 \t',
        "Time": "2026-01-05T04:10:27.5120788-08:00",
    }
    answer = stored(run.report(collector, "results", ndjson([row, RESULT])), 2)
    assert answer["JobRunID"] == str(run.id)
    assert answer["Batch"] == 1
    found = run.database.rows(
        "SELECT row_number, asset_id::text, standard_id::text, standard_version, check_id, outcome, evidence,"
        " evaluated_at = '2026-01-05T12:10:27.512078Z', evaluated_at > now() - interval '1 minute'"
        " FROM store.evaluation_results WHERE run_id = %s ORDER BY row_number",
        run.id,
    )
    assert found == [
        (0, ASSET, STANDARD, "1.2", "5.1.20", "NotApplicable", row["Evidence"], True, False),
        (1, ASSET, STANDARD, None, "5.1.20", "Pass", "", False, True),
    ]


def test_collected_data_is_stored_as_it_was_reported(collector, run):
    values = [{"a": [1, 2.5, -1e3, None, True, "ü\n"]}, [], "text", 12345.675, False, {"": {"x": []}}]
    stored(run.report(collector, "collecteddata", ndjson({"AssetID": ASSET, "Data": value} for value in values)), 6)
    found = run.database.rows("SELECT data FROM store.collected_data WHERE run_id = %s ORDER BY row_number", run.id)
    assert [value for (value,) in found] == values


def test_messages_are_stored_and_counted(collector, run, client):
    lines = [MESSAGE, {"Severity": "Error", "AssetID": ASSET, "Message": "ä" * 10_000, "Time": "2026-01-05T04:10:27Z"}]
    stored(run.report(collector, "messages", ndjson(lines)), 2)
    assert run.message_count() == 2
    answered = client.runs(run.job, showmessages="true").json()["JobRuns"][0]
    assert answered["MessageCount"] == 2
    assert [message["Message"] for message in answered["Messages"]] == [line["Message"] for line in lines]
    assert [message["AssetID"] for message in answered["Messages"]] == [None, ASSET]


def test_a_message_that_ends_the_run_follows_those_that_were_reported(collector, run):
    stored(run.report(collector, "messages", ndjson([MESSAGE] * 3)), 3)
    run.database.rows(
        "SELECT store.end_run(%s, %s, 'Failed', 'Error', 'the end', NULL, 'x', NULL)", run.id, run.lease
    )
    found = run.database.rows("SELECT row_number FROM store.job_run_messages WHERE run_id = %s ORDER BY 1", run.id)
    assert [number for (number,) in found] == [0, 1, 2, 3]


def test_names_are_matched_in_any_case_and_null_is_no_value(collector, run):
    line = {name.upper(): value for name, value in RESULT.items()} | {"evidence": None, "TIME": None}
    stored(run.report(collector, "results", ndjson([line])), 1)


def test_blank_lines_are_no_rows_and_the_last_line_needs_no_end(collector, run):
    body = b"\n  \r\n" + ndjson([RESULT]).replace(b"\n", b"\r\n") + b"\n\t\n" + json.dumps(RESULT).encode()
    stored(run.report(collector, "results", body), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_numbered_for_each_kind_and_rows_over_all_of_them(collector, run, kind):
    for batch, count in enumerate((3, 0, 2, 1), start=1):
        stored(run.report(collector, kind, ndjson([SAMPLES[kind]] * count), batch), count)
        assert run.last_batch(kind) == batch
    found = run.database.rows(f"SELECT row_number FROM store.{TABLES[kind]} WHERE run_id = %s ORDER BY 1", run.id)
    assert [number for (number,) in found] == [0, 1, 2, 3, 4, 5]
    assert [run.last_batch(other) for other in KINDS if other != kind] == [0, 0]


def test_a_body_in_chunks_without_a_length_is_stored(collector, run):
    body = results(30_000)
    pieces = (body[start : start + 10_007] for start in range(0, len(body), 10_007))
    stored(run.report(collector, "results", pieces), 30_000)
    assert run.checks() == list(range(30_000))


def test_a_collector_that_waits_for_100_Continue_gets_it(server, collector, run):
    body = results(2000)
    with RawConnection(server) as connection:
        connection.send(
            head(
                "POST",
                run.path("results"),
                f"Authorization: Bearer {collector.token}",
                f"Content-Length: {len(body)}",
                "Expect: 100-continue",
            )
        )
        connection.socket.setblocking(True)
        assert connection.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(body)
        assert connection.answer().status == 200
    assert run.count() == 2000


# MARK: Sending again


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_that_is_stored_is_acknowledged_and_not_stored_again(collector, run, kind):
    body = ndjson([SAMPLES[kind]] * 5)
    stored(run.report(collector, kind, body), 5)
    stored(run.report(collector, kind, body), 0, skipped=5)
    stored(run.report(collector, kind, body, batch=2), 5)
    stored(run.report(collector, kind, body), 0, skipped=5)
    assert run.count(kind) == 10


def test_a_batch_out_of_order_is_refused_and_the_one_expected_is_named(collector, run):
    detail = "The batch 2 is out of order: the batch 1 is expected."
    assert_problem(run.report(collector, "results", ndjson([RESULT]), batch=2), 409, detail)
    stored(run.report(collector, "results", ndjson([RESULT])), 1)
    assert_problem(run.report(collector, "results", ndjson([RESULT]), batch=7), 409)
    assert run.count() == 1


def cut_upload(server, client, run, body, after, reset=True):
    """Sends so many bytes of a body, and then no more."""
    connection = RawConnection(server)
    connection.send(
        head(
            "POST", run.path("results"), f"Authorization: Bearer {client.token}", f"Content-Length: {len(body)}"
        )
        + body[:after]
    )
    if reset:
        connection.reset()
    return connection


def test_a_batch_that_was_broken_off_anywhere_is_sent_again_without_duplicates(server, collector, run):
    body = results(60_000)
    generator = random.Random(20261124)
    for _ in range(8):
        cut_upload(server, collector, run, body, generator.randrange(len(body)))
        # Sometimes the next one comes while the server is still at the last one.
        if generator.random() < 0.5:
            time.sleep(0.3)
    before = run.count()
    answer = run.report(collector, "results", body).json()
    assert answer["RowsStored"] + answer["RowsSkipped"] == 60_000
    assert answer["RowsSkipped"] >= before
    assert before % CHUNK == 0
    assert run.checks() == list(range(60_000))
    stored(run.report(collector, "results", results(1, 60_000), batch=2), 1)
    assert run.checks() == list(range(60_001))


def test_chunks_that_arrived_before_the_connection_broke_are_stored(server, collector, run):
    body = results(35_000)
    connection = cut_upload(server, collector, run, body, len(body) - 10, reset=False)
    eventually(lambda: run.count() == 3 * CHUNK, seconds=20, what="three chunks are stored")
    connection.reset()
    server.wait_for_event("request", lambda line: line["outcome"] == "disconnected" and line["bytesIn"] > 30_000)
    assert run.last_batch() == 0
    stored(run.report(collector, "results", body), 5_000, skipped=3 * CHUNK)
    assert run.checks() == list(range(35_000))


def test_a_collector_that_takes_the_run_over_does_not_find_half_a_batch_of_the_former_one(server, collector, run):
    body = results(25_000)
    connection = cut_upload(server, collector, run, body, len(body) - 10, reset=False)
    eventually(lambda: run.count() == 2 * CHUNK, seconds=20, what="two chunks are stored")
    connection.reset()
    run.lease = uuid.uuid4()
    run.set(lease_id=run.lease)
    stored(run.report(collector, "results", results(5, first=100)), 5)
    assert run.checks() == [100, 101, 102, 103, 104]


def test_half_a_batch_of_messages_of_a_former_collector_is_undone_under_what_was_said_since(server, collector, run):
    body = ndjson([MESSAGE] * 25_000)
    connection = RawConnection(server)
    connection.send(
        head(
            "POST", run.path("messages"), f"Authorization: Bearer {collector.token}", f"Content-Length: {len(body)}"
        )
        + body[:-10]
    )
    eventually(lambda: run.count("messages") == 2 * CHUNK, seconds=20, what="two chunks are stored")
    connection.reset()
    run.lease = uuid.uuid4()
    run.set(lease_id=run.lease, message_count=2 * CHUNK + 1)
    run.database.rows(
        "INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)"
        " VALUES (%s, %s, %s, 'Warning', 'The collector was lost.')",
        run.history,
        run.id,
        2 * CHUNK,
    )
    stored(run.report(collector, "messages", ndjson([MESSAGE] * 2)), 2)
    found = run.database.rows(
        "SELECT row_number, severity FROM store.job_run_messages WHERE run_id = %s ORDER BY 1", run.id
    )
    assert found == [(0, "Warning"), (1, "Information"), (2, "Information")]
    assert run.message_count() == 3


# MARK: Half a batch at the end of a run


SAID = {"messages": "messages", "collecteddata": "collected data", "results": "results"}


def half_a_batch(server, client, run, kind, batch=1):
    """Two chunks of a batch are stored when its connection breaks; the whole of it is returned."""
    body = ndjson([SAMPLES[kind]]) * 25_000
    before = run.count(kind)
    with RawConnection(server) as connection:
        connection.send(
            head("POST", run.path(kind, batch), f"Authorization: Bearer {client.token}", f"Content-Length: {len(body)}")
            + body[:-10]
        )
        eventually(lambda: run.count(kind) == before + 2 * CHUNK, seconds=20, what="two chunks are stored")
        connection.reset()
    return body


def end(client, run, action):
    return client.request("POST", f"{API}/jobruns/{run.id}/{action}", json={"Lease": str(run.lease)})


def status(run):
    return run.database.value("SELECT status FROM store.job_runs WHERE run_id = %s", run.id)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_with_half_a_batch_is_not_completed_and_the_batch_is_named(server, collector, run, kind):
    body = half_a_batch(server, collector, run, kind)
    detail = (
        f"The batch 1 of the {SAID[kind]} is not whole: 20000 of its rows are stored. "
        "Send it again to its end, then complete the run."
    )
    assert_problem(end(collector, run, "complete"), 409, detail)
    assert status(run) == "Running"
    stored(run.report(collector, kind, body), 5_000, skipped=2 * CHUNK)
    assert end(collector, run, "complete").status_code == 200
    assert status(run) == "Completed"
    assert run.count(kind) == 25_000


def test_a_completed_run_has_nothing_of_the_half_batches_of_a_former_collector(server, collector, run):
    stored(run.report(collector, "messages", ndjson([MESSAGE])), 1)
    stored(run.report(collector, "results", ndjson([RESULT] * 2)), 2)
    half_a_batch(server, collector, run, "collecteddata")
    half_a_batch(server, collector, run, "results", batch=2)
    half_a_batch(server, collector, run, "messages", batch=2)
    run.lease = uuid.uuid4()
    run.set(lease_id=run.lease)
    assert end(collector, run, "complete").status_code == 200
    assert status(run) == "Completed"
    assert [run.count(kind) for kind in KINDS] == [1, 0, 2]
    assert run.message_count() == 1
    assert run.database.row(
        "SELECT messages_open, data_open, results_open FROM store.job_runs WHERE run_id = %s", run.id
    ) == (None, None, None)


def test_a_run_that_fails_keeps_what_there_is_of_a_batch(server, collector, run):
    half_a_batch(server, collector, run, "results")
    assert end(collector, run, "fail").status_code == 200
    assert status(run) == "Failed"
    assert run.count() == 2 * CHUNK


def test_two_uploads_of_one_batch_at_once_store_no_row_twice(server, directory, user, sign_in, run):
    body = results(80_000)
    clients = [sign_in(directory.user(tasks=(COLLECTOR_TASK,))) for _ in range(3)]
    answers = []
    threads = [
        threading.Thread(target=lambda c=c: answers.append(run.report(c, "results", body))) for c in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert sum(answer.json()["RowsStored"] for answer in answers) == 80_000
    assert all(answer.json()["RowsStored"] + answer.json()["RowsSkipped"] == 80_000 for answer in answers)
    assert run.checks() == list(range(80_000))
    assert run.last_batch() == 1


def test_after_the_death_of_the_server_the_same_batch_completes_the_exact_rows(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    run = ClaimedRun(directory, directory.user())
    reporter = directory.user(tasks=(COLLECTOR_TASK,))
    body = results(100_000)
    for _ in range(3):
        server = start_server(database)
        client = Client(server)
        client.sign_in(reporter)
        before = run.count()
        sending = threading.Thread(target=lambda: _ignore_errors(lambda: run.report(client, "results", body)))
        sending.start()
        eventually(lambda: run.count() >= before + CHUNK, seconds=20, pause=0.001, what="another chunk is stored")
        server.kill()
        sending.join()
    server = start_server(database)
    client = Client(server)
    client.sign_in(reporter)
    answer = run.report(client, "results", body).json()
    assert answer["RowsStored"] + answer["RowsSkipped"] == 100_000
    assert run.checks() == list(range(100_000))


def _ignore_errors(body):
    try:
        body()
    except Exception:
        pass


# MARK: What ends an upload


def upload_until(server, collector, run, condition_rows, rows=30_000):
    """An upload that waits with the end of its body: so many rows of it are stored."""
    body = results(rows)
    connection = cut_upload(server, collector, run, body, len(body) - 10, reset=False)
    eventually(lambda: run.count() >= condition_rows, seconds=20, what="chunks are stored")
    return connection, body


@pytest.mark.parametrize("remove", ["True", "False"])
def test_a_deletion_does_not_wait_for_an_upload_and_ends_it(server, collector, run, client, directory, remove):
    connection, body = upload_until(server, collector, run, 2 * CHUNK)
    began = time.monotonic()
    assert client.delete(run.job, DeleteJob=remove).status_code == 204
    assert time.monotonic() - began < 2
    connection.send(body[-10:])
    answer = connection.answer()
    connection.close()
    assert answer.status == 404
    assert "purged" in json.loads(answer.body)["detail"]
    eventually(lambda: directory.rows_of(run.history) == NO_ROWS, what="the history is erased")
    assert orphans(run.database) == {}
    assert_problem(run.report(collector, "results", ndjson([RESULT])), 404)


def test_a_deletion_has_its_place_in_the_line_of_those_that_upload_to_one_run(client, run):
    """They wait for the job one behind the other, so that however many they are the deletion's turn comes."""

    def lock(connection):
        cursor = connection.cursor()
        cursor.execute("SELECT outcome FROM store.lock_batch(%s, %s, 'results', 1, 1)", [run.id, run.lease])
        return cursor.fetchone()[0]

    def blocked(count):
        def waiting():
            return count == run.database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )

        eventually(waiting, what=f"{count} wait for a lock")

    uploads = [run.database.connect() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert lock(uploads[0]) == "ready"
        second = pool.submit(lock, uploads[1])
        blocked(1)
        deletion = pool.submit(client.delete, run.job)
        blocked(2)
        third = pool.submit(lock, uploads[2])
        blocked(3)
        uploads[0].commit()
        assert second.result(10) == "ready"
        uploads[1].commit()
        assert deletion.result(10).status_code == 204
        assert third.result(10) == "not found"
    for connection in uploads:
        connection.close()


def test_a_run_that_takes_too_long_is_ended_by_the_upload_that_keeps_it_locked(server, collector, run):
    before = server.metrics()["ccs_jobstore_runs_overdue_total"]
    connection, body = upload_until(server, collector, run, 2 * CHUNK)
    # What looks for overdue runs passes over this one as long as it is locked; the upload is next in line.
    holder = run.database.connect()
    holder.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR NO KEY UPDATE", [run.job.id])
    holder.cursor().execute(
        "UPDATE store.job_runs SET ends_at = now(), time_limit = '01:00:00' WHERE run_id = %s", [run.id]
    )
    connection.send(body[-10:])
    time.sleep(1)
    holder.commit()
    holder.close()
    answer = connection.answer()
    connection.close()
    assert answer.status == 409
    detail = "The run was aborted: it took longer than EndJobRunTimeInterval allows."
    assert json.loads(answer.body)["detail"] == detail
    assert run.count() == 2 * CHUNK
    assert run.database.rows(
        "SELECT r.status, m.severity, m.message FROM store.job_runs r JOIN store.job_run_messages m USING (history_id, run_id)"
        " WHERE run_id = %s",
        run.id,
    ) == [("Aborted", "Warning", "The run was ended because it took longer than EndJobRunTimeInterval (01:00:00) allows.")]
    assert server.wait_for_event("runOverdue", lambda line: line["runID"] == str(run.id))["jobID"] == str(run.job.id)
    assert server.metrics()["ccs_jobstore_runs_overdue_total"] == before + 1
    assert_problem(run.report(collector, "results", ndjson([RESULT])), 409, "The run was aborted.")


@pytest.mark.parametrize(
    "status, detail",
    [("Aborted", "The run was aborted."), ("Completed", "The run was completed."), ("Failed", "The run has failed.")],
)
def test_a_run_that_is_over_takes_nothing_more(server, collector, run, status, detail):
    connection, body = upload_until(server, collector, run, 2 * CHUNK)
    run.set(status=status)
    connection.send(body[-10:])
    answer = connection.answer()
    connection.close()
    assert answer.status == 409
    assert json.loads(answer.body)["detail"] == detail
    assert run.count() == 2 * CHUNK
    for kind in KINDS:
        assert_problem(run.report(collector, kind, ndjson([SAMPLES[kind]])), 409, detail)


def test_a_lease_that_is_lost_in_the_middle_ends_the_upload(server, collector, run):
    connection, body = upload_until(server, collector, run, 2 * CHUNK)
    run.set(lease_id=uuid.uuid4())
    connection.send(body[-10:])
    answer = connection.answer()
    connection.close()
    assert answer.status == 409
    assert "lease" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("kind", KINDS)
def test_another_lease_stores_nothing(collector, run, kind):
    assert_problem(run.report(collector, kind, ndjson([SAMPLES[kind]]), lease=uuid.uuid4()), 409)
    assert run.count(kind) == 0


def test_a_run_that_is_queued_again_stores_nothing(collector, run):
    run.set(status="Queued", lease_id=None)
    assert_problem(run.report(collector, "results", ndjson([RESULT])), 409)
    assert run.count() == 0


def test_a_lease_whose_time_is_over_counts_until_somebody_else_has_the_run(collector, directory, user):
    run = ClaimedRun(directory, user, lease_seconds=-5)
    stored(run.report(collector, "results", ndjson([RESULT])), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_nobody_knows_is_not_found(collector, kind):
    path = f"{API}/jobruns/{uuid.uuid4()}/{kind}?lease={uuid.uuid4()}&batch=1"
    problem = assert_problem(collector.request("POST", path, data=b""), 404)
    assert "purged" in problem["detail"]


# MARK: Who may report


@pytest.mark.parametrize("kind", KINDS)
def test_reporting_needs_its_task_and_both_folders(sign_in, directory, run, kind, anonymous):
    body = ndjson([SAMPLES[kind]])
    for folders in ((ASSET_SYSTEM,), (STANDARDS,)):
        client = sign_in(directory.user(tasks=(COLLECTOR_TASK,), folders=folders))
        assert_problem(run.report(client, kind, body), 403)
    assert_problem(run.report(sign_in(directory.user()), kind, body), 403)
    assert_problem(run.report(anonymous, kind, body), 401)
    assert run.count(kind) == 0


def test_a_refusal_that_needs_no_body_does_not_wait_for_one(server, run, anonymous):
    with RawConnection(server) as connection:
        began = time.monotonic()
        connection.send(
            head("POST", run.path("results"), "Content-Length: 900000000", "Expect: 100-continue")
        )
        assert connection.answer().status == 401
        assert time.monotonic() - began < 5
        connection.wait_for_end(5)


def test_a_client_that_sends_its_body_whatever_happens_hears_the_refusal(anonymous, run):
    assert_problem(run.report(anonymous, "results", results(50_000)), 401)


# MARK: Bad input


@pytest.mark.parametrize(
    "query", ["", "lease={lease}", "batch=1", "lease={lease}&batch=0", "lease={lease}&batch=x", "lease=x&batch=1",
              "lease={lease}&batch=1&batch=1", "lease={lease}&batch=99999999999999999999"],
)
def test_parameters_that_are_wrong_are_named(collector, run, query):
    path = f"{API}/jobruns/{run.id}/results?{query.format(lease=run.lease)}"
    problem = assert_problem(collector.request("POST", path, data=ndjson([RESULT])), 400)
    assert "lease" in problem["detail"] or "batch" in problem["detail"]
    assert run.count() == 0


def test_a_run_whose_identifier_is_no_GUID_is_invalid(collector):
    path = f"{API}/jobruns/x/results?lease={uuid.uuid4()}&batch=1"
    assert_problem(collector.request("POST", path, data=b""), 400, "JobRunID is invalid.")


def test_a_body_that_is_encoded_is_refused_with_what_is_accepted(collector, run):
    response = run.report(collector, "results", b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert_problem(response, 415)
    assert response.headers["Accept-Encoding"] == "identity"


BROKEN = {
    "messages": [
        ({"Severity": "Information"}, "Message"),
        ({"Message": "x"}, "Severity"),
        (MESSAGE | {"Severity": "information"}, "Severity"),
        (MESSAGE | {"Message": "x" * 10_001}, "Message"),
        (MESSAGE | {"Message": 1}, "Message"),
        (MESSAGE | {"AssetID": "x"}, "AssetID"),
        (MESSAGE | {"Time": "yesterday"}, "Time"),
        (MESSAGE | {"Extra": 1}, "Extra"),
    ],
    "collecteddata": [
        ({"AssetID": ASSET}, "Data"),
        ({"Data": {}}, "AssetID"),
        (DATUM | {"Data": None}, "Data"),
        (DATUM | {"Time": 1}, "Time"),
        (DATUM | {"Time": "2026-02-30T00:00:00Z"}, "Time"),
    ],
    "results": [
        (RESULT | {"AssetID": None}, "AssetID"),
        (RESULT | {"StandardID": "57000000"}, "StandardID"),
        (RESULT | {"CheckID": ""}, "CheckID"),
        (RESULT | {"CheckID": "x" * 257}, "CheckID"),
        (RESULT | {"Outcome": "Passed"}, "Outcome"),
        (RESULT | {"StandardVersion": ""}, "StandardVersion"),
        (RESULT | {"Evidence": []}, "Evidence"),
        (RESULT | {"Evidence": "x", "EVIDENCE": "y"}, "Evidence"),
        (RESULT | {"a/b~": 1}, "a~1b~0"),
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_broken_line_is_named_with_its_field_and_nothing_is_stored(collector, run, kind):
    lines = [SAMPLES[kind]]
    wanted = []
    for line, field in BROKEN[kind]:
        lines.append(line)
        wanted.append(f"/{len(lines)}/{field}")
    problem = assert_problem(run.report(collector, kind, ndjson(lines)), 400)
    assert [error["pointer"] for error in problem["errors"]] == wanted
    assert "0 rows" in problem["detail"]
    assert run.count(kind) == 0
    assert run.last_batch(kind) == 0
    stored(run.report(collector, kind, ndjson([SAMPLES[kind]])), 1)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"nul", b"01", b"1.", b".5", b"1e", b"+1", b"NaN", b"1e10000", b"'x'", b'"\\u0000"',
        b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud800\\u0041"', b'"\\x"', b'"\\u00g0"', b'"\x00"', b'"\x1f"',
        b'"\x80"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"', b'"\xe2\x82"', b'"open', b"[1,]", b"[,1]",
        b'{"a":1,}', b'{"a" 1}', b"{a:1}", b"1 2", b"[" * 200 + b"]" * 200, b"/* x */ 1", b"9" * 1001,
    ],
)
def test_data_that_is_no_JSON_or_cannot_be_kept_is_refused(collector, run, data):
    if data in (b"[]",):
        line = b"[]\n"
    else:
        line = b'{"AssetID":"%s","Data":%s}\n' % (ASSET.encode(), data)
    body = ndjson([DATUM]) + line + ndjson([DATUM])
    problem = assert_problem(run.report(collector, "collecteddata", body), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/2"]
    assert run.count("collecteddata") == 0


@pytest.mark.parametrize(
    "data", [b"1e9999", b"-0", b"1e-9999", b"9" * 1000, b"0." + b"1" * 998, b'"\\ud83d\\ude00\\/\\b\\f"', b"[" * 99 + b"]" * 99,
             b'"\xef\xbf\xbf\xf4\x8f\xbf\xbf"', b'{"a":1,"a":2}']
)
def test_data_at_the_edge_of_what_can_be_kept_is_stored(collector, run, data):
    body = b'{"AssetID":"%s","Data":%s}\n' % (ASSET.encode(), data)
    stored(run.report(collector, "collecteddata", body), 1)


def test_a_line_that_is_too_long_is_named_and_costs_no_memory(collector, run):
    long_line = json.dumps(RESULT | {"Evidence": "x" * 20_000_000}).encode() + b"\n"
    problem = assert_problem(run.report(collector, "results", ndjson([RESULT]) + long_line), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/2"]
    assert "1048576 bytes" in problem["errors"][0]["detail"]


def test_chunks_before_a_broken_line_stay_and_the_corrected_batch_is_sent_again(collector, run):
    body = results(25_000)
    broken = body.replace(b'"CheckID":"24000","Outcome":"Fail"', b'"CheckID":"24000","Outcome":"fail"')
    problem = assert_problem(run.report(collector, "results", broken), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/24001/Outcome"]
    assert f"{2 * CHUNK} rows from its beginning are stored" in problem["detail"]
    assert run.count() == 2 * CHUNK
    stored(run.report(collector, "results", body), 5_000, skipped=2 * CHUNK)
    assert run.checks() == list(range(25_000))


def test_a_batch_that_comes_again_with_fewer_lines_than_are_stored_is_another_one(collector, run):
    assert_problem(run.report(collector, "results", results(25_000) + b"x\n"), 400)
    problem = assert_problem(run.report(collector, "results", results(5)), 409)
    assert "20000 rows" in problem["detail"]
    assert run.count() == 2 * CHUNK


def test_at_most_100_broken_lines_are_named(collector, run):
    problem = assert_problem(run.report(collector, "results", b"x\n" * 30_000), 400)
    assert [error["pointer"] for error in problem["errors"]] == [f"/{line}" for line in range(1, 101)]


# MARK: Bounds


def test_a_body_beyond_the_limit_is_refused_whether_its_length_is_known_or_not(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database, {"limits.bulkBodyBytes": 1_000_000})
    client = Client(server)
    client.sign_in(directory.user(tasks=(COLLECTOR_TASK,)))
    run = ClaimedRun(directory, directory.user())
    body = results(20_000)
    assert_problem(run.report(client, "results", body), 413)
    assert run.count() == 0
    assert_problem(run.report(client, "results", (body[i : i + 65536] for i in range(0, len(body), 65536))), 413)
    stored(run.report(client, "results", results(1000)), 1000)


def test_more_uploads_than_may_be_are_told_to_come_again(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database, {"collectors.maximumUploads": 1})
    client = Client(server)
    client.sign_in(directory.user(tasks=(COLLECTOR_TASK,)))
    run, other = (ClaimedRun(directory, directory.user()) for _ in range(2))
    connection, body = upload_until(server, client, run, CHUNK, rows=15_000)
    assert_problem(other.report(client, "results", ndjson([RESULT])), 503)
    connection.send(body[-10:])
    assert connection.answer().status == 200
    connection.close()
    stored(other.report(client, "results", ndjson([RESULT])), 1)


def test_an_upload_that_takes_too_long_is_ended(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database, {"limits.bulkTimeoutSeconds": 1, "limits.requestTimeoutSeconds": 1})
    client = Client(server)
    client.sign_in(directory.user(tasks=(COLLECTOR_TASK,)))
    run = ClaimedRun(directory, directory.user())
    connection, _ = upload_until(server, client, run, CHUNK, rows=15_000)
    assert connection.wait_for_end(8) < 8
    connection.close()
    stored(run.report(client, "results", results(15_000)), 5_000, skipped=CHUNK)


def test_a_slow_client_holds_up_nobody(server, collector, run, client):
    body = results(300)
    with RawConnection(server) as connection:
        connection.send(
            head(
                "POST", run.path("results"), f"Authorization: Bearer {collector.token}", f"Content-Length: {len(body)}"
            )
        )
        for start in range(0, len(body), 2000):
            connection.send(body[start : start + 2000])
            began = time.monotonic()
            assert client.job(run.job).status_code == 200
            assert time.monotonic() - began < 2
            time.sleep(0.01)
        assert connection.answer().status == 200
    assert run.checks() == list(range(300))


def test_an_upload_is_cut_when_the_server_has_to_stop_and_goes_on_at_the_next_one(
    start_server, new_database, directory_of
):
    database = new_database()
    directory = directory_of(database)
    reporter = directory.user(tasks=(COLLECTOR_TASK,))
    run = ClaimedRun(directory, directory.user())
    server = start_server(database, {"shutdown.drainSeconds": 1})
    client = Client(server)
    client.sign_in(reporter)
    connection, body = upload_until(server, client, run, CHUNK, rows=15_000)
    assert server.stop() == 0
    connection.close()
    server = start_server(database)
    client = Client(server)
    client.sign_in(reporter)
    stored(run.report(client, "results", body), 5_000, skipped=CHUNK)


def test_an_upload_goes_on_over_a_reload(start_server, new_database, directory_of):
    import signal

    database = new_database()
    directory = directory_of(database)
    server = start_server(database)
    client = Client(server)
    client.sign_in(directory.user(tasks=(COLLECTOR_TASK,)))
    run = ClaimedRun(directory, directory.user())
    connection, body = upload_until(server, client, run, CHUNK, rows=15_000)
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    connection.send(body[-10:])
    assert connection.answer().status == 200
    connection.close()
    assert run.checks() == list(range(15_000))


def resident_bytes(process):
    fields = Path(f"/proc/{process.pid}/statm").read_text().split()
    return int(fields[1]) * 4096


def test_a_large_batch_is_stored_without_being_held_in_memory(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database)
    client = Client(server)
    client.sign_in(directory.user(tasks=(COLLECTOR_TASK,)))
    run = ClaimedRun(directory, directory.user())
    body = results(300_000)
    assert len(body) > 60_000_000
    peak, ended = [0], threading.Event()

    def watch():
        while not ended.is_set():
            peak[0] = max(peak[0], resident_bytes(server.process))
            time.sleep(0.01)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        stored(run.report(client, "results", body), 300_000)
    finally:
        ended.set()
        watching.join()
    assert peak[0] < 100_000_000, f"{peak[0]:,} bytes"
    assert run.checks() == list(range(300_000))


def test_the_log_and_the_metrics_know_an_upload(server, collector, run):
    body = results(100)
    response = run.report(collector, "results", body)
    line = server.request_line(response.headers["X-Request-ID"])
    assert (line["operation"], line["status"], line["bytesIn"]) == ("Report Results", 200, len(body))
    assert line["user"].startswith("DOMAIN1")
    eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] <= 1, what="nothing is in flight")
