"""Claims that wait for a run."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import assert_problem
from harness.collecting import CLAIM, Collector, claim, expire, post, queue, queue_many, run_row, waiting
from harness.threads import in_background
from harness.waiting import eventually


def test_a_claim_that_waits_gets_a_run_soon_after_it_was_started(collector, directory):
    for _ in range(3):
        answer = in_background(lambda: (claim(collector, WaitSeconds=30), time.monotonic()))
        waiting(collector.server, 1)
        run = queue(directory)
        started = time.monotonic()
        (found,), ended = answer()
        assert found["JobRunID"] == str(run)
        assert ended - started < 15, "not only when its wait was over"


def test_a_claim_that_waits_gets_a_run_soon_after_its_lease_ran_out(collector, directory):
    run = queue(directory)
    claim(collector)
    answer = in_background(lambda: claim(collector.another(), WaitSeconds=20))
    waiting(collector.server, 1)
    expire(directory, run)
    (found,) = answer()
    assert (found["JobRunID"], found["Attempt"]) == (str(run), 2)


def test_a_claim_waits_as_long_as_it_asked_to_and_then_is_answered_with_an_empty_list(collector, directory):
    longer = in_background(lambda: claim(collector.another(), WaitSeconds=20))
    waiting(collector.server, 1)
    started = time.monotonic()
    assert claim(collector, WaitSeconds=2) == []
    assert time.monotonic() - started > 1.9
    assert not longer.done()
    queue(directory)
    assert len(longer()) == 1


def test_a_claim_that_finds_work_does_not_wait_for_more(collector, directory):
    queue(directory)
    started = time.monotonic()
    assert len(claim(collector, Count=10, WaitSeconds=30)) == 1
    assert time.monotonic() - started < 15, "not when its wait was over"


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
        # PostgreSQL updates the statistics of an idle connection up to ten seconds late.
        time.sleep(11)
        calls = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        before, began = directory.database.value(calls), time.monotonic()
        time.sleep(2)
        assert collector.server.metrics()["ccs_jobstore_pool_queue_length"] == 0
        # Two polls a second and the server's other work, not two polls for each of them.
        assert directory.database.value(calls) - before < 75 * (time.monotonic() - began)
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
    """A connection with a waiting claim."""
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
    server = start_server(queue_database, {"shutdown.drainSeconds": 90})
    collector = Collector(server, directory)
    answers = [in_background(lambda: post(collector.another(), CLAIM, {"WaitSeconds": 30})) for _ in range(5)]
    waiting(server, 5)
    # Long before the drain time or a wait ends.
    assert server.stop(seconds=20) == 0
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
    # What is told to come again is a claim whose first look at the queue fails; this one has had it.
    looks = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%%store.claim_runs%%'"
    eventually(lambda: own_database.value(looks) == 1, what="the claim has looked at the queue")
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


def test_a_wait_ends_with_the_right_of_its_caller(collector, directory):
    leaver = Collector(collector.server, directory)
    answer = in_background(lambda: post(leaver, CLAIM, {"WaitSeconds": 30}, timeout=90))
    waiting(collector.server, 1)
    directory.disable(leaver.user)
    started = time.monotonic()
    assert_problem(answer(), 401)
    assert time.monotonic() - started < 25, "not only when its wait was over"
    run = queue(directory)
    (found,) = claim(collector)
    assert found["JobRunID"] == str(run)


def test_a_run_is_not_handed_to_a_caller_who_has_lost_the_right_meanwhile(collector, directory):
    leaver = Collector(collector.server, directory)
    answer = in_background(lambda: post(leaver, CLAIM, {"WaitSeconds": 30}, timeout=90))
    waiting(collector.server, 1)
    directory.disable(leaver.user)
    run = queue(directory)
    assert_problem(answer(), 401)
    (found,) = claim(collector, WaitSeconds=30)
    assert found["JobRunID"] == str(run)


def test_the_claims_of_one_collector_leave_places_to_those_of_others(start_server, queue_database, directory):
    # Half of the requests in flight may wait, half of these for one user.
    server = start_server(queue_database, {"limits.requestsInFlight": 16})
    greedy, other = Collector(server, directory), Collector(server, directory)
    waits = [in_background(lambda: post(greedy.another(), CLAIM, {"WaitSeconds": 25})) for _ in range(4)]
    waiting(server, 4)
    assert_problem(post(greedy.another(), CLAIM, {"WaitSeconds": 25}), 503)
    run = in_background(lambda: claim(other, WaitSeconds=25))
    waiting(server, 5)
    for _ in range(5):
        queue(directory)
    assert len(run()) == 1
    assert [answer().status_code for answer in waits] == [200] * 4
