"""Clients that are slow, silent, or gone."""

import socket
import ssl
import threading
import time

import pytest

from harness.bad_input import UNKNOWN, bearer
from harness.client import API, Client
from harness.raw_http import RawConnection, head
from harness.waiting import eventually


@pytest.fixture
def brisk(start_server, database):
    """A server with short limits of time: a tenth of the defaults, or less."""
    return start_server(
        database,
        {
            "limits.headTimeoutSeconds": 1,
            "limits.bodyTimeoutSeconds": 1.5,
            "limits.idleTimeoutSeconds": 3,
            "limits.requestTimeoutSeconds": 2,
            "limits.connections": 30,
        },
    )


# Before the default limits are over: of a head 10 s, of a body 30 s, of an idle connection 60 s.
HEAD, BODY, IDLE = 9, 25, 50


def drip(connection, data, seconds, pause=0.25):
    """Sends a byte at a time until the server closes the connection; how long that took."""
    started = time.monotonic()
    connection.socket.setblocking(False)
    for byte in data:
        try:
            connection.socket.send(bytes([byte]))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except OSError:
            break
        time.sleep(pause)
        connection._receive_some()
        if connection.ended:
            break
        assert time.monotonic() - started < seconds, f"the connection is still open after {seconds} s"
    return time.monotonic() - started


def test_a_head_that_arrives_byte_by_byte_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        assert drip(connection, head("GET", "/livez", "X-Filler: " + "a" * 1000), HEAD) >= 0.7
    brisk.assert_alive()


def test_a_body_that_arrives_byte_by_byte_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Content-Length: 1000"))
        assert drip(connection, b"a" * 1000, BODY) >= 1.2
    brisk.assert_alive()


def test_a_body_in_chunks_that_never_ends_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Transfer-Encoding: chunked"))
        drip(connection, b"1\r\na\r\n" * 200, BODY)
    brisk.assert_alive()


def test_a_body_that_is_announced_and_never_sent_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Content-Length: 100"))
        assert connection.wait_for_end(BODY) > 1


def test_a_connection_that_says_nothing_is_closed(brisk):
    with RawConnection(brisk) as connection:
        assert connection.wait_for_end(HEAD) > 0.5


def test_a_connection_without_a_handshake_is_closed(brisk):
    with RawConnection(brisk, tls=False) as silent, RawConnection(brisk, tls=False) as stuck:
        stuck.send(b"\x16\x03\x01")
        silent.wait_for_end(HEAD)
        stuck.wait_for_end(HEAD)


def test_a_kept_connection_is_closed_once_it_is_idle_for_too_long(brisk):
    with RawConnection(brisk) as connection:
        for _ in range(3):
            connection.send(head("GET", "/livez"))
            assert connection.answer().status == 200
            time.sleep(0.5)
        assert connection.wait_for_end(IDLE) > 0.2


def test_those_who_fill_all_connections_with_silence_lose_them(brisk):
    silent = []
    try:
        for _ in range(60):
            silent.append(socket.create_connection(("127.0.0.1", brisk.port), timeout=5))

        def answers():
            try:
                return brisk.get("/livez")[0] == 200
            except OSError:
                return False

        eventually(answers, what="the server answers again")
    finally:
        for each in silent:
            each.close()
    brisk.assert_alive()


@pytest.mark.parametrize("leave", [RawConnection.close, RawConnection.reset], ids=["closing", "resetting"])
@pytest.mark.parametrize("sent", ["nothing", "half a head", "half a body", "all"])
def test_clients_that_disconnect_mid_request_do_no_harm(server, client, leave, sent):
    whole_head = head("POST", f"{API}/oauth/tokens", "Content-Length: 1000")
    data = {
        "nothing": b"",
        "half a head": whole_head[:30],
        "half a body": whole_head + b"a" * 500,
        "all": head("DELETE", f"{API}/Jobs?jobid={UNKNOWN}", bearer(client)),
    }[sent]
    for _ in range(20):
        connection = RawConnection(server)
        connection.send(data)
        leave(connection)
    eventually(
        lambda: server.metrics()["ccs_jobstore_connections_open"] < 10,
        what="the connections are given back",
    )


def test_a_client_that_disconnects_while_the_database_works_does_no_harm(server, client, directory, user):
    blocked = [directory.job(user, runs=1) for _ in range(10)]
    blocker = directory.database.connect()
    blocker.cursor().execute(
        "SELECT FROM directory.jobs WHERE job_id = ANY (%s) FOR UPDATE", ([job.id for job in blocked],)
    )
    for job in blocked:
        connection = RawConnection(server)
        connection.send(head("DELETE", f"{API}/Jobs?jobid={job.id}", bearer(client)))
        if job is blocked[-1]:
            directory.database.wait_for_blocked_statement()
        connection.reset()
    server.assert_alive()
    blocker.rollback()
    blocker.close()
    for job in blocked:
        eventually(
            lambda job=job: directory.exists(job) or sum(directory.rows_of(job.history).values()) == 0,
            what="a job is there, or gone with all of its history",
        )


def test_a_client_that_does_not_read_its_answer_is_cut_off(brisk, client, directory, user):
    job = directory.job(user)
    directory.long_history(job, 60_000)
    connection = RawConnection(brisk)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.send(head("GET", f"{API}/jobs/{job.id}/jobruns?count=0", bearer(client)))
    time.sleep(0.5)
    eventually(lambda: brisk.metrics()["ccs_jobstore_connections_open"] <= 1, what="the connection is given up")
    connection.close()
    assert client.delete(job).status_code == 204


def test_many_clients_at_once_that_misbehave_do_not_disturb_a_good_one(server, client, job):
    stop = threading.Event()

    def misbehave(number):
        while not stop.is_set():
            try:
                connection = RawConnection(server, tls=number % 2 == 0, timeout=3)
                connection.send(
                    [b"\0" * 100, b"GET / HTTP/1.1\r\n", head("GET", f"{API}/jobs/x", bearer(client)), b""][number % 4]
                )
                connection.reset()
            except (OSError, AssertionError):
                pass

    threads = [threading.Thread(target=misbehave, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        good = Client(server, client.token)
        for _ in range(100):
            assert good.job(job).status_code == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()
