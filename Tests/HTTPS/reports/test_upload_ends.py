"""What ends an upload, and who may begin one."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, assert_problem
from harness.directory import ASSET_SYSTEM, NO_ROWS, STANDARDS, orphans
from harness.raw_http import RawConnection, head
from harness.reports import (
    CHUNK,
    COLLECTOR_TASK,
    KINDS,
    RESULT,
    SAMPLES,
    ClaimedRun,
    ndjson,
    results,
    stored,
    upload_until,
)
from harness.waiting import eventually

# MARK: What ends an upload


@pytest.mark.parametrize("remove", ["True", "False"])
def test_a_deletion_does_not_wait_for_an_upload_and_ends_it(server, collector, run, client, directory, remove):
    connection, body = upload_until(server, collector, run, 2 * CHUNK)
    # The upload waits for its last bytes meanwhile.
    assert client.delete(run.job, DeleteJob=remove).status_code == 204
    connection.send(body[-10:])
    answer = connection.answer()
    connection.close()
    assert answer.status == 404
    assert "purged" in json.loads(answer.body)["detail"]
    eventually(lambda: directory.rows_of(run.history) == NO_ROWS, what="the history is erased")
    assert orphans(run.database) == {}
    assert_problem(run.report(collector, "results", ndjson([RESULT])), 404)


def test_a_deletion_has_its_place_in_the_line_of_those_that_upload_to_one_run(client, run):
    """Uploads and deletions queue for the job's lock, so a deletion's turn comes however many uploads there are."""

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
    # The check for overdue runs skips this run while it is locked; the upload is next in the queue.
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
    ) == [
        ("Aborted", "Warning", "The run was ended because it took longer than EndJobRunTimeInterval (01:00:00) allows.")
    ]
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
        connection.send(head("POST", run.path("results"), "Content-Length: 900000000", "Expect: 100-continue"))
        assert connection.answer().status == 401
        connection.wait_for_end()


def test_a_client_that_sends_its_body_whatever_happens_hears_the_refusal(anonymous, run):
    assert_problem(run.report(anonymous, "results", results(50_000)), 401)


@pytest.mark.parametrize("reads_late", [False, True])
def test_an_early_refusal_of_a_huge_body_arrives_before_the_rest_is_sent(server, collector, run, reads_late):
    """More of the body is to come than the server reads to discard it."""
    rows = b"no row\n" * 100 + results(100_000)
    with RawConnection(server) as connection:
        connection.send(
            head("POST", run.path("results"), f"Authorization: Bearer {collector.token}", f"Content-Length: {1 << 30}")
        )
        if reads_late:
            connection.socket.setblocking(True)
            connection.socket.settimeout(20)
            connection.socket.sendall(rows)
        else:
            connection.send(rows)
        answer = connection.answer(seconds=15)
        connection.wait_for_end(5)
    assert answer is not None
    assert (answer.status, answer.headers["Connection"]) == (400, "close")
    assert len(json.loads(answer.body)["errors"]) == 100
    line = server.request_line(answer.headers["X-Request-ID"])
    assert (line["status"], line["outcome"]) == (400, "refused")
    assert line["bytesIn"] < 1 << 29
