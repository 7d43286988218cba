"""Bad input: a clear error, nothing changed, and a server that is as it was."""

import os
import socket
import ssl
import subprocess
import threading
import time

import pytest

from harness.client import API, Client, assert_problem
from harness.directory import rows_of_runs
from harness.raw_http import RawConnection, exchange, head
from harness.waiting import eventually

MILLION = 1_000_000
UNKNOWN = "754F7C7E-884A-4420-AF72-1FED35D3EFC1"


@pytest.fixture
def job(user, directory):
    return directory.job(user, runs=2)


@pytest.fixture(autouse=True)
def nothing_has_changed(server, directory, user, job, client):
    """After each of these tests the server answers, works, and the job, the users and the rights are what they were."""
    counted = [
        f"SELECT count(*) FROM {table}"
        for table in ("directory.users", "directory.role_tasks", "directory.user_roles", "directory.folder_grants")
    ]
    process = server.process.pid
    before = [directory.database.value(statement) for statement in counted]
    yield
    server.assert_alive()
    assert server.process.pid == process
    assert [directory.database.value(statement) for statement in counted] == before
    assert directory.exists(job)
    assert directory.rows_of(directory.history_of(job)) == rows_of_runs(2)
    eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] <= 1, what="no request is left in flight")
    assert client.job(job).status_code == 200


def bearer(client):
    return f"Authorization: Bearer {client.token}"


def answer_of(server, data, method="GET", **options):
    answer = exchange(server, data, method, **options)
    assert answer is not None, "the connection was closed without an answer"
    return answer


# MARK: Sizes


def test_a_JobID_of_16_KB_is_invalid_and_one_of_1_MB_is_too_long(client):
    assert_problem(client.delete("A" * 16_000), 400, "JobID is invalid.")
    response = client.request("DELETE", f"{API}/Jobs?jobid={'A' * MILLION}")
    assert response.status_code == 414


@pytest.mark.parametrize("count", [100, 400, 600, 2500, 10_000, 100_000])
@pytest.mark.parametrize("place", ["query", "headers", "cookies"])
def test_however_many_parameters_there_are_they_get_an_answer(server, client, count, place):
    names = [f"p{number}" for number in range(count)]
    request = {
        "query": lambda: head("DELETE", f"{API}/Jobs?" + "&".join(f"{name}=1" for name in names), bearer(client)),
        "headers": lambda: head("DELETE", f"{API}/Jobs", bearer(client), *(f"{name}: 1" for name in names)),
        "cookies": lambda: head(
            "DELETE", f"{API}/Jobs", bearer(client), "Cookie: " + "; ".join(f"{name}=1" for name in names)
        ),
    }[place]()
    assert answer_of(server, request, seconds=5).status in (400, 414, 431)


@pytest.mark.parametrize("place", ["query", "headers"])
def test_a_head_about_as_large_as_the_limit_is_taken_or_refused_but_never_left_without_an_answer(server, place):
    for size in [*range(15_400, 17_400, 100), 16_383, 16_384, 16_385]:
        filler = "a" * size
        request = head("GET", f"/livez?{filler}") if place == "query" else head("GET", "/livez", f"X-Filler: {filler}")
        answer = exchange(server, request, seconds=5)
        assert answer is not None, f"{size} bytes: the connection was closed without an answer"
        assert answer.status in (200, 414, 431), f"{size} bytes"


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/Jobs?jobid=x"), ("POST", "/oauth/tokens"), ("GET", "/jobs?jobname=x"), ("PUT", "/nowhere")],
)
def test_a_body_of_100_MB_is_refused(server, client, tmp_path, method, path, chunked):
    body = tmp_path / "body"
    with open(body, "wb") as file:
        os.truncate(file.fileno(), 100 * MILLION)
    result = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--cacert",
            server.certificate.certificate,
            "--request",
            method,
            "--header",
            bearer(client),
            "--upload-file",
            body,
            "--max-time",
            "60",
            "--http1.1",
            *(["--header", "Transfer-Encoding: chunked"] if chunked else []),
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            server.api + path,
        ],
        capture_output=True,
        text=True,
        timeout=90,
    )
    expected = "404" if path == "/nowhere" else "413"
    assert result.stdout == expected, result.stderr


