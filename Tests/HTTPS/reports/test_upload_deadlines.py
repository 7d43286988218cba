"""Stalled uploads, unauthorized uploads, and uploads beyond the limits."""

import threading
import time
import uuid

import pytest

from harness.client import API, Client, assert_problem
from harness.raw_http import RawConnection, head
from harness.reports import COLLECTOR_TASK, ClaimedRun, results, stored
from harness.waiting import eventually

SHORT = {"limits.bodyTimeoutSeconds": 1.5, "limits.bulkTimeoutSeconds": 60, "limits.requestTimeoutSeconds": 2}


@pytest.fixture
def place(start_server, new_database, directory_of):
    """Starts a server with settings; returns it, a collector and a function that creates claimed runs."""

    def start(settings):
        database = new_database()
        directory = directory_of(database)
        server = start_server(database, settings)
        collector = Client(server)
        collector.sign_in(directory.user(tasks=(COLLECTOR_TASK,)))
        owner = directory.user()
        return server, collector, lambda: ClaimedRun(directory, owner)

    return start


def begin_upload(server, client, run, length=100_000_000, *lines):
    connection = RawConnection(server)
    connection.send(
        head("POST", run.path("results"), f"Authorization: Bearer {client.token}", f"Content-Length: {length}", *lines)
    )
    return connection


def test_uploads_that_stand_still_give_their_places_up(place):
    server, collector, new_run = place({**SHORT, "limits.bodyTimeoutSeconds": 5, "collectors.maximumUploads": 2})
    run, silent = new_run(), []

    def answer():
        return run.report(Client(server, collector.token), "results", results(1)).status_code

    def no_place_is_left():
        # An upload may have found the place taken by the question before, so that each question has a new one.
        silent.append(begin_upload(server, collector, new_run()))
        silent[-1].send(results(10))
        return answer() == 503

    eventually(no_place_is_left, what="both places are taken")
    eventually(
        lambda: answer() == 200,
        what="a place is free, long before an upload's own time is over",
    )
    for connection in silent:
        connection.wait_for_end()


def test_an_upload_that_keeps_to_the_least_rate_is_not_cut_however_long_it_takes(place):
    server, collector, new_run = place({**SHORT, "limits.bodyTimeoutSeconds": 3, "limits.leastBytesPerSecond": 100})
    run, body = new_run(), results(20)
    with begin_upload(server, collector, run, len(body)) as connection:
        for start in range(0, len(body), len(body) // 8 + 1):
            connection.send(body[start : start + len(body) // 8 + 1])
            time.sleep(0.6)
        assert connection.answer().status == 200
    assert run.count() == 20


def test_an_upload_that_we_do_not_read_is_not_late(place):
    server, collector, new_run = place({**SHORT, "database.lockTimeoutSeconds": 10})
    run, body = new_run(), results(60_000)
    connection = run.directory.database.connect()
    connection.cursor().execute("LOCK TABLE store.evaluation_results IN ACCESS EXCLUSIVE MODE")
    answers = []
    upload = threading.Thread(target=lambda: answers.append(run.report(collector, "results", body)))
    upload.start()
    time.sleep(4)
    connection.rollback()
    upload.join()
    stored(answers[0], 60_000)


@pytest.mark.parametrize(
    "target",
    [f"{API}/jobs", f"{API}/jobruns/{uuid.uuid4()}/results?lease={uuid.uuid4()}&batch=1"],
    ids=["jobs", "results"],
)
def test_without_a_token_a_slow_body_has_the_time_of_any_body_and_no_more(place, target):
    server, _, _ = place(SHORT)
    with RawConnection(server) as connection:
        connection.send(head("POST", target, "Content-Length: 100000000"))
        began = time.monotonic()
        # An upload would have 60 s.
        while not connection.ended:
            assert time.monotonic() - began < 30
            connection.send(b" ")
            time.sleep(0.1)
        assert time.monotonic() - began > 1


def test_when_there_is_no_room_a_client_that_waits_for_100_Continue_hears_it_at_once(place):
    server, collector, new_run = place({"limits.requestsInFlight": 1})

    def claim():
        while collector.post(f"{API}/jobruns/claim", json={"Count": 1, "WaitSeconds": 10}).status_code == 503:
            pass

    waiting = threading.Thread(target=claim)
    waiting.start()
    eventually(lambda: server.get("/livez")[0] == 503, what="the claim takes the room")
    with begin_upload(server, collector, new_run(), 500_000_000, "Expect: 100-continue") as connection:
        assert connection.answer().status == 503
        assert waiting.is_alive(), "the claim still takes the room"
    waiting.join()


def test_those_that_wait_for_work_leave_room_for_others(place):
    server, collector, new_run = place({"limits.requestsInFlight": 8})
    answers = []
    claims = [
        threading.Thread(
            target=lambda: answers.append(
                Client(server, collector.token).post(f"{API}/jobruns/claim", json={"Count": 1, "WaitSeconds": 10})
            )
        )
        for _ in range(6)
    ]
    for claim in claims:
        claim.start()
    eventually(lambda: len(answers) == 4, what="four claims are refused")
    # A quarter of the capacity is for one user; half is left for what does not wait.
    assert collector.get(f"{API}/openapi.json").status_code == 200
    stored(new_run().report(collector, "results", results(1)), 1)
    for claim in claims:
        claim.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503, 503]
    assert_problem(next(answer for answer in answers if answer.status_code == 503), 503)


def drip_upload(connection, pause, seconds):
    """Sends a byte of a row again and again until the connection ends; for how long."""
    started = time.monotonic()
    while not connection.ended and time.monotonic() - started < seconds:
        connection.send(b" ")
        time.sleep(pause)
        connection._receive_some()
    return time.monotonic() - started


def test_an_upload_slower_than_the_least_rate_is_ended(place):
    server, collector, new_run = place(SHORT)
    with begin_upload(server, collector, new_run()) as connection:
        # Long before limits.bulkTimeoutSeconds, though no pause is as long as limits.bodyTimeoutSeconds.
        assert drip_upload(connection, 0.3, 40) < 30


def test_slow_uploads_of_one_collector_give_way_to_those_of_others(place):
    server, collector, new_run = place({"collectors.maximumUploads": 4})
    slow = []
    for _ in range(4):
        connection = begin_upload(server, collector, new_run())
        connection.send(results(1))
        slow.append(connection)

    def is_stored():
        return new_run().report(Client(server, collector.token), "results", results(1)).status_code == 200

    # Every one of the four would have its place for limits.bodyTimeoutSeconds, 30.
    started = time.monotonic()
    eventually(is_stored, what="a slow upload gives way", seconds=25)
    assert time.monotonic() - started < 25
    for connection in slow:
        connection.close()


def test_a_collector_with_many_uploads_leaves_a_place_to_others(place):
    server, collector, new_run = place({"collectors.maximumUploads": 2})
    other = Client(server)
    other.sign_in(new_run().directory.user(tasks=(COLLECTOR_TASK,)))
    with begin_upload(server, collector, new_run()) as connection:
        connection.send(results(1))
        eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] >= 2, what="it is under way")
        # The same collector waits, another does not.
        assert_problem(new_run().report(collector, "results", results(1)), 503)
        stored(new_run().report(other, "results", results(1)), 1)
