"""Bytes that are not text, and headers with a meaning."""

import random
import ssl

import pytest

from harness.bad_input import UNKNOWN, answer_of, bearer
from harness.client import API, assert_problem
from harness.raw_http import RawConnection, head

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
    # Some of these parse as another head, or as an incomplete one, which ends with the client.
    with RawConnection(server, timeout=5) as connection:
        connection.send(request)
        connection.socket.setblocking(True)
        connection.socket.settimeout(0.7)
        try:
            received = connection.socket.recv(4096)
        except (TimeoutError, ssl.SSLError, OSError):
            return
    status = int(received.split(b" ")[1]) if received.startswith(b"HTTP/1.") else None
    # 404 for the unknown job, where the invalid byte does not matter; 5xx only for the version.
    assert status in (None, 400, 401, 404, 405, 501, 505), received


@pytest.mark.parametrize(
    "body",
    [b"\0", b"\xff\xfe", b"\xc3\x28", random.Random(20261127).randbytes(1000)],
    ids=["NUL", "no UTF-8", "broken UTF-8", "random"],
)
def test_a_DELETE_with_a_body_of_any_bytes_is_answered_as_without(client, body):
    assert_problem(client.request("DELETE", f"{API}/Jobs?jobid={UNKNOWN}", data=body), 404)


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