@pytest.mark.parametrize("expect", [False, True], ids=["sent at once", "after 100 Continue"])
def test_a_body_just_too_large_is_413_and_the_largest_is_taken(server, client, directory, user, tmp_path, expect):
    another = directory.job(user)
    for size, expected in ((2**20 + 1, "413"), (2**20, "204")):
        body = tmp_path / str(size)
        body.write_bytes(b"x" * size)
        result = subprocess.run(
            [
                "curl",
                "--silent",
                "--show-error",
                "--cacert",
                server.certificate.certificate,
                "--request",
                "DELETE",
                "--header",
                bearer(client),
                "--header",
                "Expect: 100-continue" if expect else "Expect:",
                "--data-binary",
                f"@{body}",
                "--expect100-timeout",
                "10",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code} %{size_upload}",
                f"{server.api}/Jobs?jobid={another.id}",
            ],
            capture_output=True,
            text=True,
            timeout=30,
        )
        status, uploaded = result.stdout.split()
        assert status == expected, result.stderr
        # Who asks first, is told so before the body is sent in vain.
        assert int(uploaded) == (0 if expect and expected == "413" else size)


def test_a_length_beyond_all_numbers_is_refused(server, client, job):
    for length in (
        "9" * 30,
        "18446744073709551616",
        "9223372036854775808",
        "-1",
        "+1",
        "0x10",
        "1e3",
        "1,1",
        "ten",
        "",
    ):
        answer = answer_of(
            server,
            head("DELETE", f"{API}/Jobs?jobid={job.id}", bearer(client), f"Content-Length: {length}"),
            seconds=10,
        )
        assert answer.status in (400, 413), length


@pytest.mark.parametrize(
    "lines",
    [
        ["X-Filler: " + "a" * MILLION],
        [f"X-Filler-{number}: {'a' * 1000}" for number in range(1000)],
        ["A" * MILLION + ": x"],
        [f"X-{number}: y" for number in range(100_000)],
        ["Cookie: " + "a=b; " * 200_000],
    ],
    ids=["one line", "thousand lines", "one name", "many short lines", "cookies"],
)
def test_headers_of_1_MB_are_too_large(server, client, job, lines):
    answer = answer_of(server, head("DELETE", f"{API}/Jobs?jobid={job.id}", bearer(client), *lines))
    assert answer.status == 431


def test_a_request_line_without_end_is_too_long(server):
    assert answer_of(server, b"GET /" + b"a" * MILLION).status == 414
    assert answer_of(server, b"A" * MILLION).status in (400, 405, 414, 431, 501)


