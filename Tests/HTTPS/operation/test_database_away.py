"""A database that goes and comes back."""

import socket
import uuid

import pytest

from harness.client import Client, assert_problem
from harness.directory import NO_ROWS, lock, rows_of_runs
from harness.postgres_proxy import marks
from harness.threads import in_background
from harness.waiting import eventually


def assert_unavailable(response):
    """503 with Retry-After, without the reason."""
    problem = assert_problem(response, 503)
    for word in ("socket", "/tmp", "libpq", "FATAL", "psql"):
        assert word not in response.text
    return problem


def test_a_server_starts_without_its_database_and_is_ready_once_it_comes(
    start_server, own_cluster, own_database, directory_of
):
    directory = directory_of(own_database)
    user = directory.user()
    job = directory.job(user, runs=1)
    own_cluster.stop()
    server = start_server(own_database, ready=False)
    assert server.get("/livez")[0] == 200
    status, text = server.get("/readyz")
    assert status == 503
    assert "database" in text
    client = Client(server, "A" * 43)
    assert_unavailable(client.delete(job))
    assert_unavailable(client.token_request(f"grant_type=password&username={user.name}&password={user.password}"))
    assert server.metrics()
    server.wait_for_event("databaseConnectFailed")
    own_cluster.start()
    server.wait_until_ready()
    client.sign_in(user)
    assert client.delete(job).status_code == 204


def test_the_log_tells_the_pause_before_the_next_attempt(start_server, database):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        string = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=ccs_jobstore"
        # The question for the schema has waited as long as the attempt, about.
        limits = {"database.connectTimeoutSeconds": 2, "database.queueTimeoutSeconds": 2.1}
        server = start_server(database, {"database.connection": string, **limits}, ready=False)
        # The first pause is 0.2 s.
        assert server.wait_for_event("databaseConnectFailed")["retrySeconds"] > 0.15


def test_a_server_without_its_database_stops_in_order(start_server, own_cluster, own_database):
    own_cluster.stop()
    server = start_server(own_database, {"shutdown.drainSeconds": 90}, ready=False)
    server.get("/readyz")
    # Long before the drain time ends.
    assert server.stop(seconds=30) == 0


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_a_database_that_goes_and_comes_back_costs_503_and_nothing_else(
    start_server, own_cluster, own_database, directory_of, how
):
    directory, server = directory_of(own_database), start_server(own_database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    jobs = [directory.job(user, runs=1) for _ in range(3)]
    assert client.delete(jobs[0]).status_code == 204
    if how == "kill":
        own_cluster.kill()
    else:
        own_cluster.stop(how)
    for _ in range(3):
        assert_unavailable(client.delete(jobs[1]))
    assert_unavailable(client.job(jobs[1]))
    status, text = server.get("/readyz")
    assert (status, "database" in text) == (503, True)
    assert server.get("/livez")[0] == 200
    assert "ccs_jobstore_purges_waiting" not in server.metrics()
    own_cluster.start()
    server.wait_until_ready()
    assert directory.exists(jobs[1])
    assert client.delete(jobs[1]).status_code == 204
    assert client.job(jobs[2]).status_code == 200
    assert server.events("databaseLost")
    assert server.stop() == 0


def test_connections_that_an_administrator_ends_are_replaced(start_server, new_database, directory_of):
    database = new_database()
    directory, server = directory_of(database), start_server(database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    for _ in range(5):
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'ccs_jobstore'",
            database.name,
        )
        eventually(lambda: client.job(uuid.uuid4()).status_code == 404, what="the server works again")
    job = directory.job(user)
    assert client.delete(job).status_code == 204


def test_a_connection_lost_during_the_transaction_changes_nothing(start_server, new_database, directory_of):
    database = new_database()
    directory, server = directory_of(database), start_server(database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user, runs=2)
    blocker = lock(job, database)
    deletion = in_background(lambda: client.delete(job))
    database.wait_for_blocked_statement()
    database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
        database.name,
    )
    assert_unavailable(deletion())
    blocker.rollback()
    assert directory.history_of(job) == job.history
    assert directory.rows_of(job.history) == rows_of_runs(2)
    eventually(lambda: client.delete(job).status_code == 204, what="a second attempt succeeds")


@pytest.mark.parametrize("moment", ["before", "during", "after"])
@pytest.mark.parametrize("value", ["True", "False"])
def test_a_connection_lost_around_the_transaction_leaves_all_or_nothing(
    start_server, new_database, directory_of, postgres_proxy, moment, value
):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database, socket_folder=postgres_proxy.folder)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job, other = directory.job(user, runs=2), directory.job(user, runs=1)
    postgres_proxy.arm(marks(job), moment)
    response = client.delete(job, DeleteJob=value)
    assert postgres_proxy.cuts == 1
    # The server may retry where that is safe; otherwise the outcome is unknown, and it says so.
    if response.status_code != 204:
        assert assert_unavailable(response)["outcome"] == "unknown"

    # A statement sent before the cut may still be running.
    eventually(
        lambda: (
            database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = 'ccs_jobstore' AND state <> 'idle'",
                database.name,
            )
            == 0
        ),
        what="PostgreSQL has finished",
    )

    def consistent():
        histories = [row[0] for row in database.rows("SELECT history_id FROM directory.jobs WHERE job_id = %s", job.id)]
        rows = directory.rows_of(job.history)
        if histories == [job.history]:
            return rows == rows_of_runs(2)
        return rows == NO_ROWS and bool(histories) == (value == "False")

    eventually(consistent, what="all of the deletion has happened, or nothing")
    done = directory.rows_of(job.history) == NO_ROWS
    if moment == "before" and response.status_code == 503:
        assert not done
    if moment == "after":
        assert done, "the transaction was committed"
    if response.status_code == 204:
        assert done
    # The server works again.
    again = eventually(
        lambda: (status := client.delete(job, DeleteJob=value).status_code) != 503 and status,
        what="the server works again",
    )
    # A statement that was cut off may have committed after the check.
    allowed = {404} if done and value == "True" else {204}
    assert again in (allowed | {404} if moment == "during" and value == "True" else allowed)
    assert directory.rows_of(other.history) == rows_of_runs(1)
