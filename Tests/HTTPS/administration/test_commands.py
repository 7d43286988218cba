"""What the commands print for programs, and what they read."""

import json
import socket
import subprocess

import pytest

from harness.server import BINARY, environment, run_command, write_configuration

ANN = "DOMAIN1\\ann"


@pytest.fixture
def configuration(new_database, certificate, tmp_path):
    path = tmp_path / "ccs-jobstore.json5"
    write_configuration(path, new_database(), certificate)
    return path


@pytest.fixture
def printed(configuration):
    """Runs a command with --json; answers the objects that it prints, one on each line."""

    def printed(*arguments, status=0, **options):
        result = run_command(configuration, *arguments, "--json", **options)
        assert result.returncode == status, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    return printed


def test_every_command_prints_objects_for_programs(configuration, printed, tmp_path):
    assert printed("users", "add", ANN, "--no-password") == [{"User": ANN, "Changed": True}]
    assert printed("users", "set-password", ANN, standard_input="secret\n") == [{"User": ANN, "Changed": True}]
    assert printed("users", "disable", ANN) == [{"User": ANN, "Changed": True, "PausedJobs": 0}]
    assert printed("users", "disable", ANN) == [{"User": ANN, "Changed": False, "PausedJobs": 0}]
    assert printed("roles", "create", "R", "--description", "for tests") == [{"Role": "R", "Changed": True}]
    assert printed("roles", "assign", "R", ANN) == [{"Role": "R", "User": ANN, "Changed": True}]
    assert printed("roles", "grant-task", "R", "manage jobs") == [
        {"Role": "R", "Tasks": ["manage jobs"], "Changed": True}
    ]
    assert printed("roles", "grant-folder", "R", "/Standards") == [
        {"Role": "R", "Folders": ["/Standards"], "Changed": True}
    ]

    (user,) = [user for user in printed("users", "list") if user["Name"] == ANN]
    assert user.pop("CreationTime").endswith("Z")
    assert user == {"Name": ANN, "Disabled": True, "HasPassword": True, "Roles": ["R"]}
    (role,) = [role for role in printed("roles", "list") if role["Name"] == "R"]
    assert role == {
        "Name": "R",
        "Description": "for tests",
        "Tasks": ["Manage jobs"],
        "Folders": ["/Standards"],
        "Users": [ANN],
    }
    events = printed("audit", "--limit", "2")
    assert [event["Operation"] for event in events] == ["Grant Folder", "Grant Task"]

    file = tmp_path / "directory.json5"
    file.write_text("{ Roles: [{ Name: 'R', Description: 'changed' }, { Name: 'S' }] }")
    counts = {"Kind": "Roles", "Added": 1, "Changed": 1, "Unchanged": 0}
    assert printed("directory", "import", str(file), "--dry-run") == [{"Kept": False, "Kinds": [counts]}]
    assert printed("directory", "import", str(file)) == [{"Kept": True, "Kinds": [counts]}]

    (status,) = printed("status", status=1)
    assert set(status) == {"Well", "Parts"}
    (version,) = printed("version")
    assert set(version) == {"Version", "Schema"}
    (report,) = printed("check-config")
    assert (report["Valid"], report["Problems"]) == (True, [])
    configuration.write_text("{ log: { level: 'loud' } }")
    (report,) = printed("check-config", status=78)
    assert report["Valid"] is False
    assert report["Problems"][0].startswith('log.level is "loud"')


def test_the_format_of_the_directory_file_is_printed_without_a_configuration(tmp_path):
    result = run_command(tmp_path / "nothing.json5", "directory", "import", "--format")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("NAME\n")
    assert "\nJOBS\n" in result.stdout
    missing = run_command(tmp_path / "nothing.json5", "directory", "import")
    assert missing.returncode == 2
    assert "FILE is missing" in missing.stderr


def test_a_directory_file_is_read_from_an_input_that_cannot_be_opened_by_name(configuration):
    # As under sudo, where /dev/stdin is a pipe of another user; a socket cannot be opened by name either.
    reader, writer = socket.socketpair()
    writer.sendall(b"{ Roles: [{ Name: 'Piped' }] }")
    writer.close()
    with reader:
        result = subprocess.run(
            [BINARY, "directory", "import", "-", "--config", configuration],
            stdin=reader,
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(),
        )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["KIND", "ADDED", "CHANGED", "UNCHANGED", "Roles", "1", "0", "0"]
