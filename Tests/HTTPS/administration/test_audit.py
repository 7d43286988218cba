"""The audit trail on the command line: who did what to which job and when, including deleted jobs."""

import json
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from harness.directory import unique
from harness.server import run_command, write_configuration
from harness.waiting import eventually

# What the longest page has, and what PostgreSQL reads to find it.
READ_AT_MOST = 2_000


class Trail:
    """A separate database whose audit trail is read by the command and written by SQL."""

    def __init__(self, database, configuration):
        self.database = database
        self.configuration = configuration

    def run(self, *arguments):
        return run_command(self.configuration, "audit", *arguments)

    def events(self, *arguments):
        result = self.run("--format", "json", *arguments)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def add(self, operation="Run Job", user="DOMAIN1\\ann", job=None, job_name=None, age="0", details=None, count=1):
        self.database.rows(
            "INSERT INTO audit.events (occurred_at, user_name, operation, job_id, job_name, details) "
            "SELECT now() - %s::interval + n * interval '1 microsecond', %s, %s, %s, %s, %s "
            "FROM generate_series(1, %s) n",
            age,
            user,
            operation,
            job,
            job_name,
            None if details is None else json.dumps(details),
            count,
        )


@pytest.fixture
def trail(new_database, certificate, tmp_path):
    database = new_database()
    configuration = tmp_path / "ccs-jobstore.json5"
    write_configuration(configuration, database, certificate)
    return Trail(database, configuration)


def operations(events):
    return [event["Operation"] for event in events]


def test_what_users_the_clock_and_commands_do_is_on_record_and_outlives_the_job(
    server, client, user, directory, trail, certificate, tmp_path
):
    configuration = tmp_path / "common.json5"
    write_configuration(configuration, directory.database, certificate)
    common = Trail(directory.database, configuration)
    job = directory.job(user, runs=2, configuration={"Schedule": {"RunOnce": True, "StartDate": "2026-01-01"}})
    assert client.delete(job, DeleteJob="False").status_code == 204
    directory.database.rows("UPDATE directory.jobs SET next_run_at = now() WHERE job_id = %s", job.id)
    eventually(lambda: len(common.events("--job", str(job.id))) == 2, what="the run was started")
    response = client.delete(job)
    assert response.status_code == 204

    events = common.events("--job", str(job.id))
    assert operations(events) == ["Delete Job", "Run Job", "Purge Job"]
    assert events[0] == {
        "Time": events[0]["Time"],
        "UserID": str(user.id),
        "User": user.name,
        "Operation": "Delete Job",
        "JobID": str(job.id),
        "JobName": job.name,
        "RequestID": response.headers["X-Request-ID"],
        "Details": {"Runs": 1},
    }
    assert events[1]["User"] == "Schedule"
    assert "UserID" not in events[1]
    assert events[2]["Details"] == {"Runs": 2}
    moment = datetime.fromisoformat(events[0]["Time"].replace("Z", "+00:00"))
    assert abs(datetime.now(timezone.utc) - moment) < timedelta(minutes=1)
    for name in (job.name, job.name.upper()):
        assert common.events("--job", name) == events
    assert operations(common.events("--user", user.name.upper())) == ["Delete Job", "Purge Job", "Login"]

    result = run_command(configuration, "users", "add", unique("DOMAIN1\\new"), "--no-password")
    assert result.returncode == 0
    newest = common.events("--operation", "add user", "--limit", "1")
    assert newest[0]["User"].endswith(" via ccs-jobstore")


def test_the_newest_events_come_first_and_a_hundred_of_them_unless_told_otherwise(trail):
    for age in ("3 hours", "1 hour", "2 hours"):
        trail.add(operation=f"Operation of {age} ago", age=age)
    assert operations(trail.events()) == [f"Operation of {age} ago" for age in ("1 hour", "2 hours", "3 hours")]
    trail.add(count=150)
    assert len(trail.events()) == 100
    assert len(trail.events("--limit", "120")) == 120
    assert len(trail.events("--limit", "0")) == 153


