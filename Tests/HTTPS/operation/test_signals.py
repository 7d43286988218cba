"""SIGTERM and SIGHUP."""

import signal
import threading
import time

import pytest
import requests

from harness.client import Client
from harness.connections import KeptConnection, presented_certificate
from harness.directory import NO_ROWS, lock, rows_of_runs
from harness.raw_http import RawConnection, head
from harness.threads import in_background
from harness.waiting import eventually

# MARK: SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_ends_an_idle_server_at_once_and_in_order(start_server, new_database, number):
    server = start_server(new_database(), {"shutdown.drainSeconds": 90})
    kept = KeptConnection(server)
    assert kept.get("/livez")[0] == 200
    server.signal(number)
    # Long before the drain time ends.
    assert server.wait(seconds=30) == 0
    assert [line["event"] for line in server.log_lines()][-1] == "stopped"
    assert server.events("draining")


def test_requests_in_progress_are_answered_before_the_server_stops(start_server, new_database, directory_of):
    database = new_database()
    directory, server = directory_of(database), start_server(database)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user, runs=2)
    blocker = lock(job, database)
    deletion = in_background(lambda: client.delete(job))
    database.wait_for_blocked_statement()
    server.signal(signal.SIGTERM)
    server.wait_for_event("draining")

    def refuses():
        try:
            return server.get("/livez")[0] == 503
        except OSError:
            return True

    eventually(refuses, what="new connections are refused")
    assert server.is_alive()
    blocker.rollback()
    assert deletion().status_code == 204
    assert server.wait() == 0
    assert not directory.exists(job)
    assert directory.rows_of(job.history) == NO_ROWS


def test_a_request_that_takes_too_long_does_not_keep_the_server_from_stopping(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    server = start_server(
        database,
        {"shutdown.drainSeconds": 1, "database.lockTimeoutSeconds": 60, "database.statementTimeoutSeconds": 60},
    )
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user, runs=2)
    blocker = lock(job, database)

    def attempt():
        try:
            return client.delete(job).status_code
        except requests.RequestException:
            return "cut"

    deletion = in_background(attempt)
    database.wait_for_blocked_statement()
    started = time.monotonic()
    server.signal(signal.SIGTERM)
    # Long before the deletion's own limits of 60 s.
    assert server.wait(seconds=30) >= 0, "it has to end by itself"
    assert time.monotonic() - started > 0.9
    assert deletion() in ("cut", 503)
    blocker.rollback()
    blocker.close()
    eventually(
        lambda: (
            database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = 'ccs_jobstore'", database.name
            )
            == 0
        ),
        what="the server's connections are gone",
    )
    assert directory.exists(job)
    assert directory.rows_of(directory.history_of(job)) == rows_of_runs(2)


def test_slow_clients_and_passwords_that_wait_do_not_keep_the_server_from_stopping_in_order(start_server, new_database):
    # Each password takes a while.
    server = start_server(
        new_database(),
        {
            "passwords.hashThreads": 1, "passwords.hashQueueLimit": 200, "passwords.scryptLogN": 15,
            "passwords.failuresBeforeDelay": 1000, "shutdown.drainSeconds": 0.5,
        },
    )
    held = []
    for number in range(60):
        body = f"grant_type=password&username=nobody-{number}&password=bm9uc2Vuc2U=".encode()
        # Every other one lacks its last byte.
        sent = body[: len(body) - number % 2]
        connection = RawConnection(server)
        connection.send(head("POST", "/ccs/api/v1/oauth/tokens", f"Content-Length: {len(body)}") + sent)
        held.append(connection)
    eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] > 10, what="passwords wait")
    server.signal(signal.SIGTERM)
    assert server.wait(seconds=60) == 0
    assert [line["event"] for line in server.log_lines()][-1] == "stopped"
    for connection in held:
        connection.close()


def test_a_second_signal_to_stop_does_no_harm(start_server, new_database):
    server = start_server(new_database())
    server.signal(signal.SIGTERM)
    try:
        server.signal(signal.SIGTERM)
    except ProcessLookupError:
        pass
    assert server.wait() == 0


# MARK: SIGHUP


def test_a_reload_swaps_the_certificate_without_dropping_a_kept_connection(start_server, new_database, own_certificate):
    server = start_server(new_database(), certificate=own_certificate)
    kept = KeptConnection(server)
    assert kept.get("/livez")[0] == 200
    assert kept.certificate() == presented_certificate(server) == own_certificate.der()
    own_certificate.renew("renewed")
    assert kept.certificate() != own_certificate.der()
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    eventually(lambda: presented_certificate(server) == own_certificate.der(), what="the new certificate is presented")
    # The response may have Connection: close, but it comes on the same connection.
    assert kept.get("/readyz")[0] == 200
    assert server.events("certificate")[-1]["subject"].find("renewed") >= 0


