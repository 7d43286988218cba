"""Answers of any length, in little memory: they are read part by part while they are sent."""

import socket
import ssl
import threading

import pytest

from harness.bad_input import bearer
from harness.client import API, Client
from harness.raw_http import RawConnection, parse
from harness.threads import in_background
from harness.waiting import eventually

MEGABYTE = 1_000_000


def target(job, count=0, messages=True):
    return f"{API}/jobs/{job.id}/jobruns?count={count}&showmessages={str(messages).lower()}"


def resident(server):
    return server.metrics()["process_resident_memory_bytes"]


def waiting(server):
    return server.metrics()["ccs_jobstore_waiting_bytes"]


def peak(server):
    """The most memory that the process has had, in bytes (proc(5))."""
    with open(f"/proc/{server.process.pid}/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def forget_peak(server):
    with open(f"/proc/{server.process.pid}/clear_refs", "w") as file:
        file.write("5")


def make_runs(database, job, runs, messages=0, length=10):
    """Gives a job runs, and each of them messages of a length."""
    database.rows(
        """
        WITH run AS (
            INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, message_count)
            SELECT %s, gen_random_uuid(), 'Completed', 'Schedule', '2026-01-01'::timestamptz + n * interval '1 s', %s
            FROM generate_series(1, %s) n
            RETURNING history_id, run_id
        )
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        SELECT history_id, run_id, n - 1, 'Information', rpad(n || ' ', %s, 'x')
        FROM run, generate_series(1, %s) n
        """,
        job.history, messages, runs, length, messages,
    )
    database.rows("UPDATE directory.jobs SET run_count = %s WHERE job_id = %s", runs, job.id)


@pytest.fixture
def heavy(directory, user, database):
    """A job whose only run has messages of the largest size, 40 MB of them."""
    job = directory.job(user)
    make_runs(database, job, 1, messages=4000, length=10_000)
    return job


def test_every_message_of_a_run_with_more_than_200_000_can_be_read(client, directory, user, database):
    job = directory.job(user)
    make_runs(database, job, 1, messages=200_001)
    run = client.runs(job, count=1, showmessages="true").json()["JobRuns"][0]
    assert run["MessageCount"] == 200_001
    assert [int(message["Message"].split()[0]) for message in run["Messages"]] == list(range(1, 200_002))


def test_every_one_of_200_000_runs_can_be_listed(client, directory, user, database):
    job = directory.job(user)
    make_runs(database, job, 200_000)
    runs = client.runs(job, count=0).json()["JobRuns"]
    assert len({run["JobRunID"] for run in runs}) == 200_000
    assert all(one["QueuedTime"] > other["QueuedTime"] for one, other in zip(runs, runs[1:]))
    page = client.runs(job, count=150_000).json()
    rest = client.runs(job, count=0, cursor=page["NextCursor"]).json()
    assert [run["JobRunID"] for run in page["JobRuns"] + rest["JobRuns"]] == [run["JobRunID"] for run in runs]


def test_many_runs_with_some_messages_each_have_all_of_them(client, directory, user, database):
    job = directory.job(user)
    make_runs(database, job, 1500, messages=7, length=3000)
    runs = client.runs(job, count=0, showmessages="true").json()["JobRuns"]
    assert len(runs) == 1500 and {run["MessageCount"] for run in runs} == {7}
    for run in runs:
        assert [message["Message"].split()[0] for message in run["Messages"]] == list("1234567")


class Reader:
    """A connection on which a long answer is read as slowly as the test likes."""

    def __init__(self, server, client, job, version="HTTP/1.1"):
        self.socket = server.tls_context().wrap_socket(
            socket.create_connection(("127.0.0.1", server.port), timeout=30), server_hostname="localhost"
        )
        self.socket.sendall(
            f"GET {target(job)} {version}\r\nHost: localhost\r\nConnection: close\r\n{bearer(client)}\r\n\r\n".encode()
        )

    def read(self, least=0):
        """At least so many bytes, or up to the end; what was read last, and how much it was."""
        length, last = 0, b""
        while not least or length < least:
            try:
                data = self.socket.recv(1 << 16)
            except (ConnectionError, ssl.SSLError):
                break
            if not data:
                break
            length, last = length + len(data), (last + data)[-100:]
        return last, length

    def close(self):
        self.socket.close()


LAST_CHUNK = b"\r\n0\r\n\r\n"


def test_thirty_two_readers_of_the_longest_answer_take_less_than_64_megabytes(own, heavy):
    server, client = own()
    # What the first request of its kind takes is not counted.
    Reader(server, client, heavy).read(MEGABYTE)
    rest = resident(server)
    forget_peak(server)
    # Eight read nothing: what is made for them must not pile up.
    idle = [Reader(server, client, heavy) for _ in range(8)]
    lengths = []

    def read():
        reader = Reader(server, client, heavy)
        lengths.append(reader.read(20 * MEGABYTE)[1])
        reader.close()

    readers = [threading.Thread(target=read) for _ in range(24)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(180)
    for reader in idle:
        reader.close()
    assert len(lengths) == 24 and min(lengths) >= 20 * MEGABYTE
    assert peak(server) - rest < 64 * MEGABYTE, f"{(peak(server) - rest) / MEGABYTE:.0f} MB"
    eventually(lambda: waiting(server) == 0, what="no answer is counted any more")


def test_a_long_answer_is_whole_and_others_are_answered_meanwhile(own, heavy):
    server, client = own()
    reader = Reader(server, client, heavy)
    reader.read(MEGABYTE)
    assert client.get("/readyz").status_code == 200
    assert len(client.runs(heavy).json()["JobRuns"]) == 1
    last, length = reader.read()
    assert last.endswith(b'],"MessageCount":4000}]}' + LAST_CHUNK) and length > 39 * MEGABYTE
    line = server.wait_for_event("request", lambda line: line["bytesOut"] > 40 * MEGABYTE)
    assert (line["outcome"], line["status"]) == ("ok", 200)


def test_before_HTTP_1_1_a_long_answer_goes_on_to_the_end_of_the_connection(own, heavy):
    server, client = own()
    last, length = Reader(server, client, heavy, "HTTP/1.0").read()
    assert last.endswith(b'],"MessageCount":4000}]}') and length > 40 * MEGABYTE


def test_a_client_that_leaves_ends_the_answer(own, heavy):
    server, client = own()
    reader = Reader(server, client, heavy)
    reader.read(MEGABYTE)
    reader.close()
    line = server.wait_for_event("request", lambda line: line["bytesOut"] > MEGABYTE)
    assert line["outcome"] == "disconnected" and line["bytesOut"] < 30 * MEGABYTE
    eventually(lambda: waiting(server) == 0, what="the answer is not counted any more")


@pytest.mark.parametrize("what", ["purge", "removal"])
def test_an_answer_whose_rows_are_removed_meanwhile_is_incomplete(own, heavy, database, what):
    server, client = own()
    reader = Reader(server, client, heavy)
    reader.read(MEGABYTE)
    if what == "purge":
        database.rows("UPDATE directory.jobs SET history_id = gen_random_uuid() WHERE job_id = %s", heavy.id)
    else:
        database.rows("DELETE FROM store.job_runs WHERE history_id = %s", heavy.history)
    last, length = reader.read()
    for table in ("job_run_messages", "job_runs"):
        database.rows(f"DELETE FROM store.{table} WHERE history_id = %s", heavy.history)
    assert not last.endswith(LAST_CHUNK) and length < 39 * MEGABYTE
    line = server.wait_for_event("request", lambda line: line["bytesOut"] > MEGABYTE)
    assert line["outcome"] == "failed" and "removed while they were read" in line["detail"]


def test_an_answer_that_the_database_breaks_off_is_incomplete_and_the_server_goes_on(
    own_cluster, own_database, directory_of, start_server
):
    directory = directory_of(own_database)
    job = directory.job(directory.user())
    make_runs(own_database, job, 1, messages=4000, length=10_000)
    server = start_server(own_database)
    client = Client(server)
    client.sign_in(directory.user())
    reader = Reader(server, client, job)
    reader.read(MEGABYTE)
    own_database.disconnect()
    own_cluster.kill()
    last, length = reader.read()
    assert not last.endswith(LAST_CHUNK) and length < 39 * MEGABYTE
    assert server.wait_for_event("request", lambda line: line["bytesOut"] > MEGABYTE)["outcome"] == "failed"
    own_cluster.start()
    server.wait_until_ready()
    assert Reader(server, client, job).read()[0].endswith(LAST_CHUNK)


def test_a_server_that_stops_lets_answers_end(own, heavy):
    server, client = own()
    reader = Reader(server, client, heavy)
    reader.read(MEGABYTE)
    stopped = in_background(lambda: server.stop(seconds=60))
    assert reader.read()[0].endswith(LAST_CHUNK)
    assert stopped() == 0


def test_HEAD_of_a_long_answer_has_a_head_alone(own, heavy):
    server, client = own()
    head = f"HEAD {target(heavy)} HTTP/1.1\r\nHost: localhost\r\n{bearer(client)}\r\n\r\n".encode()
    with RawConnection(server) as connection:
        connection.send(head)
        connection.wait_for_end()
        received = connection.received
    fields = parse(received, "HEAD").headers
    assert received.endswith(b"\r\n\r\n") and received.count(b"\r\n\r\n") == 1, received
    assert fields["Connection"] == "close" and "Content-Length" not in fields
    assert server.wait_for_event("request", lambda line: line["method"] == "HEAD")["outcome"] == "ok"
