"""The log as the journal takes it, and as a flood leaves it."""

import json
import re
from urllib.parse import urlencode

from harness.client import Client
from harness.connections import KeptConnection
from harness.waiting import eventually



def fail_to_sign_in(server, name):
    form = urlencode({"grant_type": "password", "username": name, "password": "eA=="})
    assert Client(server).token_request(form).status_code == 400


# MARK: Priorities


def prioritized(server):
    """Every log line: its priority and, if it is one, its object."""
    lines = [re.fullmatch(r"<(\d)>(.*)", line) for line in server.log_text().splitlines()]
    assert lines and all(lines), server.log_text()
    return [(int(line[1]), json.loads(line[2]) if line[2].startswith("{") else line[2]) for line in lines]


def test_lines_for_the_journal_begin_with_their_priority(start_server, new_database):
    server = start_server(new_database(), {"log.level": "debug"}, journal=True)
    fail_to_sign_in(server, "nobody")
    server.wait_for_event("loginFailed")
    assert server.stop() == 0
    priorities = {"error": 3, "warning": 4, "info": 6, "debug": 7}
    lines = prioritized(server)
    assert all(priorities[line["level"]] == priority for priority, line in lines)
    assert {4, 6} <= {priority for priority, _ in lines}


def test_what_ends_the_server_is_an_error_of_the_journal(start_server, new_database):
    database = new_database()
    database.rows("DROP SCHEMA sqitch, store, audit, auth, directory CASCADE")
    server = start_server(database, journal=True, launch_only=True)
    assert server.wait() == 78
    assert [line["event"] for priority, line in prioritized(server) if priority == 3] == ["schemaRefused"]


def test_a_start_that_fails_is_an_error_of_the_journal(start_server, database):
    server = start_server(database, {"listen.prot": 1, "log.level": "loud"}, journal=True, launch_only=True)
    assert server.wait() == 78
    assert [priority for priority, _ in prioritized(server)] == [3, 3]


def test_a_log_that_the_journal_does_not_read_has_no_priorities(start_server, new_database):
    server = start_server(new_database(), variables={"JOURNAL_STREAM": "8:12345"})
    assert server.events("serverStarting")


# MARK: Floods


def test_a_flood_of_refusals_is_counted_and_hides_nothing(start_server, new_database, directory_of):
    database = new_database()
    server = start_server(database)
    connection = KeptConnection(server)
    for _ in range(500):
        assert connection.get("/ccs/api/v1/jobs?jobname=x")[0] == 401
    # Of other kinds, in the midst of it.
    fail_to_sign_in(server, "after-the-flood")
    signed_in = Client(server)
    signed_in.sign_in(directory_of(database).user())
    assert signed_in.get("/ccs/api/v1/jobs/nonsense").status_code == 400

    def written():
        return [line for line in server.events("request") if line["status"] == 401]

    def counts():
        return [line for line in server.events("repeated") if line.get("status") == 401]

    eventually(lambda: len(written()) + sum(line["count"] for line in counts()) == 500, what="every request is told")
    assert len(written()) <= 10 * (len(counts()) + 1)
    assert {(line["of"], line["network"], line["level"]) for line in counts()} == {("request", "127.0.0.1", "info")}
    assert [line["user"] for line in server.events("loginFailed")] == ["after-the-flood"]
    assert [line["status"] for line in server.events("request") if line.get("user")].count(400) == 1


def test_what_was_counted_is_written_before_the_server_ends(start_server, new_database):
    server = start_server(new_database())
    connection = KeptConnection(server)
    for _ in range(50):
        connection.get("/ccs/api/v1/jobs?jobname=x")
    assert server.stop() == 0
    written = sum(line["status"] == 401 for line in server.events("request"))
    assert written + sum(line["count"] for line in server.events("repeated") if line.get("status") == 401) == 50
