"""`scripts/backup` and `scripts/restore`, the whole way: a backup of one cluster is served from another."""

import os
import shutil
import stat
import subprocess

import pytest

from harness.client import API, Client
from harness.cluster import Cluster, Database
from harness.scripts import run_script


@pytest.fixture
def new_cluster():
    """A cluster that has neither the database nor its roles."""
    cluster = Cluster.create_empty()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="module")
def common_target():
    cluster = Cluster.create_empty()
    yield cluster
    cluster.remove()


@pytest.fixture
def target(common_target):
    """A cluster without databases, that may have the roles."""
    yield common_target
    for name in databases(common_target):
        psql(common_target, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def source(new_database):
    return new_database()


@pytest.fixture
def root(tmp_path):
    """The root of a file system with a configuration."""
    folder = tmp_path / "root" / "etc" / "ccs-jobstore"
    (folder / "tls").mkdir(parents=True)
    (folder / "ccs-jobstore.json5").write_text("{ listen: { port: 1 } }")
    (folder / "tls" / "private-key.pem").write_text("secret")
    (folder / "tls" / "private-key.pem").chmod(0o640)
    drop_ins = tmp_path / "root" / "etc" / "systemd" / "system" / "ccs-jobstore.service.d"
    drop_ins.mkdir(parents=True)
    (drop_ins / "override.conf").write_text("[Service]\n")
    return tmp_path / "root"


@pytest.fixture
def backup_of(tmp_path, root):
    """Backs a database up; returns the backup's folder."""

    def backup_of(database, *arguments):
        options = ("--database", database.name, "--root", root, *arguments)
        result = run_script("backup", *options, tmp_path / "backups", cluster=database.cluster)
        assert result.returncode == 0, result.stdout + result.stderr
        (line,) = result.stdout.splitlines()
        return tmp_path / "backups" / os.path.basename(line)

    return backup_of


@pytest.fixture
def restore(tmp_path, target):
    def restore(backup, *arguments, cluster=target):
        (tmp_path / "restored").mkdir(exist_ok=True)
        return run_script("restore", backup, "--root", tmp_path / "restored", *arguments, cluster=cluster)

    return restore


def psql(cluster, statement):
    """The rows of a statement in the database `postgres`."""
    database = Database(cluster, "postgres")
    try:
        return database.rows(statement)
    finally:
        database.disconnect()


def databases(cluster):
    rows = psql(cluster, "SELECT datname FROM pg_database WHERE NOT datistemplate")
    return {name for (name,) in rows} - {"postgres"}


def answers(client, jobs):
    """What the API answers to the reads of all jobs, with the headers that depend on the database."""
    paths = [f"{API}/jobs?jobname={jobs[0].name}", f"{API}/jobs?Attributes=(JobName Contains audit)"]
    for job in jobs:
        paths += [f"{API}/jobs/{job.id}", f"{API}/jobs/{job.id}/jobruns"]
    responses = [client.get(path) for path in paths]
    return [(response.status_code, response.headers.get("ETag"), response.json()) for response in responses]


# MARK: The whole way


def test_a_restored_backup_is_served_with_the_same_answers(
    own_cluster, own_database, new_cluster, directory_of, start_server, backup_of, restore
):
    directory = directory_of(own_database)
    user = directory.user()
    jobs = [directory.job(user, runs=3), directory.job(user, runs=1), directory.job(user)]
    own_database.rows("ALTER ROLE ccs_jobstore PASSWORD 'not used over the socket'")
    own_database.rows("ALTER DATABASE ccs_jobstore SET work_mem = '5MB'")
    server = start_server(own_database)
    client = Client(server)
    client.sign_in(user)
    before = answers(client, jobs)
    assert {status for status, _, _ in before} == {200}

    backup = backup_of(own_database)
    verifier = "SELECT rolpassword FROM pg_authid WHERE rolname = 'ccs_jobstore'"
    password = own_database.value(verifier)
    assert server.stop() == 0
    own_cluster.stop()

    result = restore(backup, cluster=new_cluster)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "verified" in result.stdout

    restored = Database(new_cluster, "ccs_jobstore")
    new_cluster.databases.append(restored)
    assert restored.value(verifier) == password
    assert restored.value("SHOW work_mem") == "5MB"
    second = Client(start_server(restored), token=client.token)
    assert answers(second, jobs) == before
    second.sign_in(user)
    assert second.delete(jobs[0]).status_code == 204
    assert directory_of(restored).rows_of(jobs[0].history)["job_runs"] == 0


def test_the_configuration_is_restored_and_a_different_one_is_kept(source, backup_of, restore, root, tmp_path):
    backup = backup_of(source)
    present = tmp_path / "restored" / "etc" / "ccs-jobstore"
    present.mkdir(parents=True)
    (present / "ccs-jobstore.json5").write_text("{}")

    result = restore(backup)
    assert result.returncode == 0, result.stderr
    for name in ("ccs-jobstore/ccs-jobstore.json5", "ccs-jobstore/tls/private-key.pem",
                 "systemd/system/ccs-jobstore.service.d/override.conf"):  # fmt: skip
        assert (tmp_path / "restored/etc" / name).read_text() == (root / "etc" / name).read_text()
    assert stat.S_IMODE((present / "tls/private-key.pem").stat().st_mode) == 0o640
    (former,) = present.parent.glob("ccs-jobstore.before-restore-*")
    assert (former / "ccs-jobstore.json5").read_text() == "{}"
    assert sorted(path.name for path in present.parent.iterdir()) == ["ccs-jobstore", former.name, "systemd"]


def test_a_backup_is_restored_under_another_name_beside_the_original(source, backup_of, restore):
    backup, cluster = backup_of(source, "--without-configuration"), source.cluster
    try:
        result = restore(backup, "--database", f"postgresql:///drill?host={cluster.socket_folder}", cluster=cluster)
        assert result.returncode == 0, result.stderr
        assert {source.name, "drill"} <= databases(cluster)
    finally:
        psql(cluster, "DROP DATABASE IF EXISTS drill")


def test_a_database_with_an_owner_of_its_own_keeps_it(source, target, backup_of, restore):
    psql(source.cluster, 'CREATE ROLE "The Owner" CREATEROLE')
    try:
        psql(source.cluster, f'ALTER DATABASE {source.name} OWNER TO "The Owner"')
        result = restore(backup_of(source))
    finally:
        psql(source.cluster, f"ALTER DATABASE {source.name} OWNER TO postgres")
        psql(source.cluster, 'DROP ROLE "The Owner"')
    assert result.returncode == 0, result.stderr
    owner = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{source.name}'"
    assert psql(target, owner) == [("The Owner",)]


# MARK: Restoring what cannot be restored


def test_a_database_that_is_not_empty_is_not_touched(source, directory_of, backup_of, restore):
    backup = backup_of(source)
    job = directory_of(source).job()
    result = restore(backup, cluster=source.cluster)
    assert result.returncode == 1
    assert "is not empty" in result.stderr
    assert directory_of(source).exists(job)


def test_an_empty_database_that_exists_is_restored(source, target, backup_of, restore):
    psql(target, f"CREATE DATABASE {source.name}")
    result = restore(backup_of(source))
    assert result.returncode == 0, result.stderr


def test_a_damaged_backup_is_refused_before_anything_is_changed(source, target, backup_of, restore):
    backup = backup_of(source)
    with open(backup / "database.dump", "r+b") as dump:
        dump.seek(5000)
        dump.write(b"damage")
    result = restore(backup)
    assert result.returncode == 1
    assert "is damaged" in result.stderr
    assert databases(target) == set()


def test_a_restore_that_fails_half_way_leaves_no_database_and_can_be_repeated(
    source, target, directory_of, backup_of, restore, tmp_path
):
    directory_of(source).job(runs=50)
    good = backup_of(source)
    cut = shutil.copytree(good, tmp_path / "cut")
    os.truncate(cut / "database.dump", (good / "database.dump").stat().st_size - 20_000)
    checksums = subprocess.run("sha256sum [a-z]*", shell=True, cwd=cut, check=True, capture_output=True, text=True)
    (cut / "SHA256SUMS").write_text(checksums.stdout)

    result = restore(cut)
    assert result.returncode == 1
    assert "no data" in result.stderr
    assert databases(target) == set()
    result = restore(good)
    assert result.returncode == 0, result.stderr


def test_a_database_with_other_rows_than_the_backups_is_not_called_restored(source, backup_of, restore):
    backup = backup_of(source)
    manifest = (backup / "manifest").read_text()
    assert "rows directory.folders 2\n" in manifest
    (backup / "manifest").write_text(manifest.replace("rows directory.folders 2", "rows directory.folders 3"))
    checksums = subprocess.run("sha256sum [a-z]*", shell=True, cwd=backup, check=True, capture_output=True, text=True)
    (backup / "SHA256SUMS").write_text(checksums.stdout)
    result = restore(backup)
    assert result.returncode == 1
    assert "-directory.folders 3\n+directory.folders 2" in result.stderr


# MARK: Backups


def test_a_backup_is_for_its_owner_only(source, backup_of):
    backup = backup_of(source)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {0o600}
    assert {path.name for path in backup.iterdir()} == {
        "SHA256SUMS", "configuration.tar", "database.dump", "manifest", "roles.sql",
    }  # fmt: skip


def test_only_the_newest_backups_are_kept(source, backup_of):
    made = [backup_of(source, "--keep", "2") for _ in range(3)]
    stranger = made[0].parent / "notes"
    stranger.mkdir()
    made.append(backup_of(source, "--keep", "2"))
    assert [backup.exists() for backup in made] == [False, False, True, True]
    assert stranger.exists()


def test_a_backup_that_fails_leaves_nothing(source, backup_of, root, tmp_path):
    folder = backup_of(source).parent
    kept = set(folder.iterdir())
    # Half of what a run wrote that was killed is removed by the next one.
    (folder / f".{source.name}-20260101T000000Z.incomplete").mkdir()
    source.rows("CREATE TABLE store.broken AS SELECT 1; UPDATE pg_attribute SET atttypid = 0 "
                      "WHERE attrelid = 'store.broken'::regclass AND attnum = 1")  # fmt: skip
    result = run_script("backup", "--database", source.name, "--root", root, folder, cluster=source.cluster)
    source.rows("DELETE FROM pg_class WHERE oid = 'store.broken'::regclass")
    assert result.returncode == 1, result.stdout
    assert "pg_dump failed" in result.stderr
    assert set(folder.iterdir()) == kept


def test_a_database_without_the_schema_is_not_backed_up(target, tmp_path):
    result = run_script("backup", "--database", "postgres", tmp_path / "backups", cluster=target)
    assert result.returncode == 1
    assert "has no schema" in result.stderr
    assert not (tmp_path / "backups").exists()


def test_a_missing_configuration_is_said_before_the_dump(source, tmp_path):
    result = run_script(
        "backup", "--database", source.name, "--root", tmp_path, tmp_path / "backups", cluster=source.cluster
    )
    assert result.returncode == 1
    assert "--without-configuration" in result.stderr
    assert not (tmp_path / "backups").exists()


# MARK: Usage


@pytest.mark.parametrize("script", ["backup", "restore"])
def test_wrong_usage_is_named(script):
    for arguments in (["--database"], ["--root"], ["--root", "/nowhere", "x"], ["--nonsense"], ["a", "b"]):
        result = run_script(script, *arguments)
        assert result.returncode == 2, (arguments, result.stderr)
        assert result.stderr.startswith(f"{script}: ")
    assert run_script(script, "--help").stdout.startswith(f"Usage: {script} ")


@pytest.mark.parametrize("keep", ["0", "-1", "some"])
def test_the_number_of_backups_kept_is_at_least_one(keep):
    assert run_script("backup", "--keep", keep).returncode == 2


@pytest.mark.parametrize("uri", ["postgresql://ann:secret@host/name", "postgresql://host/name?password=secret"])
def test_a_password_on_the_command_line_is_refused(source, backup_of, uri):
    for script, argument in (("backup", "/tmp"), ("restore", backup_of(source))):
        result = run_script(script, "--database", uri, argument)
        assert result.returncode == 2
        assert "PGPASSFILE" in result.stderr
        assert "secret" not in result.stderr
