"""Requests that are not HTTP, or not TLS."""

import random
import socket
import ssl
import subprocess
import time

import pytest

from harness.bad_input import answer_of, bearer
from harness.client import API
from harness.raw_http import RawConnection, head

# MARK: HTTP that is none


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n\r\n",
        b"\n\n",
        b"GET\r\n\r\n",
        b"GET /livez\r\n\r\n",
        b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"GET  /livez  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        b"\0" * 1000,
        b"{}" * 1000,
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    ],
    ids=range(21),
)
def test_what_is_no_proper_HTTP_is_never_a_fault_of_the_server(server, request_bytes):
    with RawConnection(server, timeout=5) as connection:
        connection.send(request_bytes)
        connection.socket.setblocking(True)
        connection.socket.settimeout(0.7)
        try:
            received = connection.socket.recv(4096)
        except (TimeoutError, ssl.SSLError, OSError):
            return
    assert not received.startswith(b"HTTP/1.1 500"), received
    assert b"root:" not in received


def test_HTTP_1_1_without_a_host_is_400(server):
    # RFC 9112, section 3.2.
    assert answer_of(server, b"GET /livez HTTP/1.1\r\n\r\n").status == 400


def test_HTTP_1_0_is_served_and_closed(server):
    with RawConnection(server) as connection:
        connection.send(b"GET /livez HTTP/1.0\r\n\r\n")
        assert connection.answer().status == 200
        connection.wait_for_end()


SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED.encode()),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n" + SMUGGLED.encode()),
        (["Content-Length: 0", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED.encode()),
        (["Content-Length: 60", "transfer-encoding:\tchunked"], b"0\r\n\r\n" + SMUGGLED.encode()),
        (["Content-Length: 0", "Content-Length: 40"], SMUGGLED.encode()),
        (["Content-Length: 40", "Content-Length: 0"], SMUGGLED.encode()),
        (["Content-Length: 0, 40"], SMUGGLED.encode()),
    ],
    ids=["length first", "chunked first", "no length", "tab", "two lengths", "two lengths back", "list of lengths"],
)
def test_conflicting_lengths_are_refused_and_smuggle_no_second_request(server, client, job, lines, body):
    with RawConnection(server, timeout=10) as connection:
        connection.send(head("DELETE", f"{API}/Jobs?jobid={job.id}", bearer(client), *lines) + body)
        answer = connection.answer()
        assert answer is not None and answer.status == 400
        # The start of the next request is unknown, so the connection closes (RFC 9112, section 6.3).
        connection.wait_for_end()
        assert b"HTTP/1.1 404" not in connection.received


@pytest.mark.parametrize(
    "coding", ["gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "xchunked", "chunked;q=1"]
)
def test_an_unknown_transfer_coding_is_refused_and_smuggles_no_second_request(server, client, job, coding):
    with RawConnection(server, timeout=6) as connection:
        connection.send(
            head("DELETE", f"{API}/Jobs?jobid=nonsense", bearer(client), f"Transfer-Encoding: {coding}")
            + b"0\r\n\r\n"
            + SMUGGLED.encode()
        )
        answer = connection.answer()
        assert answer is not None and answer.status in (400, 501)


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n\r\n",
        b"-1\r\nx\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFFF\r\n",
        b"5\r\nab\r\n0\r\n\r\n",
        b"1\r\nabcdef\r\n0\r\n\r\n",
        b"1;" + b"e" * 100_000 + b"\r\nx\r\n0\r\n\r\n",
    ],
    ids=["no number", "negative", "overflow", "short", "long", "extension"],
)
def test_faulty_chunks_are_no_fault_of_the_server(server, client, job, chunks):
    with RawConnection(server, timeout=5) as connection:
        connection.send(
            head("DELETE", f"{API}/Jobs?jobid={job.id}x", bearer(client), "Transfer-Encoding: chunked") + chunks
        )
        connection.socket.setblocking(True)
        connection.socket.settimeout(0.7)
        try:
            received = connection.socket.recv(4096)
        except (TimeoutError, ssl.SSLError, OSError):
            return
    # libmicrohttpd answers 500 if a chunk's header does not fit into its memory.
    assert received == b"" or received[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 500"), received


def test_pipelined_requests_are_answered_in_order(server, client):
    with RawConnection(server) as connection:
        names = ["livez", "nowhere", "livez", "readyz"]
        connection.send(b"".join(head("GET", f"/{name}") for name in names))
        data, end = b"", time.monotonic() + 30
        while data.count(b"HTTP/1.1 ") < 4 and time.monotonic() < end:
            connection._receive_some()
            data = connection.received
        statuses = [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [200, 404, 200, 200]


# MARK: TLS


def test_plain_HTTP_on_the_TLS_port_is_ended_soon(server):
    with RawConnection(server, tls=False, timeout=10) as connection:
        connection.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.wait_for_end()
        assert b"HTTP/1.1 200" not in connection.received
    result = subprocess.run(
        ["curl", "--silent", "--max-time", "30", f"http://127.0.0.1:{server.port}/livez"],
        capture_output=True,
        timeout=60,
    )
    assert result.returncode not in (0, 28), "neither an answer nor silence"


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 4000,
        random.Random(20261127).randbytes(4000),
        b"\x16\x03\x01\xff\xff" + b"\0" * 3000,
        b"\x15\x03\x03\0\2\2\x28",
        b"\x80\x2e\1\0\2",
    ],
    ids=["zeros", "random", "a record too long", "an alert", "SSL 2"],
)
def test_garbage_in_place_of_a_handshake_does_no_harm(server, data):
    with RawConnection(server, tls=False, timeout=3) as connection:
        connection.send(data)
    server.assert_alive()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_TLS_1_2_and_1_3_are_spoken(server, version):
    context = server.tls_context()
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.version() == {771: "TLSv1.2", 772: "TLSv1.3"}[version]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_older_versions_of_TLS_are_refused(server, version):
    context = server.tls_context()
    # Debian's policy would stop the client before it connects.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(plain, server_hostname="localhost")
    # The version is the reason: the same client connects with a newer one.
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.version() == "TLSv1.3"
