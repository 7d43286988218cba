"""What waits in memory has a limit, and what was used goes back."""

import socket
import time

import pytest

from harness.bad_input import bearer
from harness.client import API, Client, assert_problem
from harness.raw_http import RawConnection, head
from harness.waiting import eventually

MEGABYTE = 1_000_000
BODY = 1_048_576


def resident(server):
    return server.metrics()["process_resident_memory_bytes"]


def waiting(server):
    return server.metrics()["ccs_jobstore_waiting_bytes"]


def test_bodies_of_people_without_a_right_are_not_kept(own, directory):
    server, client = own()
    stranger = Client(server)
    stranger.sign_in(directory.user(tasks=()))
    before = resident(server)
    held = []
    for fields in ([], [bearer(stranger)], ["Authorization: Bearer nonsense"]):
        for _ in range(40):
            connection = RawConnection(server)
            connection.send(head("POST", f"{API}/Jobs", f"Content-Length: {BODY}", *fields) + b" " * (BODY - 1))
            held.append(connection)
    # Each of the 120 has all of its body but one byte here.
    assert resident(server) - before < 30 * MEGABYTE
    assert waiting(server) < MEGABYTE
    for connection, status in zip(held, [401] * 40 + [403] * 40 + [401] * 40):
        connection.send(b" ")
        assert connection.answer().status == status
        connection.close()


def test_bodies_that_mean_nothing_are_not_kept(own):
    server, client = own()
    before = resident(server)
    held = []
    for _ in range(60):
        connection = RawConnection(server)
        connection.send(head("GET", "/livez", f"Content-Length: {BODY}") + b" " * (BODY - 1))
        held.append(connection)
    assert resident(server) - before < 20 * MEGABYTE
    for connection in held:
        connection.send(b" ")
        assert connection.answer().status == 200
        connection.close()


def test_beyond_the_memory_for_waiting_bodies_requests_are_503_until_there_is_room(own):
    server, client = own({"limits.memoryBytes": 3 * BODY // 2})
    request = head("POST", f"{API}/Jobs", f"Content-Length: {BODY}", bearer(client))
    with RawConnection(server) as first:
        first.send(request + b" " * (BODY - 1))
        eventually(lambda: waiting(server) > BODY - 100_000, what="the first body waits")
        with RawConnection(server) as second:
            second.send(request + b" " * BODY)
            answer = second.answer()
            assert answer.status == 503 and answer.headers["Retry-After"]
        first.send(b"{")
        assert first.answer().status == 400
    eventually(lambda: waiting(server) < 100_000, what="the memory is free again")
    assert_problem(client.post(f"{API}/Jobs", json={}), 400)


def test_small_requests_are_answered_although_the_memory_is_used_up(own, directory):
    server, client = own({"limits.memoryBytes": 3 * BODY // 2})
    held = []
    for length in (BODY, BODY // 2 - 4096):
        connection = RawConnection(server)
        connection.send(head("POST", f"{API}/Jobs", f"Content-Length: {length}", bearer(client)) + b" " * (length - 1))
        held.append(connection)
    eventually(lambda: waiting(server) > 3 * BODY // 2 - 20_000, what="both bodies wait")
    assert_problem(client.post(f"{API}/Jobs", json={}), 400)
    other = Client(server)
    other.sign_in(directory.user())
    for connection in held:
        connection.close()


def test_memory_goes_back_after_a_load(own):
    server, client = own()
    request = head("POST", f"{API}/Jobs", f"Content-Length: {BODY}", bearer(client))
    held = [RawConnection(server) for _ in range(90)]
    for connection in held:
        connection.send(request + b"[" * (BODY - 1))
    eventually(lambda: waiting(server) > 80 * BODY, what="the bodies wait")
    assert resident(server) > 90 * MEGABYTE
    for connection in held:
        connection.send(b"{")
        assert connection.answer().status == 400
        connection.close()
    eventually(lambda: resident(server) < 70 * MEGABYTE, what="the memory is back", seconds=60, pause=1)


def test_a_slow_reader_is_cut_only_if_it_is_slower_than_the_least_rate(own, directory):
    server, client = own({"limits.requestTimeoutSeconds": 2, "limits.leastBytesPerSecond": 100_000})
    reader = Client(server)
    user = directory.user()
    reader.sign_in(user)
    job = directory.job(user)
    directory.long_history(job, 60_000)
    request = head("GET", f"{API}/jobs/{job.id}/jobruns?count=0", bearer(reader))

    def read(rate, seconds):
        """Reads so many bytes a second; returns what has come when the answer or the connection ends."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        raw.connect(("127.0.0.1", server.port))
        with server.tls_context().wrap_socket(raw, server_hostname="localhost") as connection:
            connection.sendall(request)
            received, started = 0, time.monotonic()
            while time.monotonic() - started < seconds:
                try:
                    piece = connection.recv(16384)
                except OSError:
                    break
                if not piece:
                    break
                received += len(piece)
                time.sleep(max(0, started + received / rate - time.monotonic()))
            return received, time.monotonic() - started

    whole = len(reader.get(f"{API}/jobs/{job.id}/jobruns?count=0").content)
    assert whole > 8 * MEGABYTE
    # The kernel holds some megabytes back, so that a reader is not seen to be slow at once.
    received, seconds = read(2 * MEGABYTE, 60)
    assert received >= whole and seconds > 3, "a steady reader was cut"
    received, _ = read(20_000, 60)
    assert received < whole, "a reader below the least rate was not cut"


def test_clients_that_leave_within_a_body_keep_no_memory(own):
    server, client = own()
    request = head("POST", f"{API}/Jobs", f"Content-Length: {BODY}", bearer(client))
    held = [RawConnection(server) for _ in range(20)]
    for connection in held:
        connection.send(request + b" " * 100_000)
    eventually(lambda: waiting(server) > 1_900_000, what="the bodies wait")
    for connection in held:
        connection.reset()
    eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] <= 1, what="all are answered")
    # The answers that nobody gets are not counted, either.
    eventually(lambda: waiting(server) == 0, what="all memory is free")
