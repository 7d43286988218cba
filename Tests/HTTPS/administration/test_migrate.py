"""What `scripts/migrate` shows, asks and refuses."""

import json

import pytest

from harness.scripts import run_script


@pytest.fixture
def own(new_database):
    return new_database()


@pytest.fixture
def migrate(own):
    def migrate(command, *arguments, **options):
        where = ("--database", own.name)
        return run_script("migrate", command, *arguments, *where, cluster=own.cluster, **options)

    return migrate


def is_deployed(database, table="directory.jobs"):
    return database.value("SELECT to_regclass(%s) IS NOT NULL", table)


# MARK: Reverting


@pytest.mark.parametrize(
    "arguments", [[], ["--yes"], ["--all"], ["--to", "erasure"], ["--all", "--to", "erasure", "--yes"]]
)
def test_a_revert_without_a_terminal_needs_consent_and_an_end(own, migrate, arguments):
    result = migrate("revert", *arguments)
    assert result.returncode == 2, result.stdout + result.stderr
    assert is_deployed(own)
    assert "--" in result.stderr


@pytest.mark.parametrize("answer", ["\n", "yes\n", "y\n", "another\n", "\x04"])
def test_a_revert_at_a_terminal_needs_the_databases_name(own, migrate, answer):
    result = migrate("revert", "--all", answer=answer)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "nothing was reverted" in result.stderr
    assert is_deployed(own)


def test_a_revert_at_a_terminal_needs_an_end_too(own, migrate):
    assert migrate("revert", answer=f"{own.name}\n").returncode == 2
    assert is_deployed(own)


def test_the_databases_name_reverts_it(own, migrate):
    result = migrate("revert", "--all", answer=f"{own.name}\n")
    assert result.returncode == 0, result.stderr
    assert not is_deployed(own)


def test_a_revert_shows_the_rows_that_it_drops(own, migrate, directory_of):
    directory = directory_of(own)
    directory.job(directory.user(), runs=3)
    result = migrate("revert", "--all", answer="\n")
    rows = {words[2]: int(words[0]) for line in result.stdout.splitlines() if len(words := line.split()) == 3}
    assert rows["directory.jobs"] == 1
    assert rows["store.job_runs"] == 3
    assert rows["store.evaluation_results"] == 9
    assert rows["audit.events"] == 0


def test_a_revert_of_some_changes_shows_only_their_tables(own, migrate):
    result = migrate("revert", "--to", "store", answer="\n")
    assert "store.purges" in result.stdout
    assert "store.run_purges" in result.stdout
    assert "store.job_runs" not in result.stdout
    assert "directory.jobs" not in result.stdout

    result = migrate("revert", "--to", "retention", "--yes")
    assert result.returncode == 0, result.stderr
    assert "drops no table" in result.stdout


def test_a_revert_to_a_notation_of_sqitch_shows_every_table(migrate):
    result = migrate("revert", "--to", "@HEAD^", answer="\n")
    assert "directory.jobs" in result.stdout


def test_a_revert_to_a_change_that_is_not_deployed_changes_nothing(own, migrate):
    result = migrate("revert", "--to", "nonsense", "--yes")
    assert result.returncode == 1
    assert "'nonsense' is not deployed" in result.stderr
    assert is_deployed(own)


def test_a_revert_of_a_database_that_is_away_is_a_failure_and_no_wrong_usage():
    result = run_script("migrate", "revert", "--to", "store", "--yes", PGHOST="/nonexistent")
    assert result.returncode == 1
    assert "cannot be read" in result.stderr


# MARK: Deploying


def test_a_deployment_to_a_database_in_use_says_how_to_back_it_up(own, migrate):
    assert "backup" not in migrate("deploy").stdout
    migrate("revert", "--to", "schedules", "--yes")
    result = migrate("deploy")
    assert result.returncode == 0, result.stderr
    assert f"scripts/backup --database {own.name}" in result.stdout


def test_a_new_database_is_created_by_its_uri(cluster):
    name = "made-by-uri"
    uri = f"postgresql://postgres@/made%2Dby%2Duri?host={cluster.socket_folder}"
    try:
        result = run_script("migrate", "deploy", "--create", "--to", "roles", "--database", uri)
        assert result.returncode == 0, result.stdout + result.stderr
        assert f"created database {name}" in result.stdout
        assert "take a backup first" not in result.stdout
        again = run_script("migrate", "deploy", "--create", "--to", "roles", "--database", uri)
        assert again.returncode == 0, again.stderr
        assert "created" not in again.stdout
    finally:
        psql(cluster, f'DROP DATABASE IF EXISTS "{name}"', f'DROP DATABASE IF EXISTS "{uri}"')


def psql(cluster, *statements):
    database = cluster.new_database("dropping")
    try:
        for statement in statements:
            database.rows(statement)
    finally:
        cluster.drop_database(database)


@pytest.mark.parametrize("uri", ["postgresql://host", "postgresql://host/", "host=/tmp dbname=x", "mysql://host/x"])
def test_a_database_without_a_name_is_wrong_usage(uri):
    result = run_script("migrate", "status", "--database", uri)
    assert result.returncode == 2
    assert "--database expects" in result.stderr


# MARK: Options and exit statuses


@pytest.mark.parametrize(
    "arguments", [["--database"], ["--to"], ["--to", ""], ["--to", "--yes"], ["--database", "--yes"]]
)
def test_an_option_without_its_value_is_wrong_usage(arguments):
    result = run_script("migrate", "revert", *arguments)
    assert result.returncode == 2, result.stderr
    assert f"{arguments[0]} expects" in result.stderr


def test_the_status_fails_while_changes_are_missing(own, migrate):
    assert migrate("status").returncode == 0
    assert json.loads(migrate("status", "--json").stdout)["Missing"] == []
    assert migrate("revert", "--to", "store", "--yes").returncode == 0
    result = migrate("status")
    assert result.returncode == 1
    assert "release" in result.stdout
    result = migrate("status", "--json")
    assert result.returncode == 1
    report = json.loads(result.stdout)
    assert report["Deployed"][-1] == "store"
    assert report["Missing"][0] == "erasure" and report["Missing"][-1] == "release"
    assert migrate("revert", "--all", "--yes").returncode == 0
    assert migrate("status").returncode == 1
    assert json.loads(migrate("status", "--json").stdout)["Deployed"] == []
    assert migrate("verify", "--json").returncode == 2
