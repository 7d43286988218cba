"""What systemd is told: readiness, life, reloads and the end, and the line of `systemctl status`."""

import signal
import time

import pytest

from harness.service_manager import run_reload
from harness.waiting import eventually

SUCCESSFUL = "ccs_jobstore_config_last_reload_successful"
SUCCEEDED_AT = "ccs_jobstore_config_last_reload_success_timestamp_seconds"


def is_ready(message):
    return message.get("READY") == "1"


# MARK: The start


def test_systemd_is_told_of_readiness_life_reload_and_end(start_server, new_database, service_manager):
    server = start_server(new_database(), variables=service_manager.variables | {"WATCHDOG_USEC": "400000"})
    assert service_manager.hear(is_ready, "READY")["STATUS"] == f"Serving on port {server.port}."
    service_manager.hear(lambda message: "WATCHDOG" in message, "WATCHDOG")
    server.signal(signal.SIGHUP)
    reloading = service_manager.hear(lambda message: "RELOADING" in message, "RELOADING")
    # Type=notify-reload requires the time.
    assert "MONOTONIC_USEC" in reloading
    service_manager.hear(is_ready, "READY")
    server.signal(signal.SIGTERM)
    service_manager.hear(lambda message: "STOPPING" in message, "STOPPING")
    assert server.wait() == 0


@pytest.mark.parametrize("release", [None, "0.9.0", "7.0.0"])
def test_a_wrong_schema_is_refused_before_systemd_hears_of_readiness(
    start_server, new_database, service_manager, release
):
    database = new_database()
    if release:
        database.rows(
            "CREATE OR REPLACE FUNCTION directory.schema_release(OUT release text, OUT oldest_server text) "
            f"LANGUAGE sql IMMUTABLE AS $$ VALUES ('{release}', '{release}') $$"
        )
    else:
        database.rows("DROP SCHEMA sqitch, store, audit, auth, directory CASCADE")
    server = start_server(database, variables=service_manager.variables, launch_only=True)
    assert server.wait() == 78
    heard = service_manager.read()
    assert not any(is_ready(message) for message in heard)
    statuses = [message["STATUS"] for message in heard if "STATUS" in message]
    assert not any("Serving" in status for status in statuses)
    remedy = "install the server's release 7.0.0" if release == "7.0.0" else "migrate deploy"
    assert statuses[-1].startswith("Not started. The database has") and remedy in statuses[-1]
    assert remedy in server.events("schemaRefused")[0]["detail"]


def test_a_server_is_ready_once_its_database_has_come(start_server, own_cluster, own_database, service_manager):
    own_cluster.stop()
    server = start_server(own_database, variables=service_manager.variables, ready=False)
    service_manager.hear_status("Waiting for the database. The database cannot be reached.", "503")
    # A reload meanwhile is no readiness.
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    assert not any(is_ready(message) for message in service_manager.read())
    own_cluster.start()
    assert service_manager.hear(is_ready, "READY")["STATUS"] == f"Serving on port {server.port}."
    own_cluster.stop("immediate")
    service_manager.hear_status(f"Serving on port {server.port}. The database cannot be reached.")
    own_cluster.start()
    service_manager.hear(lambda message: message.get("STATUS") == f"Serving on port {server.port}.", "the old status")


def test_a_schema_that_cannot_be_read_is_said_and_waited_for(start_server, new_database, service_manager):
    database = new_database()
    database.rows("REVOKE USAGE ON SCHEMA directory FROM ccs_jobstore")
    server = start_server(database, variables=service_manager.variables, ready=False)
    service_manager.hear_status("The database's schema cannot be read", "permission denied")
    assert "permission denied" in server.events("schemaRefused")[0]["detail"]
    assert not any(is_ready(message) for message in service_manager.read())
    database.rows("GRANT USAGE ON SCHEMA directory TO ccs_jobstore")
    assert service_manager.hear(is_ready, "READY")["STATUS"] == f"Serving on port {server.port}."


# MARK: Reloads


def test_a_refused_reload_fails_and_shows_in_the_status_and_the_metrics(start_server, new_database, service_manager):
    server = start_server(new_database(), variables=service_manager.variables)
    service_manager.hear(is_ready, "READY")
    started = server.metrics()
    assert (started[SUCCESSFUL], started[SUCCEEDED_AT]) == (1, started["process_start_time_seconds"])

    server.write_configuration(**{"log.level": "loud", "listen.threads": 0})
    result = run_reload(server)
    assert result.returncode == 78
    problems = [line.removeprefix("ccs-jobstore: ") for line in result.stderr.splitlines()]
    assert len(problems) == 2 and any("log.level" in problem for problem in problems)
    # Both in one line: a second one would be another assignment.
    status = service_manager.hear_status(f"Serving on port {server.port}. The last reload was refused:", *problems)
    assert is_ready(status)
    refused = server.metrics()
    assert (refused[SUCCESSFUL], refused[SUCCEEDED_AT]) == (0, started[SUCCEEDED_AT])

    server.write_configuration(**{"log.level": "info", "listen.threads": 2})
    assert run_reload(server).returncode == 0
    service_manager.hear(lambda message: message.get("STATUS") == f"Serving on port {server.port}.", "the old status")
    accepted = eventually(lambda: (now := server.metrics())[SUCCESSFUL] == 1 and now, what="the metric is 1 again")
    assert started[SUCCEEDED_AT] < accepted[SUCCEEDED_AT] <= time.time()


def test_a_reload_with_a_certificate_that_cannot_be_served_fails(start_server, new_database, own_certificate):
    server = start_server(new_database(), certificate=own_certificate)
    own_certificate.certificate.write_text("nonsense")
    result = run_reload(server)
    assert result.returncode == 78
    assert str(own_certificate.certificate) in result.stderr
    server.wait_for_event("reloadRefused")
    assert server.is_alive()


def test_the_status_of_a_refusal_of_any_length_is_heard(start_server, new_database, service_manager):
    server = start_server(new_database(), variables=service_manager.variables)
    service_manager.hear(is_ready, "READY")
    server.configuration.write_text("{" + ",".join(f"'nonsense{number}': 1" for number in range(500)) + "}")
    server.signal(signal.SIGHUP)
    service_manager.hear_status("The last reload was refused", "nonsense1")
