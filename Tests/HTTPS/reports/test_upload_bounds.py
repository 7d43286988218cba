"""The bounds of uploads: size, number, time and memory."""

import threading
import time
from pathlib import Path

from harness.client import Client, assert_problem
from harness.raw_http import RawConnection, head
from harness.reports import CHUNK, COLLECTOR_TASK, RESULT, ClaimedRun, ndjson, results, stored, upload_until
from harness.waiting import eventually


def test_a_body_beyond_the_limit_is_refused_whether_its_length_is_known_or_not(
    start_server, new_database, directory_of
):
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
    # Before limits.bodyTimeoutSeconds (30) has passed.
    connection.wait_for_end(seconds=25)
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
            assert client.job(run.job).status_code == 200
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
