"""Commands and scripts that the wrong system user gives say what the right command is."""

import os
import shutil
import subprocess

import pytest

from harness.cluster import REPOSITORY
from harness.scripts import run_script
from harness.server import run_command, write_configuration


@pytest.fixture
def peers(own_cluster):
    """A cluster that admits `stranger` by peer authentication."""
    rules = own_cluster.data / "pg_hba.conf"
    rules.write_text("local all stranger peer\n" + rules.read_text())
    own_cluster.stop()
    own_cluster.start()
    return own_cluster


def test_a_command_names_the_user_whom_the_database_admits(peers, own_database, certificate, tmp_path):
    configuration = tmp_path / "ccs-jobstore.json5"
    connection = own_database.connection_string("stranger")
    write_configuration(configuration, own_database, certificate, {"administration.connection": connection})
    result = run_command(configuration, "audit", "--job", "Nightly audit")
    assert result.returncode == 69
    assert "Peer authentication" not in result.stderr
    assert f"stranger ccs-jobstore audit --job 'Nightly audit' --config {configuration}" in result.stderr.replace("-- ", "")


def test_migrate_names_the_command_of_the_owner(peers):
    result = run_script("migrate", "status", cluster=peers, PGUSER="stranger")
    assert result.returncode == 1
    assert "-u postgres" in result.stderr and "/scripts/migrate status" in result.stderr
    result = run_script("migrate", "deploy", "--create", cluster=peers, PGUSER="nobody-is-called-so")
    assert "-u postgres" in result.stderr and "migrate deploy --create" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_script_without_root_names_the_packages_and_the_command(tmp_path):
    tmp_path.parent.chmod(0o755)
    tmp_path.parent.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    script = ". scripts/lib/common.sh; need_packages a-package-that-is-missing another-one"
    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, user="nobody", stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert result.returncode == 3
    assert "apt-get install a-package-that-is-missing another-one" in result.stderr
    assert "these Debian packages are missing" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        *(["migrate", "status", option] for option in ("--database", "--to")),
        *([script, option] for script in ("backup", "restore") for option in ("--database", "--root")),
        *(["install", option] for option in ("--binary", "--root")),
        ["uninstall", "--root"],
        ["test", "--filter"],
        *(["bench", option] for option in ("--seconds", "--runs", "--connections", "--rows", "--pool", "--binary")),
        *(["bench-versions", option] for option in ("--seconds", "--runs", "--connections", "--binary", "--against")),
        ["sample-collector", "--user"],
    ],
    ids=" ".join,
)
def test_an_option_without_its_value_is_wrong_usage(command):
    result = run_script(*command)
    assert result.returncode == 2, result.stderr
    assert command[-1] in result.stderr