def test_a_reload_does_not_disturb_a_request_in_progress(start_server, new_database, directory_of, own_certificate):
    database = new_database()
    directory, server = directory_of(database), start_server(database, certificate=own_certificate)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user, runs=1)
    blocker = lock(job, database)
    deletion = in_background(lambda: client.delete(job))
    database.wait_for_blocked_statement()
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    blocker.rollback()
    assert deletion().status_code == 204


def test_connections_of_a_former_configuration_end_in_time(start_server, new_database):
    server = start_server(new_database(), {"limits.bulkTimeoutSeconds": 1, "limits.idleTimeoutSeconds": 3600})
    kept = KeptConnection(server)
    assert kept.get("/livez")[0] == 200
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    eventually(lambda: server.metrics()["ccs_jobstore_connections_open"] <= 1, what="only the asking one is open")
    assert server.stop() == 0


def test_no_client_notices_ten_reloads(start_server, new_database, directory_of, own_certificate):
    database = new_database()
    directory, server = directory_of(database), start_server(database, certificate=own_certificate)
    user = directory.user()
    token = Client(server).sign_in(user)["access_token"]
    job = directory.job(user)
    stop, failures, answered = threading.Event(), [], [0] * 8

    def work(number):
        client = Client(server, token)
        while not stop.is_set():
            if number % 2:
                client = Client(server, token)
            try:
                status = client.job(job).status_code
            except requests.RequestException as error:
                failures.append(error)
                continue
            if status != 200:
                failures.append(status)
            answered[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            server.signal(signal.SIGHUP)
            eventually(lambda: len(server.events("reloaded")) > number, what="the reload is done")
            time.sleep(0.2)
        eventually(lambda: min(answered) > 10, what="every client has been answered often")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert server.stop() == 0


def test_a_reload_with_a_faulty_certificate_is_refused_and_the_old_one_stays(
    start_server, new_database, own_certificate
):
    server = start_server(new_database(), certificate=own_certificate)
    former = own_certificate.der()
    good = own_certificate.certificate.read_text()
    for text in ("nonsense", "", good.replace("A", "B"), good[: len(good) // 2]):
        own_certificate.certificate.write_text(text)
        before = len(server.events("reloadRefused"))
        server.signal(signal.SIGHUP)
        eventually(lambda: len(server.events("reloadRefused")) > before, what="the reload is refused")
        assert presented_certificate(server) == former
    # A certificate and a key that do not match.
    own_certificate.renew("one")
    certificate = own_certificate.certificate.read_text()
    own_certificate.renew("two")
    own_certificate.certificate.write_text(certificate)
    before = len(server.events("reloadRefused"))
    server.signal(signal.SIGHUP)
    eventually(lambda: len(server.events("reloadRefused")) > before, what="the reload is refused")
    assert presented_certificate(server) == former
    own_certificate.renew("good again")
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    eventually(lambda: presented_certificate(server) == own_certificate.der(), what="the new certificate is presented")


def test_a_reload_with_a_faulty_configuration_is_refused_and_the_server_goes_on(start_server, new_database):
    server = start_server(new_database())
    for text in ("{", '{"listen": {"prot": 1}}', '{"log": {"level": "loud"}}'):
        server.configuration.write_text(text)
        before = len(server.events("reloadRefused"))
        server.signal(signal.SIGHUP)
        eventually(lambda: len(server.events("reloadRefused")) > before, what="the reload is refused")
        assert server.get("/readyz")[0] == 200
    server.configuration.unlink()
    server.signal(signal.SIGHUP)
    eventually(lambda: len(server.events("reloadRefused")) == 4, what="the reload is refused")
    server.assert_alive()


def test_a_reload_names_what_needs_a_restart_as_long_as_it_does(start_server, new_database):
    server = start_server(new_database())
    server.write_configuration(**{"database.connections": 3})
    for number in (1, 2):
        server.signal(signal.SIGHUP)
        eventually(lambda: len(server.events("reloaded")) == number, what="the reload is done")
        assert "database.connections" in server.events("reloaded")[-1]["detail"], f"reload {number}"


def test_a_reload_applies_settings_that_need_no_restart(start_server, new_database, directory_of):
    database = new_database()
    server = start_server(database, {"tokens.accessLifetimeSeconds": 100})
    server.write_configuration(**{"tokens.accessLifetimeSeconds": 200})
    server.signal(signal.SIGHUP)
    assert "restart" not in server.wait_for_event("reloaded")["detail"]
    assert Client(server).sign_in(directory_of(database).user())["expires_in"] == 200