def test_events_of_the_same_moment_come_in_the_reverse_order_of_writing(trail):
    trail.database.rows(
        "INSERT INTO audit.events (occurred_at, user_name, operation) "
        "SELECT '2026-01-05T04:10:00Z', 'x', 'Operation ' || n FROM generate_series(1, 2500) n"
    )
    assert operations(trail.events("--limit", "0")) == [f"Operation {n}" for n in range(2500, 0, -1)]


def test_every_filter_narrows_and_all_together_too(trail):
    first, second = uuid.uuid4(), uuid.uuid4()
    for user in ("DOMAIN1\\ann", "DOMAIN1\\bob"):
        for job, name in ((first, "Nightly audit"), (second, "Weekly audit")):
            for operation in ("Run Job", "Purge Job"):
                for age in ("1 hour", "3 days", "20 days"):
                    trail.add(operation, user, job, name, age)
    assert len(trail.events("--limit", "0")) == 24
    assert len(trail.events("--user", "domain1\\ANN")) == 12
    assert len(trail.events("--job", str(first).upper())) == 12
    assert len(trail.events("--job", "{" + str(first) + "}")) == 12
    assert len(trail.events("--job", "nightly AUDIT")) == 12
    assert len(trail.events("--operation", "purge job")) == 12
    assert len(trail.events("--since", "2d")) == 8
    assert len(trail.events("--until", "2d")) == 16
    assert len(trail.events("--since", "1w", "--until", "90m")) == 8
    assert (
        len(
            trail.events(
                *("--user", "DOMAIN1\\bob", "--job", "Weekly audit", "--operation", "Run Job", "--since", "1w"),
                *("--until", "5m"),
            )
        )
        == 2
    )
    for nothing in (("--user", "retention"), ("--job", str(uuid.uuid4())), ("--job", "audit"), ("--operation", "Login")):
        assert trail.events(*nothing) == []


def test_a_word_that_names_nothing_is_told_with_the_nearest_that_does(trail, directory_of):
    directory_of(trail.database).user(name="DOMAIN1\\ann")
    trail.add("Former Operation", "root@host via ccs-jobstore")
    for arguments, expected in (
        (("--operation", "Delet Job"), "unknown operation 'Delet Job'; did you mean 'Delete Job'?"),
        (("--operation", "purge"), "unknown operation 'purge'; did you mean 'Purge Job'?"),
        (("--operation", "x"), "unknown operation 'x'; expected one of 'Create Job', 'Update Job'"),
        (("--user", "DOMAIN1\\anne"), "unknown user 'DOMAIN1\\anne'; did you mean 'DOMAIN1\\ann'?"),
    ):
        result = trail.run(*arguments)
        assert result.returncode == 1
        assert result.stdout == ""
        assert expected in result.stderr
    # Whoever has events is known, and so is what an earlier version wrote.
    assert len(trail.events("--user", "ROOT@host via ccs-jobstore")) == 1
    assert len(trail.events("--operation", "former operation")) == 1
    assert trail.events("--user", "domain1\\ANN") == []


def test_since_is_the_first_moment_that_counts_and_until_the_first_that_does_not(trail):
    for second in ("04:10:00", "04:10:01", "04:10:02"):
        trail.database.rows(
            "INSERT INTO audit.events (occurred_at, user_name, operation) VALUES (%s, 'x', %s)",
            f"2026-01-05T{second}Z",
            second,
        )
    between = trail.events("--since", "2026-01-05T05:10:00+01:00", "--until", "2026-01-05T04:10:02")
    assert operations(between) == ["04:10:01", "04:10:00"]
    assert len(trail.events("--since", "2026-01-05", "--until", "2026-01-06")) == 3


