"""PgBouncer in front of the database: session mode works, the other modes are recognised and refused."""

import uuid

import pytest

from harness.client import Client
from harness.directory import lock
from harness.pgbouncer import PgBouncer
from harness.server import run_command
from harness.threads import in_background
from harness.waiting import eventually


@pytest.fixture
def pgbouncer(cluster):
    """Starts PgBouncer in a mode."""
    started = []

    def start(mode, **options):
        started.append(PgBouncer(cluster, mode, **options))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.mark.parametrize("further", ["", "ignore_startup_parameters = options,extra_float_digits"])
def test_session_mode_works_and_the_time_limits_are_set(start_server, new_database, directory_of, pgbouncer, further):
    database = new_database()
    directory, bouncer = directory_of(database), pgbouncer("session", further=further)
    server = start_server(database, {"database.lockTimeoutSeconds": 1}, socket_folder=bouncer.socket_folder)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    for answer in [in_background(lambda: Client(server, client.token).job(uuid.uuid4())) for _ in range(20)]:
        assert answer().status_code == 404
    job = directory.job(user)
    blocker = lock(job, database)
    # lock_timeout ends the wait.
    assert client.delete(job).status_code == 503
    blocker.rollback()
    assert client.delete(job).status_code == 204
    assert server.stop() == 0


def test_a_pooler_with_few_sessions_is_not_taken_for_another_mode(start_server, new_database, pgbouncer):
    database = new_database()
    bouncer = pgbouncer("session", size=1)
    server = start_server(database, socket_folder=bouncer.socket_folder)
    assert server.get("/readyz")[0] == 200


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_mode_without_sessions_is_refused_with_a_sentence(start_server, new_database, pgbouncer, mode):
    database = new_database()
    bouncer = pgbouncer(mode)
    server = start_server(database, socket_folder=bouncer.socket_folder, ready=False)

    def says_session_mode():
        status, text = server.get("/readyz")
        return status == 503 and "session mode" in text

    eventually(says_session_mode, what="readiness names the mode that is needed")
    server.wait_for_event("databaseConnectFailed", lambda line: "pool_mode = session" in str(line))
    assert Client(server, "A" * 43).job(uuid.uuid4()).status_code == 503
    string = f"host={bouncer.socket_folder} dbname={database.name} user=ccs_jobstore_admin"
    server.write_configuration(**{"administration.connection": string})
    users = run_command(server.configuration, "users", "list")
    assert users.returncode != 0
    assert "pool_mode = session" in users.stderr
