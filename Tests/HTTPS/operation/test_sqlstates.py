"""What the database refuses a deletion with, and what the client is told."""

import pytest

from harness.client import Client, assert_problem

RAISE = """
CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE 'refused' USING ERRCODE = '%s'; END $$;
CREATE OR REPLACE TRIGGER refuse BEFORE UPDATE OR DELETE ON directory.jobs FOR EACH ROW EXECUTE FUNCTION public.refuse()
"""


@pytest.fixture(scope="module")
def refusing_database(cluster):
    database = cluster.new_database("refusing")
    yield database
    cluster.drop_database(database)


@pytest.mark.parametrize(
    "state",
    ["53100", "53200", "53300", "57P03", "55P03", "40001", "40P01", "25006", "58P01", "58030", "26000"],
)
def test_what_another_attempt_may_mend_is_503_and_nothing_has_changed(
    start_server, refusing_database, directory_of, state
):
    directory, server = directory_of(refusing_database), start_server(refusing_database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user)
    refusing_database.rows(RAISE % state)
    assert "outcome" not in assert_problem(client.delete(job), 503)
    refusing_database.rows("DROP TRIGGER refuse ON directory.jobs")
    assert client.delete(job).status_code == 204
    assert server.stop() == 0


@pytest.mark.parametrize("state", ["57P01", "57P02", "08006"])
def test_a_session_that_ends_during_a_deletion_leaves_its_outcome_unknown(
    start_server, refusing_database, directory_of, state
):
    directory, server = directory_of(refusing_database), start_server(refusing_database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user)
    refusing_database.rows(RAISE % state)
    assert assert_problem(client.delete(job), 503)["outcome"] == "unknown"
    refusing_database.rows("DROP TRIGGER refuse ON directory.jobs")
    assert client.delete(job).status_code == 204
    assert server.stop() == 0


@pytest.mark.parametrize("state", ["22012", "53400", "XX001"])
def test_a_fault_is_500(start_server, refusing_database, directory_of, state):
    directory, server = directory_of(refusing_database), start_server(refusing_database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user)
    refusing_database.rows(RAISE % state)
    assert_problem(client.delete(job), 500)
    refusing_database.rows("DROP TRIGGER refuse ON directory.jobs")
    assert client.delete(job).status_code == 204
    assert server.stop() == 0
