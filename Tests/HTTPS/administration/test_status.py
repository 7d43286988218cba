"""`ccs-jobstore status`: a line for each part, and an exit status for scripts."""

import json

import pytest

from harness.certificate import Certificate
from harness.server import free_port, run_command, write_configuration

PARTS = ["configuration", "certificate", "database", "schema", "server", "queue"]


@pytest.fixture
def status(database, certificate, server, tmp_path):
    """Runs `status` on the common server, or with other settings; answers the exit status and the parts by name."""

    def status(settings=None, certificate=certificate, database=database):
        path = tmp_path / "ccs-jobstore.json5"
        write_configuration(path, database, certificate, {"listen.port": server.port, **(settings or {})})
        text = run_command(path, "status")
        result = run_command(path, "status", "--json")
        assert result.returncode == text.returncode
        assert [line.split()[0] for line in text.stdout.splitlines()[1:]] == PARTS
        report = json.loads(result.stdout)
        assert report["Well"] is (result.returncode == 0)
        assert [part["Part"] for part in report["Parts"]] == PARTS
        return result.returncode, {part["Part"]: part for part in report["Parts"]}

    return status


def states(parts):
    return {name: part["State"] for name, part in parts.items()}


def test_all_is_well(status):
    code, parts = status()
    assert code == 0, parts
    assert set(states(parts).values()) == {"ok"}


def test_a_server_that_does_not_run_is_told_with_the_command(status):
    code, parts = status({"listen.port": free_port()})
    assert code == 1
    assert [name for name, state in states(parts).items() if state != "ok"] == ["server"]
    assert "systemctl start ccs-jobstore" in parts["server"]["Detail"]


def test_a_server_that_is_not_ready_says_why(status, start_server, own_database):
    other = start_server(own_database)
    own_database.cluster.stop()
    code, parts = status({"listen.port": other.port}, database=own_database)
    assert code == 1
    assert states(parts) | {"certificate": "ok"} == {
        "configuration": "ok",
        "certificate": "ok",
        "database": "wrong",
        "schema": "unknown",
        "server": "wrong",
        "queue": "unknown",
    }
    assert "The database cannot be reached." in parts["server"]["Detail"]


def test_a_certificate_that_expires_soon_or_is_not_the_servers_is_wrong(status, tmp_path):
    other = Certificate(tmp_path / "other")
    code, parts = status(certificate=other)
    assert (code, parts["certificate"]["State"]) == (1, "wrong")
    assert "systemctl reload ccs-jobstore" in parts["certificate"]["Detail"]

    other.renew("localhost", days=5)
    code, parts = status(certificate=other)
    assert (code, parts["certificate"]["State"]) == (1, "wrong")
    assert parts["certificate"]["Detail"].startswith(("expires in 4 days", "expires in 5 days"))


def test_a_certificate_whose_file_cannot_be_read_is_looked_at_where_it_is_served(status):
    code, parts = status({"tls.certificateFile": "/nonexistent/certificate.pem"})
    assert code == 0, parts
    code, parts = status({"tls.certificateFile": "/nonexistent/certificate.pem", "listen.port": free_port()})
    assert parts["certificate"]["State"] == "unknown"


def test_a_schema_that_is_missing_and_a_run_that_waits_for_long_are_wrong(status, new_database, directory_of):
    own = new_database()
    directory = directory_of(own)
    job = directory.job(directory.user())
    directory.run(job, status="Queued", messages=0, data=0, results=0)
    code, parts = status(database=own)
    assert (code, parts["queue"]["State"]) == (1, "wrong")
    assert parts["queue"]["Detail"].startswith("1 queued runs")

    own.rows("DROP FUNCTION directory.schema_release")
    code, parts = status(database=own)
    assert (code, states(parts)["database"], states(parts)["schema"]) == (1, "ok", "wrong")
    assert "migrate deploy" in parts["schema"]["Detail"]


def test_a_wrong_configuration_leaves_the_rest_unknown(tmp_path):
    path = tmp_path / "ccs-jobstore.json5"
    path.write_text("{ log: { level: 'loud' } }")
    result = run_command(path, "status", "--json")
    assert result.returncode == 1
    parts = json.loads(result.stdout)["Parts"]
    assert [part["State"] for part in parts] == ["wrong"] + ["unknown"] * 5
    assert "log.level" in parts[0]["Detail"]
