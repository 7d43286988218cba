"""The start: configuration, schema, systemd, and the administrator's commands."""

import json
import time
import uuid

from harness.client import Client, assert_problem
from harness.directory import ROOTS, SEARCH_TASKS, unique
from harness.server import run_command

# MARK: Starting


def test_a_certificate_that_cannot_be_used_is_named_at_the_start(start_server, database, own_certificate):
    own_certificate.certificate.write_text("nonsense")
    server = start_server(database, certificate=own_certificate, launch_only=True)
    assert server.wait(10) == 78
    assert str(own_certificate.certificate) in server.log_text()


def test_an_unknown_key_of_the_configuration_is_named_at_the_start(start_server, database):
    server = start_server(database, {"listen.prot": 1}, launch_only=True)
    assert server.wait(10) == 78
    assert "listen.prot" in server.log_text()


def test_a_port_that_is_taken_is_named_at_the_start(start_server, server, database):
    second = start_server(database, {"listen.port": server.port}, launch_only=True)
    # EX_TEMPFAIL: systemd tries again.
    assert second.wait(10) == 75
    assert str(server.port) in second.log_text()
    server.assert_alive()


def test_a_password_file_that_is_missing_is_named_at_the_start(start_server, database, tmp_path):
    server = start_server(database, {"database.passwordFile": str(tmp_path / "nothing")}, launch_only=True)
    assert server.wait(10) == 78
    assert server.log_text().endswith(
        f"ccs-jobstore: database.passwordFile names {tmp_path}/nothing, which cannot be read "
        "(No such file or directory); it must be a file that the service's user may read\n"
    )


def test_a_connection_string_that_is_malformed_is_refused_without_showing_it(start_server, database):
    server = start_server(database, {"database.connection": "hots=secret"}, launch_only=True)
    assert server.wait(10) == 78
    assert "database.connection is malformed" in server.log_text()
    assert "secret" not in server.log_text()


def test_an_environment_variable_overrides_the_file(start_server, new_database, directory_of):
    database = new_database()
    server = start_server(database, variables={"CCS_JOBSTORE_TOKENS_ACCESS_LIFETIME_SECONDS": "77"})
    assert Client(server).sign_in(directory_of(database).user())["expires_in"] == 77


# MARK: The schema


def schema_release(database, release, oldest_server):
    """Makes the schema say that it is another release."""
    database.rows(
        "CREATE OR REPLACE FUNCTION directory.schema_release(OUT release text, OUT oldest_server text) "
        f"LANGUAGE sql IMMUTABLE AS $$ VALUES ('{release}', '{oldest_server}') $$"
    )


def test_a_schema_that_is_too_old_is_refused_naming_both(start_server, new_database):
    database = new_database()
    schema_release(database, "0.9.0", "0.1.0")
    server = start_server(database, launch_only=True)
    assert server.wait(20) == 78
    refused = server.events("schemaRefused")[0]
    assert (refused["found"], refused["wanted"]) == ("0.9.0", "1.0.0")


def test_a_schema_that_is_not_deployed_to_its_end_is_refused(start_server, new_database):
    database = new_database()
    database.cluster.migrate("revert", "--to", "erasure", "--yes", "--database", database.name)
    server = start_server(database, launch_only=True)
    assert server.wait(20) == 78
    refused = server.events("schemaRefused")[0]
    assert (refused["found"], refused["wanted"]) == ("none", "1.0.0")


def test_a_schema_that_is_newer_is_refused_naming_both(start_server, new_database):
    database = new_database()
    schema_release(database, "1.2.0", "1.1.0")
    server = start_server(database, launch_only=True)
    assert server.wait(20) == 78
    refused = server.events("schemaRefused")[0]
    assert (refused["found"], refused["wanted"]) == ("1.2.0", "1.0.0")


def test_a_schema_that_is_newer_and_admits_this_release_is_served(start_server, new_database):
    database = new_database()
    schema_release(database, "1.1.0", "1.0.0")
    server = start_server(database)
    status, text = server.get("/readyz")
    assert (status, json.loads(text)) == (200, {"status": "ready", "schema": "1.1.0", "notReady": []})
    # The next one, which the migrations bring while the server runs, does not.
    schema_release(database, "1.2.0", "1.1.0")
    deadline = time.monotonic() + 20
    while server.get("/readyz")[0] == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    answer = json.loads(server.get("/readyz")[1])
    assert answer["schema"] == "1.2.0"
    assert "schema 1.0.0" in answer["notReady"][0]["detail"]


def test_a_database_without_a_schema_is_refused(start_server, cluster, new_database):
    database = new_database()
    database.rows("DROP SCHEMA sqitch, store, audit, auth, directory CASCADE")
    server = start_server(database, launch_only=True)
    assert server.wait(20) == 78
    assert server.events("schemaRefused")[0]["wanted"] == "1.0.0"


def test_a_reverted_and_redeployed_database_is_served(start_server, new_database, directory_of):
    database = new_database()
    database.cluster.migrate("revert", "--all", "--yes", "--database", database.name)
    assert database.value("SELECT to_regclass('directory.jobs')") is None
    database.cluster.migrate("deploy", "--database", database.name)
    database.cluster.migrate("verify", "--database", database.name)
    directory, server = directory_of(database), start_server(database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    assert client.delete(directory.job(user, runs=1)).status_code == 204


# MARK: The administrator's commands and the running server


def test_what_the_commands_change_counts_at_the_next_request(server, database, directory, anonymous):
    name = "TESTS\\" + unique("operator").replace(" ", "-")

    def run(*arguments, standard_input=""):
        result = run_command(server.configuration, *arguments, standard_input=standard_input)
        assert result.returncode == 0, result.stderr
        return result.stdout

    run("users", "add", name, standard_input="first password\n")
    client = Client(server)
    user = type("User", (), {"name": name, "password": "Zmlyc3QgcGFzc3dvcmQ="})
    tokens = client.sign_in(user)
    assert_problem(client.job(uuid.uuid4()), 403)
    directory.role(
        database.value("SELECT user_id FROM directory.users WHERE user_name = %s", name), SEARCH_TASKS, ROOTS.values()
    )
    assert_problem(client.job(uuid.uuid4()), 404)
    run("users", "set-password", name, standard_input="second password\n")
    assert_problem(client.job(uuid.uuid4()), 401)
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    user.password = "c2Vjb25kIHBhc3N3b3Jk"
    client.sign_in(user)
    run("users", "disable", name)
    assert_problem(client.job(uuid.uuid4()), 401)
    assert name in run("users", "list")