def test_the_table_has_a_line_an_event_and_nothing_stored_can_steer_the_terminal(trail):
    job = uuid.uuid4()
    trail.add("Purge Job", "DOMAIN1\\ann", job, "Nightly \x1b[31maudit", "1 hour", {"Runs": 3, "Reason": "old"})
    result = trail.run()
    assert result.returncode == 0
    heading, line = result.stdout.splitlines()
    assert heading.split() == ["TIME", "USER", "OPERATION", "JOB", "JOB", "ID", "DETAILS"]
    assert "\x1b" not in line
    for part in ("DOMAIN1\\ann", "Purge Job", "Nightly", str(job), "Reason: old, Runs: 3"):
        assert part in line
    assert len(trail.run("--user", "Schedule").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", "2026-13-01"),
        ("--until", "2x"),
        ("--until", "-2d"),
        ("--until", "9999999d"),
        ("--limit", "-1"),
        ("--limit", "many"),
        ("--format", "csv"),
        ("--since", "1d", "--until", "2d"),
        ("--since",),
        ("--who", "me"),
        ("ann",),
    ],
)
def test_wrong_usage_is_told_and_has_its_status(trail, arguments):
    result = trail.run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert arguments[0] in result.stderr


def test_the_help_says_what_there_is(trail):
    result = trail.run("--help")
    assert result.returncode == 0
    for word in ("--user", "--job", "--operation", "--since", "--until", "--limit", "--format", "newest first"):
        assert word in result.stdout.lower()


def test_without_a_database_it_ends_with_the_status_for_that(trail, certificate, tmp_path):
    configuration = tmp_path / "nowhere.json5"
    write_configuration(
        configuration, trail.database, certificate, {"administration.connection": "host=/nonexistent user=x"}
    )
    assert run_command(configuration, "audit").returncode == 69


def test_neither_the_servers_role_nor_the_administrators_can_change_the_trail(trail):
    for role, statement in (
        ("ccs_jobstore", "DELETE FROM audit.events"),
        ("ccs_jobstore", "UPDATE audit.events SET user_name = 'x'"),
        ("ccs_jobstore_admin", "DELETE FROM audit.events"),
        ("ccs_jobstore_admin", "UPDATE audit.events SET user_name = 'x'"),
    ):
        refused = trail.database.value(
            "SELECT NOT has_table_privilege(%s, 'audit.events', %s)", role, statement.split()[0]
        )
        assert refused


def rows_read(database):
    """How many rows of the audit trail PostgreSQL has read."""
    # A session is counted before it leaves pg_stat_activity.
    eventually(
        lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'ccs_jobstore_admin'") == 0,
        what="the commands' sessions have ended",
    )
    return database.value(
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables WHERE schemaname = 'audit'"
    )


def test_a_page_of_a_million_events_takes_no_longer_whatever_is_asked_for(trail):
    job = uuid.uuid4()
    trail.database.rows(
        """
        INSERT INTO audit.events (occurred_at, user_id, user_name, operation, job_id, job_name)
        SELECT now() - (1000000 - n) * interval '1 minute', gen_random_uuid(), 'user ' || n % 50,
               (ARRAY['Run Job', 'Abort Job Run', 'Purge Job', 'Create Job'])[1 + n % 4],
               md5((n % 2000)::text)::uuid, 'job ' || n % 2000
        FROM generate_series(1, 1000000) n
        """
    )
    # The oldest event, which a scan from the newest reaches last.
    trail.add("Delete Job", "DOMAIN1\\rare", job, "Rare job", "800 days")
    trail.database.rows("ANALYZE audit.events")
    for question, found in (
        ((), 100),
        (("--user", "DOMAIN1\\rare"), 1),
        (("--user", "Schedule"), 0),
        (("--user", "user 7", "--since", "30d"), 100),
        (("--job", "Rare job"), 1),
        (("--job", str(job)), 1),
        (("--job", "job 7"), 100),
        (("--operation", "Delete Job"), 1),
        (("--operation", "Purge Job", "--until", "300d"), 100),
        (("--since", "2h"), 100),
        (("--since", "2m", "--operation", "Delete Job"), 0),
        (("--until", "600d"), 100),
        (("--user", "user 8", "--operation", "Run Job", "--since", "500d"), 100),
    ):
        before = rows_read(trail.database)
        assert len(trail.events(*question)) == found, question
        assert rows_read(trail.database) - before < READ_AT_MOST, question


def test_a_trail_of_any_length_is_read_in_little_memory(trail):
    trail.add(count=60_000, details={"Reason": "x" * 500})
    result = run_command(trail.configuration, "audit", "--limit", "0", "--format", "json")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 60_000
