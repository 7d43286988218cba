"""HTTP that means one thing: what a proxy in front could read otherwise is refused, and nothing behind it is carried out."""

import json
import re

import pytest

from harness.bad_input import bearer
from harness.client import API
from harness.raw_http import RawConnection, head


@pytest.fixture
def job(user, directory):
    return directory.job(user, runs=1)


def answers(server, data, seconds=15):
    """All answers to what is sent on one connection, until the server closes it; each as status and body."""
    with RawConnection(server, timeout=seconds) as connection:
        connection.send(data)
        connection.wait_for_end(seconds)
        received = connection.received
    found = []
    while received:
        top, _, rest = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)\r\ncontent-length: (\d+)", top)[1])
        found.append((int(top.split()[1]), rest[:length]))
        received = rest[length:]
    return found


def get(*lines, version="HTTP/1.1"):
    return head("GET", "/livez", *lines, version=version)


# Each is a request whose body would hold the other one, were it read as the second of the pair says.
AMBIGUOUS = {
    "white space before the colon of a length": lambda inner: (get(f"Content-Length : {len(inner)}") + inner),
    "a tab there": lambda inner: get(f"Content-Length\t: {len(inner)}") + inner,
    "white space before the colon of a coding": lambda inner: (
        get("Transfer-Encoding : chunked") + b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"
    ),
    "a folded name": lambda inner: get("Content-Le: 9", f" ngth: {len(inner)}") + inner,
    "a folded value": lambda inner: get("X: a", f" Content-Length: {len(inner)}") + inner,
    "a coding in HTTP/1.0": lambda inner: (
        get("Connection: keep-alive", "Transfer-Encoding: chunked", version="HTTP/1.0") + b"0\r\n\r\n" + inner
    ),
    "NUL in a length": lambda inner: get(b"Content-Length: 0\0%d" % len(inner)) + inner,
    "NUL before the end of a line": lambda inner: get(b"Content-Length: %d\0" % len(inner)) + inner,
    "a bare LF": lambda inner: get(b"X: a\nContent-Length: %d" % len(inner)) + inner,
    "NUL and a bare LF": lambda inner: get(b"X: a\0\nContent-Length: %d" % len(inner)) + inner,
    "a bare CR": lambda inner: get(b"X: a\rContent-Length: %d" % len(inner)) + inner,
    "a list of lengths": lambda inner: get(f"Content-Length: {len(inner)},{len(inner)}") + inner,
    "a signed length": lambda inner: get("Content-Length: -0") + inner,
    "a length with a plus": lambda inner: get(f"Content-Length: +{len(inner)}") + inner,
    "a length in hexadecimal": lambda inner: get("Content-Length: 0x0") + inner,
    "a chunk that ends with LF": lambda inner: get("Transfer-Encoding: chunked") + b"1\r\na\n0\r\n\r\n" + inner,
    "a chunk's size that ends with LF": lambda inner: get("Transfer-Encoding: chunked") + b"0\n\r\n" + inner,
    "an extension of a chunk": lambda inner: get("Transfer-Encoding: chunked") + b"0;a\r\n\r\n" + inner,
    "two hosts": lambda inner: get("Host: other") + inner,
    "no version": lambda inner: b"GET /livez\r\n" + inner,
    "two spaces": lambda inner: b"GET  /livez HTTP/1.1\r\nHost: h\r\n\r\n" + inner,
    "white space behind the version": lambda inner: b"GET /livez HTTP/1.1 \r\nHost: h\r\n\r\n" + inner,
}


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_carried_out(
    server, client, directory, job, kind
):
    inner = head("DELETE", f"{API}/Jobs?jobid={job.id}&DeleteJob=False", bearer(client))
    found = answers(server, AMBIGUOUS[kind](inner))
    assert [status for status, _ in found] == [400], found
    assert json.loads(found[0][1])["detail"]
    assert directory.rows_of(directory.history_of(job)), "the smuggled deletion was carried out"


def test_a_request_in_front_of_the_one_at_fault_is_answered_first(server):
    found = answers(server, get() + get("X : y"))
    assert [status for status, _ in found] == [200, 400]


def test_a_raw_NUL_does_not_cut_the_target(server, client, directory, job):
    target = f"{API}/Jobs?jobid={job.id}\0&DeleteJob=False".encode()
    found = answers(server, head("DELETE", target, bearer(client)))
    assert [status for status, _ in found] == [400]
    assert directory.exists(job)
    assert directory.rows_of(directory.history_of(job))


@pytest.mark.parametrize("length", ["9,9", "-0", "", "x", "1 2", "99999999999999999999"])
def test_a_malformed_length_is_answered_once_with_a_problem_document(server, length):
    with RawConnection(server) as connection:
        connection.send(get(f"Content-Length: {length}"))
        connection.wait_for_end()
        received = connection.received
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"application/problem+json" in received and b"<html" not in received
    assert b"Connection: close" in received


def test_a_field_with_white_space_around_its_name_gives_no_rights(server, client, job):
    for line in (f"Authorization : Bearer {client.token}", f" Authorization: Bearer {client.token}"):
        found = answers(server, head("GET", f"{API}/Jobs/{job.id}", line))
        assert [status for status, _ in found] == [400]
    folded = head("GET", f"{API}/Jobs/{job.id}", "Authoriz: x", f" ation: Bearer {client.token}")
    assert [status for status, _ in answers(server, folded)] == [400]


def test_a_malformed_chunk_ends_an_upload_with_400(server, client, job):
    for chunks in (b"5\r\nabcdeX\r\n0\r\n\r\n", b"5;x=y\r\nabcde\r\n0\r\n\r\n", b"g\r\n"):
        found = answers(server, head("POST", f"{API}/Jobs", bearer(client), "Transfer-Encoding: chunked") + chunks)
        assert [status for status, _ in found] == [400], chunks


def test_what_is_refused_is_in_the_log(server):
    server.await_room_in_log()
    found = answers(server, get("X : y"))
    request = json.loads(found[0][1])["requestId"]
    line = server.request_line(request)
    assert line["status"] == 400 and "colon" in line["detail"]


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/1.2", "HTTP/3.0"])
def test_another_version_of_HTTP_is_505(server, version):
    assert [status for status, _ in answers(server, get(version=version))] == [505]


def test_an_empty_line_before_a_request_is_ignored(server):
    # RFC 9112, section 2.2.
    assert [status for status, _ in answers(server, b"\r\n" + get("Connection: close"))] == [200]


def test_requests_in_front_of_a_malformed_body_are_answered_first(server):
    # All in one piece, so that libmicrohttpd has the first while the fault in the third is known.
    chunked = head("POST", "/nowhere", "Transfer-Encoding: chunked") + b"1\r\naXX"
    found = answers(server, get() + get() + chunked)
    assert [status for status, _ in found] == [200, 200, 400]
