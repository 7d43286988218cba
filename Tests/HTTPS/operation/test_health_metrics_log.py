"""Health, metrics and the log."""

import re
import signal
import time
import uuid
from urllib.parse import urlencode

import pytest

from harness.waiting import eventually

# MARK: Health


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_healthy_server_is_live_and_ready_for_anybody(anonymous, path):
    response = anonymous.get(path)
    assert response.status_code == 200
    assert response.headers["X-Request-ID"]


def test_HEAD_is_answered_like_GET_without_a_body(anonymous, server):
    response = anonymous.request("HEAD", "/livez")
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["Content-Length"]) == len(anonymous.get("/livez").content)
    server.assert_alive()


# MARK: Metrics


EXPECTED_METRICS = [
    'ccs_jobstore_pool_connections{state="open"}',
    'ccs_jobstore_pool_connections{state="idle"}',
    'ccs_jobstore_pool_connections{state="leased"}',
    "ccs_jobstore_pool_queue_length",
    "ccs_jobstore_purges_waiting",
    "ccs_jobstore_rows_erased_total",
    "ccs_jobstore_logins_failed_total",
    "ccs_jobstore_certificate_expires_days",
    "ccs_jobstore_jobs_deleted_total",
    "ccs_jobstore_requests_in_flight",
    "ccs_jobstore_connections_open",
    "ccs_jobstore_waiting_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
]


def test_the_metrics_are_in_the_text_format_of_Prometheus(anonymous, client):
    client.job(uuid.uuid4())
    response = anonymous.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    sample = re.compile(
        r'^[a-zA-Z_:][\w:]*(\{\w+="(\\.|[^"\\\n])*"(,\w+="(\\.|[^"\\\n])*")*\})? '
        r"(NaN|[+-]Inf|-?\d+(\.\d+)?([eE][+-]?\d+)?)$"
    )
    typed = set()
    for line in response.text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert kind in ("counter", "gauge", "histogram")
            assert name not in typed, "a metric stands in one piece"
            typed.add(name)
        elif not line.startswith("# HELP "):
            assert sample.match(line), line
            assert re.sub(r"_(bucket|sum|count)$", "", re.split(r"[{ ]", line)[0]) in typed, line


@pytest.mark.parametrize("name", EXPECTED_METRICS)
def test_what_an_operator_needs_is_among_the_metrics(server, name):
    assert name in server.metrics()


def test_requests_are_counted_by_route_method_and_status_and_timed(server, client):
    def read(status):
        metrics = server.metrics()
        labels = 'route="/ccs/api/v1/Jobs",method="DELETE"'
        return (
            metrics.get(f'ccs_jobstore_requests_total{{{labels},status="{status}"}}', 0),
            metrics.get(f"ccs_jobstore_request_duration_seconds_count{{{labels}}}", 0),
        )

    before = read(404)
    for _ in range(3):
        client.delete(uuid.uuid4())
    eventually(lambda: read(404) == (before[0] + 3, before[1] + 3), what="three more requests are counted")


def test_paths_that_clients_make_up_do_not_become_labels(server, anonymous):
    made_up = uuid.uuid4().hex
    anonymous.get(f"/{made_up}")
    anonymous.request(made_up.upper()[:10], "/livez")
    assert made_up not in anonymous.get("/metrics").text
    assert made_up.upper()[:10] not in anonymous.get("/metrics").text


def test_histogram_buckets_are_cumulative(server, client):
    client.job(uuid.uuid4())
    buckets = [
        (name, value)
        for name, value in server.metrics().items()
        if name.startswith('ccs_jobstore_request_duration_seconds_bucket{route="/ccs/api/v1/Jobs/{JobID}",method="GET"')
    ]
    values = [value for _, value in buckets]
    assert len(values) > 5
    assert values == sorted(values)
    assert 'le="+Inf"' in buckets[-1][0]


def test_erased_rows_and_waiting_purges_are_counted(server, client, user, directory):
    before = server.metrics()["ccs_jobstore_rows_erased_total"]
    job = directory.job(user)
    rows = directory.long_history(job, 6000)
    assert client.delete(job).status_code == 204
    eventually(
        lambda: server.metrics()["ccs_jobstore_rows_erased_total"] >= before + rows,
        seconds=20,
        what=f"{rows} more rows are counted as erased",
    )
    assert server.metrics()["ccs_jobstore_rows_erased_total"] == before + rows
    assert server.metrics()["ccs_jobstore_purges_waiting"] == 0


# MARK: The log


def test_a_request_leaves_one_line_with_who_what_and_how(server, client, user, directory):
    job = directory.job(user, runs=1)
    response = client.delete(job)
    line = server.request_line(response.headers["X-Request-ID"])
    assert line["operation"] == "Delete Job"
    assert line["method"] == "DELETE"
    assert line["route"] == "/ccs/api/v1/Jobs"
    assert line["user"] == user.name
    assert line["status"] == 204
    assert line["outcome"] == "ok"
    assert 0 < line["seconds"] < 30
    assert line["peer"] == "127.0.0.1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    matching = [each for each in server.events("request") if each["requestID"] == line["requestID"]]
    assert len(matching) == 1


def test_a_refused_requests_line_says_why(server, client):
    response = client.delete("nonsense")
    line = server.request_line(response.json()["requestId"])
    assert (line["status"], line["outcome"], line["detail"]) == (400, "refused", "JobID is invalid.")


def test_request_identifiers_are_unique_and_not_the_clients_to_choose(anonymous):
    chosen = str(uuid.uuid4())
    answers = [anonymous.get("/livez", headers={"X-Request-ID": chosen}).headers["X-Request-ID"] for _ in range(20)]
    assert len(set(answers)) == 20
    assert chosen not in answers


def test_what_a_client_sends_cannot_forge_a_line_of_the_log(server, anonymous):
    server.await_room_in_log()
    forged = 'x"}\n{"event":"forged","user":"'
    anonymous.token_request(urlencode({"grant_type": "password", "username": forged, "password": "eA=="}))
    server.wait_for_event("loginFailed", lambda line: line["user"].startswith('x"}'))
    assert server.events("forged") == []


def test_the_level_of_the_log_is_a_setting(start_server, new_database):
    quiet = start_server(new_database(), {"log.level": "debug"})
    quiet.get("/livez")
    quiet.wait_for_event("request")
    quiet.write_configuration(**{"log.level": "error"})
    quiet.signal(signal.SIGHUP)

    def is_quiet():
        before = quiet.log_text()
        quiet.get("/livez")
        time.sleep(1.2)
        return quiet.log_text() == before

    eventually(is_quiet, what="requests are no longer logged")


def test_the_log_tells_of_the_start_and_the_certificate(server):
    assert server.events("serverStarting")[0]["version"]
    assert server.events("listening")[0]["port"] == server.port
    assert 29 < server.events("certificate")[0]["expiresInDays"] <= 30
    assert 29 < server.metrics()["ccs_jobstore_certificate_expires_days"] <= 30
