"""Requests beyond the server's bounds of time and number."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import Client, assert_problem
from harness.directory import lock, rows_of_runs
from harness.threads import in_background
from harness.waiting import eventually


def test_a_deletion_that_waits_too_long_for_a_lock_is_503_and_changes_nothing(start_server, new_database, directory_of):
    database = new_database()
    directory, server = (
        directory_of(database),
        start_server(
            database,
            {
                "database.lockTimeoutSeconds": 0.5,
                "database.statementTimeoutSeconds": 60,
                "limits.requestTimeoutSeconds": 60,
            },
        ),
    )
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user, runs=1)
    blocker = lock(job, database)
    started = time.monotonic()
    assert_problem(client.delete(job), 503)
    assert time.monotonic() - started > 0.4
    blocker.rollback()
    assert directory.rows_of(directory.history_of(job)) == rows_of_runs(1)
    assert client.delete(job).status_code == 204


def test_a_request_that_takes_too_long_is_503_and_its_statement_is_cancelled(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    server = start_server(
        database,
        {"limits.requestTimeoutSeconds": 1, "database.lockTimeoutSeconds": 60, "database.statementTimeoutSeconds": 60},
    )
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user, runs=1)
    blocker = lock(job, database)
    started = time.monotonic()
    assert_problem(client.delete(job), 503)
    assert time.monotonic() - started > 0.9
    eventually(
        lambda: (
            database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'", database.name
            )
            == 0
        ),
        what="the statement is cancelled",
    )
    blocker.rollback()
    time.sleep(0.2)
    assert directory.rows_of(directory.history_of(job)) == rows_of_runs(1)
    assert client.delete(job).status_code == 204


@pytest.mark.parametrize(
    "settings",
    [
        {"database.connections": 1, "database.queueLimit": 1, "database.queueTimeoutSeconds": 0.5},
        {"database.connections": 1, "database.queueLimit": 100, "database.queueTimeoutSeconds": 0.5},
        {"limits.requestsInFlight": 1},
    ],
    ids=["a queue of one", "queue for half a second", "one request in flight"],
)
def test_past_its_bounds_the_server_answers_503_and_recovers(start_server, new_database, directory_of, settings):
    database = new_database()
    directory, server = directory_of(database), start_server(database)
    user = directory.user()
    token = Client(server).sign_in(user)["access_token"]
    assert server.stop() == 0
    server = start_server(
        database, {"database.lockTimeoutSeconds": 15, "deletion.eraserPollSeconds": 3600, **settings}, ready=False
    )
    client, second = Client(server, token), Client(server, token)
    job = directory.job(user, runs=1)
    eventually(lambda: client.job(job).status_code == 200, what="the server works")
    blocker = lock(job, database)
    # The server's own statements may have the one connection and the one place behind it: then it is refused, too.
    answers = iter(lambda: client.delete(job), None)
    deletion = in_background(lambda: next(answer for answer in answers if answer.status_code != 503))
    database.wait_for_blocked_statement()
    assert_problem(second.job(job), 503)
    assert not deletion.done(), "it is refused while the other one still has what it wants"
    blocker.rollback()
    assert deletion().status_code == 204
    assert_problem(second.job(job), 404)


def test_a_burst_of_two_hundred_clients_is_served(server, client, user, directory):
    jobs = [directory.job(user) for _ in range(200)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda job: Client(server, client.token).delete(job).status_code, jobs))
    assert set(answers) == {204}
