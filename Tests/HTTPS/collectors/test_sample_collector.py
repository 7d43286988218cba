"""The sample collector, against a fake service with scripted faults, and against the real one."""

import base64
import itertools
import json
import os
import signal
import ssl
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.cluster import REPOSITORY
from harness.directory import PASSWORD as SERVICE_PASSWORD
from harness.waiting import eventually

PROGRAM = REPOSITORY / "scripts" / "sample-collector"
USER, PASSWORD = r"DEMO\collector", "s3cret ü"
ASSETS = [str(uuid.UUID(int=number)) for number in range(1, 41)]
STANDARDS = [str(uuid.UUID(int=number)) for number in range(101, 104)]


def problem(status, text, **headers):
    return status, {"status": status, "title": "x", "detail": text}, headers


class Stub(ThreadingHTTPServer):
    """A fake of the collectors' API. `answers` are scripted responses, which are used first."""

    daemon_threads = True

    def __init__(self, certificate):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.certificate = certificate
        self.queue = []
        self.answers = []
        self.calls = []
        self.batches = {}
        self.tokens = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Broken connections are expected."""

    @property
    def url(self):
        return f"https://localhost:{self.server_port}"

    def add_run(self, kind="CollectionEvaluationJob", assets=ASSETS, standards=STANDARDS, **members):
        run = {
            "JobRunID": str(uuid.uuid4()),
            "JobID": str(uuid.uuid4()),
            "JobName": "Nightly audit",
            "JobType": kind,
            "Lease": str(uuid.uuid4()),
            "LeaseExpires": "2026-01-05T12:00:00.000Z",
            "Attempt": 1,
            "QueuedTime": "2026-01-05T12:00:00.000Z",
            "StartTime": "2026-01-05T12:00:00.000Z",
            "EndsTime": None,
            "LastBatch": {"Messages": 0, "CollectedData": 0, "Results": 0},
            "JobConfiguration": {
                "AssetsResolutionInfo": [{"Id": asset, "Type": "Asset"} for asset in assets],
                "Standards": standards,
            },
            **members,
        }
        self.queue.append(run)
        return run

    def script(self, action, answer):
        """The next call of that action gets this response, or calls this function with the handler."""
        self.answers.append((action, answer))

    def called(self, action):
        return [call for call in self.calls if call["action"] == action]

    def rows(self, kind):
        """All rows of a kind in order, without their times."""
        rows = [row for number in sorted(self.batches.get(kind, {})) for row in self.batches[kind][number]]
        return [{name: value for name, value in row.items() if name != "Time"} for row in rows]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        stub, address = self.server, urlsplit(self.path)
        *_, owner, action = address.path.split("/")
        answer = next((answer for found in stub.answers if (answer := found[1]) and found[0] == action), None)
        if answer is not None:
            stub.answers.remove((action, answer))
        if callable(answer):
            return answer(self)
        body = self.body()
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        stub.calls.append({"action": action, "run": owner, "body": body, "query": query, "headers": dict(self.headers)})
        self.answer(*(answer or self.usual(action, query, body)))

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body.decode()

    def usual(self, action, query, body):
        stub = self.server
        if action == "tokens":
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if (form["username"], base64.b64decode(form["password"]).decode()) != (USER, PASSWORD):
                return 400, {"error": "invalid_grant", "error_description": "The password is wrong."}, {}
            stub.tokens += 1
            return 200, {"access_token": f"token-{stub.tokens}"}, {}
        if self.headers["Authorization"] != f"Bearer token-{stub.tokens}" and action != "heartbeat":
            return problem(401, "The access token is invalid or has expired.")
        if action == "claim":
            count = json.loads(body)["Count"]
            runs, stub.queue = stub.queue[:count], stub.queue[count:]
            return 200, {"JobRuns": runs}, {}
        if action in ("messages", "collecteddata", "results"):
            rows = [json.loads(line) for line in body.splitlines()]
            stored, number = stub.batches.setdefault(action, {}), int(query["batch"])
            skipped = len(rows) if number in stored else 0
            stored.setdefault(number, rows)
            return 200, {"Batch": number, "RowsStored": len(rows) - skipped, "RowsSkipped": skipped}, {}
        return 200, {"Status": "x"}, {}

    def answer(self, status, body, headers=()):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(text), **dict(headers)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(text)

    def break_off(self):
        """Reads a part of the body and closes the connection."""
        self.rfile.read(100)
        self.close_connection = True
        self.connection.close()


@pytest.fixture
def stub(certificate):
    stub = Stub(certificate)
    yield stub
    stub.shutdown()
    stub.server_close()


def start(stub, *options, user=USER, password=PASSWORD, trust=True):
    """Starts it against the fake or a server."""
    environment = {key: value for key, value in os.environ.items() if key != "CCS_COLLECTOR_PASSWORD"}
    if password:
        environment["CCS_COLLECTOR_PASSWORD"] = password
    trusted = ["--ca", stub.certificate.certificate] if trust else []
    return subprocess.Popen(
        [PROGRAM, "--url", stub.url, "--user", user, *trusted, *options],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(stub, *options, **others):
    """Runs it until it exits: exit status and output."""
    process = start(stub, *options, **others)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output + errors


def test_it_carries_out_a_run_from_its_claim_to_its_completion(stub):
    claimed = stub.add_run()
    status, output = run(stub, "--once", "--wait", "3", "--lease", "40", "--count", "2")
    assert status == 0, output
    (claim,) = stub.called("claim")
    assert json.loads(claim["body"]) == {"Count": 2, "LeaseSeconds": 40, "WaitSeconds": 3}
    steps = [action for action, _ in itertools.groupby(call["action"] for call in stub.calls)]
    assert steps == ["tokens", "claim", "collecteddata", "messages", "results", "messages", "complete"]
    for call in stub.calls[2:]:
        assert call["run"] == claimed["JobRunID"]
    assert [call["query"]["batch"] for call in stub.called("messages")] == ["1", "2"]
    assert {call["query"]["lease"] for call in stub.called("results")} == {claimed["Lease"]}
    assert json.loads(stub.called("complete")[0]["body"]) == {"Lease": claimed["Lease"]}
    assert "completed" in output


def test_what_it_sends_is_what_the_service_takes_and_names_all_assets_and_standards(stub):
    stub.add_run()
    assert run(stub, "--once")[0] == 0
    data, results, messages = (stub.rows(kind) for kind in ("collecteddata", "results", "messages"))
    assert {row["AssetID"] for row in data} == set(ASSETS)
    assert all(set(row) == {"AssetID", "Data"} for row in data)
    assert {(row["AssetID"], row["StandardID"]) for row in results} == {(a, s) for a in ASSETS for s in STANDARDS}
    assert all(set(row) == {"AssetID", "StandardID", "CheckID", "Outcome", "Evidence"} for row in results)
    assert {row["Outcome"] for row in results} <= {"Pass", "Fail", "Unknown", "NotApplicable", "Error"}
    assert len({(row["AssetID"], row["StandardID"], row["CheckID"]) for row in results}) == len(results)
    assert all(set(row) == {"Severity", "Message"} for row in messages)
    assert f"Evaluated {len(results)} checks of 3 standards." in [row["Message"] for row in messages]
    # More than one batch, one line per row.
    assert len(stub.batches["results"]) > 1
    assert stub.called("results")[0]["headers"]["Content-Type"] == "application/x-ndjson"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("CollectionJob", {"collecteddata", "messages"}),
        ("EvaluationJob", {"results", "messages"}),
        ("CollectionEvaluationJob", {"collecteddata", "results", "messages"}),
    ],
)
def test_it_does_what_the_type_of_the_job_asks_for(stub, kind, sent):
    stub.add_run(kind)
    assert run(stub, "--once")[0] == 0
    assert set(stub.batches) == sent


def test_two_runs_of_a_job_differ_in_nothing_but_their_times(stub, certificate):
    stub.add_run()
    assert run(stub, "--once")[0] == 0
    other = Stub(certificate)
    other.add_run()
    assert run(other, "--once")[0] == 0
    for kind in ("collecteddata", "results", "messages"):
        assert stub.rows(kind) == other.rows(kind)
    other.shutdown()
    other.server_close()


def test_it_goes_on_where_a_lost_collector_stopped(stub, certificate):
    stub.add_run()
    assert run(stub, "--once")[0] == 0
    successor = Stub(certificate)
    successor.add_run(Attempt=2, LastBatch={"Messages": 1, "CollectedData": 1, "Results": 1})
    assert run(successor, "--once")[0] == 0
    assert "collecteddata" not in successor.batches
    assert min(successor.batches["results"]) == 2
    assert list(successor.batches["messages"]) == [2]
    skipped = sum(1 for _ in stub.batches["results"][1])
    assert successor.rows("results") == stub.rows("results")[skipped:]
    successor.shutdown()
    successor.server_close()


def test_what_a_collector_left_when_it_died_is_carried_on_by_the_next_one_to_the_same_rows(
    start_server, new_database, directory_of
):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database)
    user = directory.user(tasks=("Report job runs",)).name
    assets = [{"Id": str(uuid.uuid4()), "Type": "x"} for _ in range(400)]
    job = directory.job(directory.user(), configuration={"AssetsResolutionInfo": assets, "Standards": STANDARDS})

    def queue():
        identifier = uuid.uuid4()
        database.row("SELECT store.start_run(%s, %s, 'Schedule', NULL, NULL)", job.id, identifier)
        return identifier

    def finish(*options):
        status, output = run(server, "--once", *options, user=user, password=SERVICE_PASSWORD)
        assert status == 0, output

    def batches(identifier):
        return database.row("SELECT data_batch, results_batch FROM store.job_runs WHERE run_id = %s", identifier)

    def rows(identifier):
        return (
            database.rows(
                "SELECT row_number, asset_id, data FROM store.collected_data WHERE run_id = %s ORDER BY 1", identifier
            ),
            database.rows(
                "SELECT row_number, asset_id, standard_id, check_id, outcome, evidence FROM store.evaluation_results"
                " WHERE run_id = %s ORDER BY 1",
                identifier,
            ),
            database.rows(
                "SELECT message FROM store.job_run_messages WHERE run_id = %s AND severity = 'Information' ORDER BY row_number",
                identifier,
            ),
        )

    undisturbed = queue()
    finish()
    assert batches(undisturbed)[1] > 5

    disturbed = queue()
    process = start(server, "--once", user=user, password=SERVICE_PASSWORD)
    eventually(lambda: batches(disturbed)[1] >= 2, pause=0.001, what="two batches of results are stored")
    process.kill()
    process.communicate()
    assert batches(disturbed)[1] < batches(undisturbed)[1]
    database.rows("UPDATE store.job_runs SET lease_expires_at = now() WHERE run_id = %s", disturbed)
    finish("--wait", "10")
    status, inherited = database.row(
        "SELECT status, results_inherited FROM store.job_runs WHERE run_id = %s", disturbed
    )
    assert status == "Completed" and 2 <= inherited < batches(undisturbed)[1]
    assert batches(disturbed) == batches(undisturbed)
    assert rows(disturbed) == rows(undisturbed)


def test_a_batch_that_breaks_off_is_sent_again_once_the_run_is_known_to_be_its_own(stub):
    claimed = stub.add_run()
    stub.script("results", Handler.break_off)
    status, output = run(stub, "--once")
    assert status == 0, output
    actions = [call["action"] for call in stub.calls]
    assert actions.index("heartbeat") < actions.index("results")
    assert stub.called("heartbeat")[0]["run"] == claimed["JobRunID"]
    assert [call["query"]["batch"] for call in stub.called("results")][:2] == ["1", "2"]
    assert stub.called("complete")


def test_a_run_that_was_purged_while_the_connection_was_broken_is_dropped(stub):
    stub.add_run()
    stub.script("results", Handler.break_off)
    stub.script("heartbeat", problem(404, "The job run does not exist. It may have been purged."))
    status, output = run(stub, "--once")
    assert status == 0, output
    assert "dropped: The job run does not exist" in output
    assert not stub.called("results") and not stub.called("complete") and not stub.called("fail")


@pytest.mark.parametrize("action", ["collecteddata", "messages", "results", "complete"])
@pytest.mark.parametrize(("status", "text"), [(404, "It may have been purged."), (409, "The run was aborted.")])
def test_a_run_that_is_taken_away_is_dropped_and_the_next_one_carried_out(stub, action, status, text):
    lost, kept = stub.add_run(), stub.add_run()
    stub.script(action, problem(status, text))
    result, output = run(stub, "--once", "--count", "2")
    assert result == 0, output
    assert f"run {lost['JobRunID']}: dropped: {text}" in output
    ended = [call["run"] for call in stub.called("complete")]
    assert ended == ([lost["JobRunID"], kept["JobRunID"]] if action == "complete" else [kept["JobRunID"]])
    assert not stub.called("fail")


def test_a_service_that_is_busy_is_asked_again_when_it_says(stub):
    stub.add_run()
    stub.script("claim", problem(503, "Try again later.", **{"Retry-After": "1"}))
    stub.script("results", problem(503, "Try again later.", **{"Retry-After": "1"}))
    stub.script("complete", problem(503, "Try again later.", **{"Retry-After": "1"}))
    status, output = run(stub, "--once")
    assert status == 0, output
    assert [len(stub.called(action)) for action in ("claim", "complete")] == [2, 2]
    assert [call["query"]["batch"] for call in stub.called("results")][:3] == ["1", "1", "2"]


def test_it_signs_in_again_when_its_token_has_expired(stub):
    stub.add_run()
    stub.script("results", problem(401, "The access token is invalid or has expired."))
    status, output = run(stub, "--once")
    assert status == 0, output
    assert stub.tokens == 2


def test_it_gives_signs_of_life_while_it_is_busy(stub):
    claimed = stub.add_run()

    def slow(handler):
        time.sleep(5)
        handler.body()
        handler.answer(200, {"Batch": 1, "RowsStored": 1, "RowsSkipped": 0})

    stub.script("collecteddata", slow)
    assert run(stub, "--once", "--lease", "10")[0] == 0
    # One in each third of the lease; more if the machine is busy.
    beats = [json.loads(beat["body"]) for beat in stub.called("heartbeat")]
    assert beats and all(beat == {"Lease": claimed["Lease"], "LeaseSeconds": 10} for beat in beats)


def test_a_heartbeat_that_learns_of_an_abort_ends_the_work(stub):
    stub.add_run()

    def slow(handler):
        time.sleep(5)
        handler.body()
        handler.answer(200, {"Batch": 1, "RowsStored": 1, "RowsSkipped": 0})

    stub.script("collecteddata", slow)
    stub.script("heartbeat", problem(409, "The run was aborted."))
    status, output = run(stub, "--once", "--lease", "10")
    assert status == 0
    assert "dropped: The run was aborted." in output
    assert not stub.called("results")


def test_what_it_cannot_carry_out_it_reports_as_failed(stub):
    broken = stub.add_run(JobConfiguration={"AssetsResolutionInfo": [{"Type": "no Id"}]})
    status, output = run(stub, "--once")
    assert status == 1, output
    (failure,) = stub.called("fail")
    body = json.loads(failure["body"])
    assert (failure["run"], body["Lease"]) == (broken["JobRunID"], broken["Lease"])
    assert "Id" in body["Message"]


def test_rows_that_the_service_refuses_fail_the_run(stub):
    stub.add_run()
    stub.script("results", problem(400, "/AssetID must be a GUID."))
    status, output = run(stub, "--once")
    assert status == 1
    assert "must be a GUID" in json.loads(stub.called("fail")[0]["body"])["Message"]


def test_without_work_it_says_so_by_its_exit_status(stub):
    assert run(stub, "--once", "--wait", "0")[0] == 4


def test_it_works_until_it_is_told_to_stop(stub):
    process = start(stub, "--wait", "0")
    for number in (1, 2):
        stub.add_run()
        eventually(lambda number=number: len(stub.called("complete")) == number, what="the run is completed")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.communicate()
    # It polled about once a second, not in a busy loop.
    assert len(stub.called("claim")) < 20


def test_the_password_is_the_first_line_of_a_file(stub, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\nmore\n")
    stub.add_run()
    assert run(stub, "--once", "--password-file", file, password=None)[0] == 0


def test_a_wrong_password_ends_it(stub):
    status, output = run(stub, "--once", password="wrong")
    assert status == 1
    assert "The password is wrong." in output
    assert "wrong\n" not in output.replace("The password is wrong.\n", "")


def test_a_certificate_that_nobody_vouches_for_ends_it_unless_it_is_told_to_trust_anybody(stub):
    stub.add_run()
    status, output = run(stub, "--once", trust=False)
    assert status == 1
    assert "not to be trusted" in output
    assert stub.calls == []
    status, output = run(stub, "--once", "--insecure", trust=False)
    assert status == 0
    assert "not checked" in output


@pytest.mark.parametrize(
    "options",
    [
        ["--count", "0"], ["--count", "101"], ["--wait", "31"], ["--wait", "x"], ["--lease", "9"],
        ["--ca", "/nowhere"], ["--password-file", "/nowhere"], ["--insecure"], ["--password", "x"], ["more"],
        ["--url", "http://localhost"],
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_status_2(stub, options):
    assert run(stub, "--once", *options)[0] == 2


def test_its_help_names_every_option():
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    for option in (
        "--url",
        "--user",
        "--password-file",
        "--ca",
        "--insecure",
        "--once",
        "--count",
        "--wait",
        "--lease",
    ):
        assert option in text
