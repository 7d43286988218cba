"""TLS handshakes of clients that are slow, stop half-way, or leave."""

import re
import signal
import socket
import ssl
import struct
import time

import pytest

from harness.waiting import eventually

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class Handshake:
    """A client that performs its handshake step by step."""

    def __init__(self, server, version=ssl.TLSVersion.TLSv1_3):
        context = server.tls_context()
        context.minimum_version = context.maximum_version = version
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def step(self, operation, *arguments):
        """Whether the operation is complete; if not, it needs bytes from the server."""
        try:
            operation(*arguments)
            return True
        except ssl.SSLWantReadError:
            return False

    def send(self, piece=None, pause=0.0):
        data = self.outgoing.read()
        for start in range(0, len(data), piece or len(data) or 1):
            self.socket.sendall(data[start : start + piece] if piece else data)
            time.sleep(pause)

    def hello(self, **options):
        """Sends the ClientHello."""
        assert not self.step(self.tls.do_handshake)
        self.send(**options)
        return self

    def receive(self):
        data = self.socket.recv(65_536)
        self.incoming.write(data) if data else self.incoming.write_eof()
        return data

    def finish(self, **options):
        while not self.step(self.tls.do_handshake):
            self.send(**options)
            assert self.receive()
        self.send(**options)
        return self

    def get(self, path):
        """The status code of the response."""
        self.tls.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.send()
        head, body = self.read_until(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < length:
            body += self.read()
        return int(head.split()[1])

    def read(self):
        pieces = []
        while not self.step(lambda: pieces.append(self.tls.read(65_536))):
            assert self.receive()
        return pieces[0]

    def read_until(self, end):
        data = b""
        while end not in data:
            data += self.read()
        return data.split(end, 1)

    def is_cut(self):
        try:
            while self.socket.recv(65_536):
                pass
        except ConnectionResetError:
            pass
        return True


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_clients_that_stop_half_way_take_no_processor_and_no_turn(database, start_server, version):
    server = start_server(database, {"limits.headTimeoutSeconds": 60})
    stalled = [Handshake(server, version).hello() for _ in range(50)]
    for client in stalled:
        assert client.receive()
    before, began = server.processor_seconds(), time.monotonic()
    while time.monotonic() < began + 2:
        server.assert_alive()
        time.sleep(0.1)
    assert server.processor_seconds() - before < 0.5
    # They can still finish.
    for client in stalled:
        assert client.finish().get("/livez") == 200


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_handshake_may_arrive_in_pieces_of_any_size(server, version):
    for piece, pause in ((1, 0), (7, 0.001), (100, 0.02)):
        client = Handshake(server, version).hello(piece=piece, pause=pause).finish(piece=piece, pause=pause)
        assert client.get("/livez") == 200
        assert client.get("/livez") == 200


def test_many_handshakes_at_once_all_come_to_their_end(server):
    clients = [Handshake(server, VERSIONS[number % 2]) for number in range(200)]
    for client in clients:
        client.hello()
    for client in reversed(clients):
        client.finish()
    assert [client.get("/livez") for client in clients] == [200] * 200


def test_a_client_that_stops_half_way_is_cut_when_its_time_is_over(database, start_server):
    server = start_server(database, {"limits.headTimeoutSeconds": 1})
    client = Handshake(server).hello()
    began = time.monotonic()
    assert client.is_cut()
    assert time.monotonic() - began > 0.5
    server.assert_alive()


@pytest.mark.parametrize("resets", [False, True], ids=["closes", "resets"])
def test_of_a_client_that_goes_half_way_nothing_is_left(database, start_server, resets):
    server = start_server(database, {"limits.headTimeoutSeconds": 60})
    clients = [Handshake(server).hello() for _ in range(20)]
    for client in clients:
        assert client.receive()
        if resets:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.socket.close()
    eventually(
        lambda: "\nccs_jobstore_connections_open 1\n" in server.get("/metrics")[1], what="their connections are gone"
    )


def test_what_is_no_TLS_is_cut_and_a_later_handshake_is_none_the_worse(server):
    client = Handshake(server).hello()
    client.receive()
    client.socket.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
    assert client.is_cut()
    assert Handshake(server).hello().finish().get("/livez") == 200


def test_the_server_ends_in_order_while_clients_have_stopped_half_way(database, start_server):
    server = start_server(database, {"limits.headTimeoutSeconds": 60, "shutdown.drainSeconds": 90})
    clients = [Handshake(server).hello() for _ in range(20)]
    for client in clients:
        assert client.receive()
    # Long before the drain time or a handshake's time ends.
    assert server.stop(seconds=30) == 0
    assert all(client.is_cut() for client in clients)


def test_a_handshake_outlives_a_reload(database, start_server):
    server = start_server(database, {"limits.headTimeoutSeconds": 60})
    client = Handshake(server).hello()
    assert client.receive()
    server.write_configuration(**{"limits.headTimeoutSeconds": 30})
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    assert client.finish().get("/livez") == 200
    assert server.stop() == 0