def test_a_million_nested_arrays_are_refused(server, start_server, database):
    patient = start_server(database, {"limits.tokenBodyBytes": 2**20, "limits.bodyBytes": 2**24})
    client = Client(patient)
    for body in (
        "[" * MILLION,
        '{"a":' * (MILLION // 5),
        "[" * 500_000 + "]" * 500_000,
        '{"grant_type":' + "[" * MILLION,
    ):
        assert client.token_request(body).json()["error"] == "invalid_request"
        patient.assert_alive()
    assert Client(server).token_request("[" * MILLION).status_code == 413


# MARK: Bytes that are no text


@pytest.mark.parametrize(
    "bad", ["%FF", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80", "%00", "a%00b", "%", "%1", "%zz", "%u0041", "%C0%AF"]
)
def test_invalid_UTF8_and_NUL_in_a_parameter_are_refused(client, bad):
    assert_problem(client.verbatim("DELETE", f"{API}/Jobs?jobid={bad}"), 400, "JobID is invalid.")
    assert_problem(client.verbatim("DELETE", f"{API}/Jobs?jobid={UNKNOWN}&DeleteJob={bad}"), 400)
    assert_problem(client.verbatim("GET", f"{API}/jobs?jobname={bad}"), 400)
    assert_problem(client.verbatim("GET", f"{API}/jobs/{UNKNOWN}/jobruns?count={bad}"), 400)


def test_invalid_UTF8_and_NUL_around_a_good_JobID_do_not_make_it_another(client, job):
    for bad in ("%FF", "%00", "%C3"):
        for query in (
            f"jobid={job.id}{bad}",
            f"jobid={bad}{job.id}",
            f"jobid{bad}={job.id}",
            f"{bad}jobid={job.id}",
            f"jobid={job.id},{bad}",
        ):
            assert_problem(client.verbatim("DELETE", f"{API}/Jobs?{query}"), 400, "JobID is invalid.")


@pytest.mark.parametrize(
    "path",
    [
        "/%FF",
        "/ccs/api/v1/%FF",
        "/ccs/api/v1/Jobs/%FF",
        "/ccs/api/v1/Jobs/%00",
        "/ccs%00/api/v1/Jobs",
        "/%",
        "/ccs/api/v1/Jobs/%zz/jobruns",
    ],
)
def test_invalid_UTF8_and_NUL_in_the_path_are_refused(server, client, path):
    answer = answer_of(server, head("GET", path, bearer(client)))
    assert answer.status in (400, 404)
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"


@pytest.mark.parametrize("byte", [b"\0", b"\xff", b"\x80", b"\xc3", b"\x01", b"\x7f", b"\r", b"\x0b"])
@pytest.mark.parametrize(
    "place",
    [
        "method",
        "path",
        "query",
        "version",
        "header name",
        "header value",
        "authorization",
        "content type",
        "prefer",
        "host",
    ],
)
def test_raw_bytes_in_every_place_of_the_head_do_no_harm(server, client, byte, place):
    def spoilt(name, text):
        return text.encode() + byte if place == name else text.encode()

    request = b"".join(
        [
            spoilt("method", "DELETE"),
            b" ",
            spoilt("path", f"{API}/Jobs"),
            b"?jobid=",
            spoilt("query", UNKNOWN),
            b" ",
            spoilt("version", "HTTP/1.1"),
            b"\r\nHost: ",
            spoilt("host", "localhost"),
            b"\r\n",
            spoilt("header name", "X-Some"),
            b": ",
            spoilt("header value", "thing"),
            b"\r\nContent-Type: ",
            spoilt("content type", "application/json"),
            b"\r\nPrefer: ",
            spoilt("prefer", "return=minimal"),
            b"\r\nAuthorization: Bearer ",
            spoilt("authorization", client.token),
            b"\r\n\r\n",
        ]
    )
    # Some of these are read as another head, or as the beginning of one; then the end of it is the client's end.
    with RawConnection(server, timeout=5) as connection:
        connection.send(request)
        connection.socket.setblocking(True)
        connection.socket.settimeout(0.7)
        try:
            received = connection.socket.recv(4096)
        except (TimeoutError, ssl.SSLError, OSError):
            return
    status = int(received.split(b" ")[1]) if received.startswith(b"HTTP/1.") else None
    # 404 is what an unknown job is, where the spoilt place is of no importance; never 5xx but for the version.
    assert status in (None, 400, 401, 404, 405, 501, 505), received


@pytest.mark.parametrize("body", [b"\0", b"\xff\xfe", b"\xc3\x28", os.urandom(1000)])
def test_a_DELETE_with_a_body_of_any_bytes_is_answered_as_without(client, body):
    assert_problem(client.request("DELETE", f"{API}/Jobs?jobid={UNKNOWN}", data=body), 404)


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
        connection.wait_for_end(seconds=5)


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
        # Where the next request begins is not known, so there is no next one (RFC 9112, section 6.3).
        connection.wait_for_end(seconds=5)
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
    # 500 is libmicrohttpd's own word for a chunk's head that does not fit into its memory.
    assert received == b"" or received[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 500"), received


def test_pipelined_requests_are_answered_in_order(server, client):
    with RawConnection(server) as connection:
        names = ["livez", "nowhere", "livez", "readyz"]
        connection.send(b"".join(head("GET", f"/{name}") for name in names))
        data, end = b"", time.monotonic() + 10
        while data.count(b"HTTP/1.1 ") < 4 and time.monotonic() < end:
            connection._receive_some()
            data = connection.received
        statuses = [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]
        assert statuses == [200, 404, 200, 200]


# MARK: TLS


def test_plain_HTTP_on_the_TLS_port_is_ended_soon(server):
    with RawConnection(server, tls=False, timeout=10) as connection:
        connection.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.wait_for_end(seconds=5)
        assert b"HTTP/1.1 200" not in connection.received
    result = subprocess.run(
        ["curl", "--silent", "--max-time", "10", f"http://127.0.0.1:{server.port}/livez"],
        capture_output=True,
        timeout=20,
    )
    assert result.returncode not in (0, 28), "neither an answer nor silence"


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 4000,
        os.urandom(4000),
        b"\x16\x03\x01\xff\xff" + b"\0" * 3000,
        b"\x15\x03\x03\0\2\2\x28",
        b"\x80\x2e\1\0\2",
    ],
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
    # Debian's own policy would stop the client before it asks.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(plain, server_hostname="localhost")
    # It was the version: the same client comes in with a newer one.
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.version() == "TLSv1.3"


# MARK: Clients that are slow, silent, or gone


@pytest.fixture
def brisk(start_server, database):
    """A server that soon loses its patience."""
    return start_server(
        database,
        {
            "limits.headTimeoutSeconds": 1,
            "limits.bodyTimeoutSeconds": 1.5,
            "limits.idleTimeoutSeconds": 1,
            "limits.requestTimeoutSeconds": 2,
            "limits.connections": 30,
        },
    )


def drip(connection, data, pause=0.25, seconds=6):
    """Sends a byte at a time until the server has had enough; how long that took."""
    started = time.monotonic()
    connection.socket.setblocking(False)
    for byte in data:
        try:
            connection.socket.send(bytes([byte]))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            pass
        except OSError:
            break
        time.sleep(pause)
        connection._receive_some()
        if connection.ended:
            break
        assert time.monotonic() - started < seconds, f"the connection is still open after {seconds} s"
    return time.monotonic() - started


def test_a_head_that_arrives_byte_by_byte_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        assert drip(connection, head("GET", "/livez", "X-Filler: " + "a" * 1000)) >= 0.7
    brisk.assert_alive()


def test_a_body_that_arrives_byte_by_byte_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Content-Length: 1000"))
        assert drip(connection, b"a" * 1000) >= 1.2
    brisk.assert_alive()


def test_a_body_in_chunks_that_never_ends_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Transfer-Encoding: chunked"))
        drip(connection, b"1\r\na\r\n" * 200)
    brisk.assert_alive()


def test_a_body_that_is_announced_and_never_sent_is_cut_off(brisk):
    with RawConnection(brisk) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Content-Length: 100"))
        assert connection.wait_for_end(seconds=6) > 1


def test_a_connection_that_says_nothing_is_closed(brisk):
    with RawConnection(brisk) as connection:
        assert connection.wait_for_end(seconds=5) > 0.5


def test_a_connection_without_a_handshake_is_closed(brisk):
    with RawConnection(brisk, tls=False) as silent, RawConnection(brisk, tls=False) as stuck:
        stuck.send(b"\x16\x03\x01")
        silent.wait_for_end(seconds=5)
        stuck.wait_for_end(seconds=5)


def test_a_kept_connection_is_closed_once_it_is_idle_for_too_long(brisk):
    with RawConnection(brisk) as connection:
        for _ in range(3):
            connection.send(head("GET", "/livez"))
            assert connection.answer().status == 200
            time.sleep(0.5)
        assert connection.wait_for_end(seconds=5) > 0.2


def test_those_who_fill_all_connections_with_silence_lose_them(brisk):
    silent = []
    try:
        for _ in range(60):
            silent.append(socket.create_connection(("127.0.0.1", brisk.port), timeout=5))

        def answers():
            try:
                return brisk.get("/livez")[0] == 200
            except OSError:
                return False

        eventually(answers, seconds=15, what="the server answers again")
    finally:
        for each in silent:
            each.close()
    brisk.assert_alive()


def test_one_address_can_be_kept_from_taking_all_connections(start_server, database):
    server = start_server(database, {"limits.connectionsPerAddress": 5, "limits.headTimeoutSeconds": 60})
    held = [RawConnection(server) for _ in range(5)]
    try:
        with pytest.raises(OSError):
            with RawConnection(server, timeout=3) as connection:
                connection.socket.settimeout(3)
                connection.socket.send(head("GET", "/livez"))
                if not connection.socket.recv(100):
                    raise ConnectionResetError
        from_elsewhere = subprocess.run(
            [
                "curl",
                "--silent",
                "--cacert",
                server.certificate.certificate,
                "--interface",
                "127.0.0.3",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
                f"{server.url}/livez",
            ],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert from_elsewhere.stdout == "200"
    finally:
        for each in held:
            each.close()
    def has_room():
        # As long as there is none, a connection is reset.
        try:
            return server.get("/livez")[0] == 200
        except OSError:
            return False

    eventually(has_room, what="there is room again")


@pytest.mark.parametrize("leave", [RawConnection.close, RawConnection.reset], ids=["closing", "resetting"])
@pytest.mark.parametrize("sent", ["nothing", "half a head", "half a body", "all"])
def test_clients_that_disconnect_mid_request_do_no_harm(server, client, leave, sent):
    whole_head = head("POST", f"{API}/oauth/tokens", "Content-Length: 1000")
    data = {
        "nothing": b"",
        "half a head": whole_head[:30],
        "half a body": whole_head + b"a" * 500,
        "all": head("DELETE", f"{API}/Jobs?jobid={UNKNOWN}", bearer(client)),
    }[sent]
    for _ in range(20):
        connection = RawConnection(server)
        connection.send(data)
        leave(connection)
    eventually(
        lambda: server.metrics()["ccs_jobstore_connections_open"] < 10,
        seconds=15,
        what="the connections are given back",
    )


def test_a_client_that_disconnects_while_the_database_works_does_no_harm(server, client, directory, user):
    blocked = [directory.job(user, runs=1) for _ in range(10)]
    blocker = directory.database.connect()
    blocker.cursor().execute(
        "SELECT FROM directory.jobs WHERE job_id = ANY (%s) FOR UPDATE", ([job.id for job in blocked],)
    )
    for job in blocked:
        connection = RawConnection(server)
        connection.send(head("DELETE", f"{API}/Jobs?jobid={job.id}", bearer(client)))
        if job is blocked[-1]:
            directory.database.wait_for_blocked_statement()
        connection.reset()
    server.assert_alive()
    blocker.rollback()
    blocker.close()
    for job in blocked:
        eventually(
            lambda job=job: directory.exists(job) or sum(directory.rows_of(job.history).values()) == 0,
            what="a job is there, or gone with all of its history",
        )


def test_a_client_that_does_not_read_its_answer_is_cut_off(brisk, client, directory, user):
    job = directory.job(user)
    directory.long_history(job, 60_000)
    connection = RawConnection(brisk)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.send(head("GET", f"{API}/jobs/{job.id}/jobruns?count=0", bearer(client)))
    time.sleep(0.5)
    eventually(
        lambda: brisk.metrics()["ccs_jobstore_connections_open"] <= 1, seconds=20, what="the connection is given up"
    )
    connection.close()
    assert client.delete(job).status_code == 204


def test_many_clients_at_once_that_misbehave_do_not_disturb_a_good_one(server, client, job):
    stop = threading.Event()

    def misbehave(number):
        while not stop.is_set():
            try:
                connection = RawConnection(server, tls=number % 2 == 0, timeout=3)
                connection.send(
                    [b"\0" * 100, b"GET / HTTP/1.1\r\n", head("GET", f"{API}/jobs/x", bearer(client)), b""][number % 4]
                )
                connection.reset()
            except (OSError, AssertionError):
                pass

    threads = [threading.Thread(target=misbehave, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        good = Client(server, client.token)
        for _ in range(100):
            assert good.job(job).status_code == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()


# MARK: Headers with a meaning


@pytest.mark.parametrize(
    "value",
    ["", ",", "=", "return=", "return==representation", '"', ";" * 1000, "a" * 5000, "return=representation" * 100],
)
def test_any_Prefer_is_understood_or_ignored(client, value):
    assert_problem(client.request("DELETE", f"{API}/Jobs?jobid={UNKNOWN}", headers={"Prefer": value}), 404)


@pytest.mark.parametrize(
    "value", ["", "nonsense", "a/b/c", "application/json; charset=klingon", "x" * 5000, "multipart/form-data"]
)
def test_any_content_type_is_taken(client, value):
    assert_problem(
        client.request("DELETE", f"{API}/Jobs?jobid={UNKNOWN}", data="\r", headers={"Content-Type": value}), 404
    )


def test_an_unknown_expectation_is_no_fault(server, client):
    answer = answer_of(server, head("GET", "/livez", "Expect: the-unexpected"))
    assert answer.status in (200, 417)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ccs",
        "/ccs/api/v1",
        "/ccs/api/v2/Jobs",
        "/ccs/api/v1/Jobsx",
        "/ccs/api/v1/Jobs/a/b/c",
        "/favicon.ico",
        "//",
        "/livez/x",
    ],
)
def test_a_path_where_nothing_is_is_404(client, path):
    assert_problem(client.get(path), 404)
    assert_problem(client.request("DELETE", path), 404)
