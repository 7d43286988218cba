"""Incomplete batches."""

import threading
import uuid

import pytest

from harness.client import API, Client, assert_problem
from harness.raw_http import RawConnection, head
from harness.reports import (
    CHUNK,
    COLLECTOR_TASK,
    KINDS,
    MESSAGE,
    RESULT,
    SAMPLES,
    ClaimedRun,
    ndjson,
    results,
    stored,
)
from harness.waiting import eventually

SAID = {"messages": "messages", "collecteddata": "collected data", "results": "results"}


def half_a_batch(server, client, run, kind, batch=1):
    """Breaks the connection when two chunks of a batch are stored; returns the complete batch."""
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
        f"The batch 1 of the {SAID[kind]} is incomplete: 20000 of its rows are stored. "
        "Send the whole batch again, then complete the run."
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
    threads = [threading.Thread(target=lambda c=c: answers.append(run.report(c, "results", body))) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert sum(answer.json()["RowsStored"] for answer in answers) == 80_000
    assert all(answer.json()["RowsStored"] + answer.json()["RowsSkipped"] == 80_000 for answer in answers)
    assert run.checks() == list(range(80_000))
    assert run.last_batch() == 1


def test_after_the_death_of_the_server_the_same_batch_completes_the_exact_rows(
    start_server, new_database, directory_of
):
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
