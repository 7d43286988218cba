"""Requests that are too large."""

import os
import subprocess

import pytest

from harness.bad_input import MILLION, answer_of, bearer
from harness.client import API, Client, assert_problem
from harness.raw_http import exchange, head


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
    assert answer_of(server, request).status in (400, 414, 431)


@pytest.mark.parametrize("place", ["query", "headers"])
def test_a_head_about_as_large_as_the_limit_is_taken_or_refused_but_never_left_without_an_answer(server, place):
    for size in [*range(15_400, 17_400, 100), 16_383, 16_384, 16_385]:
        filler = "a" * size
        request = head("GET", f"/livez?{filler}") if place == "query" else head("GET", "/livez", f"X-Filler: {filler}")
        answer = exchange(server, request)
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
        # With Expect: 100-continue, the client is refused before it sends the body.
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
