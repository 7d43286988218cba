"""`scripts/install` and `scripts/uninstall --purge`, below a folder."""

import os
import re
import shutil
import subprocess

import pytest

from harness.cluster import REPOSITORY
from harness.scripts import run_script
from harness.server import BINARY, environment

# These stand for the programs that would reach the machine's own PostgreSQL and users.
STAND_INS = {
    "runuser": 'shift 3; PGHOST={socket} PGUSER=postgres exec "$@"',
    "getent": 'test "$2" = postgres',
    "userdel": "exit 1",
    "sudo": 'exec "$@"',
    "systemctl": "exit 0",
    "dpkg-query": "exit 1",
}


@pytest.fixture
def installation(own_database, tmp_path):
    """An installation below a folder, and a copy of `uninstall` whose paths all lead there."""
    root = tmp_path / "root"
    result = run_script("install", "--binary", BINARY, "--root", root)
    assert result.returncode == 0, result.stdout + result.stderr

    copy = tmp_path / "scripts"
    shutil.copytree(REPOSITORY / "scripts/lib", copy / "lib")
    (tmp_path / "migrations").symlink_to(REPOSITORY / "migrations")
    for name in ("uninstall", "lib/payload.sh"):
        text = (REPOSITORY / "scripts" / name).read_text()
        text = re.sub(r"/(etc|usr|run)/(?=ccs|share|bin/ccs|lib/sys|systemd)", rf"{root}/\1/", text)
        assert re.findall(r"(?<![\w.])/(?:etc|usr|run)/\S+", text.split("\n", 1)[1]) == []
        (copy / name).write_text(text)

    (tmp_path / "bin").mkdir()
    for name, line in STAND_INS.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{line.format(socket=own_database.cluster.socket_folder)}\n")
        program.chmod(0o755)
    return root


@pytest.fixture
def purge(installation, tmp_path):
    def purge():
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", tmp_path / "scripts" / "uninstall", "--purge", "--yes"],
            env=environment(PATH=path),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    return purge


def files(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def databases(cluster):
    database = cluster.new_database("looking")
    try:
        return {name for (name,) in database.rows("SELECT datname FROM pg_database")} - {"looking"}
    finally:
        cluster.drop_database(database)


def test_the_commands_for_operators_are_installed(installation):
    folder = installation / "usr/share/ccs-jobstore/scripts"
    for name in ("migrate", "backup", "restore"):
        result = subprocess.run([folder / name, "--help"], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(f"Usage: {name} ")


def test_the_timer_starts_a_program_that_is_installed(installation):
    units = installation / "usr/lib/systemd/system"
    assert "OnCalendar=" in (units / "ccs-jobstore-backup.timer").read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", (units / "ccs-jobstore-backup.service").read_text(), re.MULTILINE)
    program, *arguments = line.split()
    assert os.access(f"{installation}{program}", os.X_OK)
    # The arguments are understood: the first failure is that of the connection.
    result = subprocess.run(
        [f"{installation}{program}", *arguments, "--root", installation],
        env=environment(PGHOST="/nonexistent"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert "cannot be read" in result.stderr


def test_a_purge_with_a_role_that_another_database_uses_removes_nothing(own_cluster, own_database, installation, purge):
    own_cluster.new_database("another")
    own_database.disconnect()
    before = files(installation)
    result = purge()
    assert result.returncode == 1
    assert "the role ccs_jobstore is used by the database another" in result.stderr
    assert "Nothing was removed" in result.stderr
    assert {"ccs_jobstore", "another"} <= databases(own_cluster)
    assert files(installation) == before


def test_a_purge_with_another_session_in_the_database_removes_nothing(own_cluster, own_database, installation, purge):
    own_cluster.migrate("revert", "--all", "--yes", "--database", "pristine")
    own_database.value("SELECT 1")
    before = files(installation)
    result = purge()
    assert result.returncode == 1
    assert "is connected to the database ccs_jobstore" in result.stderr
    assert own_database.value("SELECT to_regclass('directory.jobs') IS NOT NULL")
    assert files(installation) == before


def test_a_purge_removes_the_database_its_roles_and_every_file(own_cluster, own_database, installation, purge):
    own_cluster.migrate("revert", "--all", "--yes", "--database", "pristine")
    own_database.rows("GRANT CONNECT ON DATABASE ccs_jobstore TO ccs_jobstore")
    own_database.disconnect()
    result = purge()
    assert result.returncode == 0, result.stdout + result.stderr
    assert files(installation) == set()
    assert "ccs_jobstore" not in databases(own_cluster)
    # The fixture looks for orphaned rows.
    own_cluster.migrate("deploy", "--create", "--database", "ccs_jobstore")


def test_the_files_of_an_installed_package_are_left_to_the_package_manager(installation, purge, tmp_path):
    (tmp_path / "bin" / "dpkg-query").write_text("#!/bin/sh\necho installed\n")
    before = files(installation)
    result = purge()
    assert result.returncode == 1
    assert "apt remove ccs-jobstore" in result.stderr
    assert files(installation) == before
