"""Connections beyond what there is room for."""

import http.client
import socket
import threading

import pytest

from harness.bad_input import bearer
from harness.client import API, Client
from harness.directory import lock
from harness.raw_http import head
from harness.waiting import eventually


def shed(server, shortage, outcome):
    metrics = server.get("/metrics")[1]
    labels = f'ccs_jobstore_connections_shed_total{{shortage="{shortage}",outcome="{outcome}"}} '
    lines = [line for line in metrics.splitlines() if line.startswith(labels)]
    return int(lines[0].rpartition(" ")[2]) if lines else 0


def connection_from(server, address, timeout=10):
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=timeout, source_address=(address, 0))
    return server.tls_context().wrap_socket(raw, server_hostname="localhost")


def status_of_get_from(server, address):
    with connection_from(server, address) as connection:
        connection.sendall(head("GET", "/livez", "Connection: close"))
        return int(connection.recv(100).split()[1])


def is_closed(connection):
    connection.settimeout(10)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_an_address_with_too_many_connections_loses_its_longest_idle_one(start_server, database):
    server = start_server(database, {"limits.connectionsPerAddress": 5})
    held = [connection_from(server, "127.0.0.9") for _ in range(5)]
    newest = connection_from(server, "127.0.0.9")
    assert is_closed(held[0])
    newest.sendall(head("GET", "/livez"))
    assert newest.recv(100).startswith(b"HTTP/1.1 200")
    assert status_of_get_from(server, "127.0.0.10") == 200
    eventually(lambda: shed(server, "limits.connectionsPerAddress", "closed") >= 1, what="it is counted")
    line = server.wait_for_event("connectionsShed")
    assert (line["shortage"], line["level"]) == ("limits.connectionsPerAddress", "warning")
    for connection in [*held, newest]:
        connection.close()


def test_one_address_cannot_keep_the_others_out(start_server, database):
    server = start_server(database, {"limits.connections": 60, "limits.connectionsPerAddress": 0})
    held = []
    for _ in range(80):
        held.append(socket.create_connection(("127.0.0.1", server.port), source_address=("127.0.0.9", 0)))
    for _ in range(5):
        assert status_of_get_from(server, "127.0.0.10") == 200
    kept = connection_from(server, "127.0.0.11")
    for _ in range(80):
        held.append(socket.create_connection(("127.0.0.1", server.port), source_address=("127.0.0.9", 0)))
    # Those of the address with the most are closed, and not this one.
    kept.sendall(head("GET", "/livez"))
    assert kept.recv(100).startswith(b"HTTP/1.1 200")
    eventually(lambda: shed(server, "limits.connections", "closed") > 50, what="they are counted")
    for connection in [*held, kept]:
        connection.close()


def test_an_address_that_connects_too_often_is_refused_and_no_other(start_server, database):
    server = start_server(database, {"limits.newConnectionsPerAddress": 1})

    def is_served():
        try:
            return status_of_get_from(server, "127.0.0.9") == 200
        except (OSError, IndexError):
            return False

    served = 0
    while is_served():
        served += 1
        assert served < 500, "nothing was refused"
    # Ten seconds' worth at once.
    assert served >= 10
    assert status_of_get_from(server, "127.0.0.10") == 200
    eventually(is_served, what="the address is served again")
    eventually(lambda: shed(server, "limits.newConnectionsPerAddress", "refused") >= 1, what="it is counted")


def test_connections_whose_bodies_mean_nothing_give_way(start_server, database):
    server = start_server(database, {"limits.connections": 6, "limits.connectionsPerAddress": 0})
    held = []
    for _ in range(6):
        connection = connection_from(server, "127.0.0.9", timeout=60)
        connection.sendall(head("POST", f"{API}/Jobs", "Content-Length: 100000") + b" " * 5000)
        held.append(connection)
    assert status_of_get_from(server, "127.0.0.10") == 200
    assert any(is_closed(connection) for connection in held)
    for connection in held:
        connection.close()


def test_connections_at_work_are_not_closed_for_new_ones(start_server, database, directory):
    server = start_server(database, {"limits.connectionsPerAddress": 2})
    user = directory.user()
    owner = Client(server)
    owner.sign_in(user)
    owner.session.close()
    job = directory.job(user, runs=1)
    with lock(job, directory.database):
        working = []
        for _ in range(2):
            connection = connection_from(server, "127.0.0.9", timeout=60)
            connection.sendall(head("DELETE", f"{API}/Jobs?jobid={job.id}", bearer(owner)))
            working.append(connection)
        directory.database.wait_for_blocked_statement()
        eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] >= 3, what="both are at work")
        with pytest.raises(OSError):
            with connection_from(server, "127.0.0.9") as refused:
                refused.sendall(head("GET", "/livez"))
                if not refused.recv(100):
                    raise ConnectionResetError
    statuses = sorted(connection.recv(100).split()[1] for connection in working)
    assert statuses == [b"204", b"404"]
    eventually(lambda: shed(server, "limits.connectionsPerAddress", "refused") >= 1, what="it is counted")


@pytest.mark.parametrize("descriptors", [64, 100, 1024])
def test_reloads_with_few_file_descriptors_lose_nothing(start_server, database, descriptors):
    server = start_server(
        database, {"limits.connectionsPerAddress": 0, "limits.connections": 12_000, "database.connections": 4}, descriptors=descriptors
    )
    line = server.wait_for_event("descriptorLimitLow")
    assert line["limit"] == descriptors and line["wanted"] > 12_000
    failures, answered, end = [], [0] * 3, threading.Event()

    def ask(number):
        connection = None
        while not end.is_set():
            try:
                if connection is None:
                    connection = http.client.HTTPSConnection(
                        "127.0.0.1", server.port, timeout=60, context=server.tls_context()
                    )
                connection.request("GET", "/livez")
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    failures.append(response.status)
                if response.headers.get("Connection") == "close":
                    connection.close()
                    connection = None
                answered[number] += 1
            except OSError:
                # Closed for another connection before the request arrived, as idle connections may be.
                connection = None
            except http.client.HTTPException:
                connection = None

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for client in clients:
        client.start()
    idle = []
    try:
        for number in range(50):
            if number % 10 == 5:
                # Idle connections take what is left.
                idle += [socket.create_connection(("127.0.0.1", server.port)) for _ in range(min(200, descriptors))]
            count = len(server.events("reloaded")) + len(server.events("reloadRefused"))
            server.signal(1)
            eventually(
                lambda: len(server.events("reloaded")) + len(server.events("reloadRefused")) > count,
                what="the reload is over",
            )
            assert server.is_alive()
            if number % 10 == 9:
                for connection in idle:
                    connection.close()
                idle = []
    finally:
        end.set()
        for client in clients:
            client.join()
        for connection in idle:
            connection.close()
    assert not failures
    assert all(answered)
    eventually(lambda: server.get("/livez")[0] == 200, what="it accepts again")
    assert server.stop() == 0
