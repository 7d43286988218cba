"""Retention: expired runs are removed completely, oldest first."""

import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import Client
from harness.directory import HISTORY_TABLES, orphans
from harness.waiting import eventually

# Continuous sweeps, in steps so small that a kill interrupts one.
ALWAYS = {
    "retention.sweepSeconds": 0.1,
    "deletion.eraserPollSeconds": 0.1,
    "deletion.eraserBatchRows": 100,
    "deletion.eraserDutyPercent": 100,
}
OVER = ("Completed", "Failed", "Aborted")


class Histories:
    def __init__(self, database, directory):
        self.database = database
        self.directory = directory
        self.user = directory.user()

    def job(self, runs=0, keep_runs=None, keep_days=None, first_age=None, statuses=("Completed",), rows=2):
        """A job with `runs` runs at intervals of a day, the newest `first_age` days old."""
        job = self.directory.job(self.user, keep_runs=keep_runs, keep_days=keep_days)
        self.fill(job, runs, 0.5 if first_age is None else first_age, statuses, rows)
        return job

    def fill(self, job, runs, first_age=0.5, statuses=("Completed",), rows=2, distance="1 day"):
        history = self.directory.history_of(job)
        self.database.rows(
            """
            WITH runs AS (
                INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, message_count)
                SELECT %(history)s, gen_random_uuid(), (%(statuses)s::text[])[1 + n %% %(kinds)s], 'Schedule',
                       now() - %(age)s * interval '1 day' - n * %(distance)s::interval, %(rows)s
                FROM generate_series(0, %(runs)s - 1) n
                RETURNING history_id, run_id
            ), messages AS (
                INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
                SELECT history_id, run_id, n, 'Information', 'done' FROM runs, generate_series(0, %(rows)s - 1) n
            ), data AS (
                INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, data)
                SELECT history_id, run_id, n, gen_random_uuid(), '{}' FROM runs, generate_series(0, %(rows)s - 1) n
            ), results AS (
                INSERT INTO store.evaluation_results
                    (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
                SELECT history_id, run_id, n, gen_random_uuid(), gen_random_uuid(), 'check', 'Pass'
                FROM runs, generate_series(0, %(rows)s - 1) n
            )
            UPDATE directory.jobs SET run_count = run_count + %(runs)s WHERE job_id = %(job)s
            """,
            {
                "history": history,
                "job": job.id,
                "runs": runs,
                "age": first_age,
                "statuses": list(statuses),
                "kinds": len(statuses),
                "rows": rows,
                "distance": distance,
            },
        )

    def runs(self, job):
        """The identifiers of its runs, newest first."""
        return [
            run
            for (run,) in self.database.rows(
                "SELECT run_id FROM store.job_runs WHERE history_id = %s ORDER BY queued_at DESC, run_id DESC",
                self.directory.history_of(job),
            )
        ]

    def listed(self):
        return self.database.value("SELECT count(*) FROM store.run_purges")

    def sweeps(self):
        """The number of the current sweep."""
        return self.database.value("SELECT began_at FROM store.retention_sweep")

    def wait_for_sweeps(self, count=2, seconds=30):
        for _ in range(count):
            before = self.sweeps()
            eventually(lambda before=before: self.sweeps() != before, seconds, what="another sweep begins")

    def wait_until_runs(self, job, count, seconds=30):
        eventually(
            lambda: len(self.runs(job)) == count and self.listed() == 0,
            seconds,
            what=lambda: f"{count} runs are left; there are {len(self.runs(job))}, and {self.listed()} on the list",
        )

    def strays(self):
        """The number of rows, by table, whose run neither exists nor is queued for removal. Must be empty."""
        counts = {
            table: self.database.value(
                f"SELECT count(*) FROM store.{table} t "
                "WHERE NOT EXISTS (SELECT FROM store.job_runs r WHERE (r.history_id, r.run_id) = (t.history_id, t.run_id)) "
                "AND NOT EXISTS (SELECT FROM store.run_purges p WHERE (p.history_id, p.run_id) = (t.history_id, t.run_id)) "
                "AND NOT EXISTS (SELECT FROM store.purges p WHERE p.history_id = t.history_id)"
            )
            for table in HISTORY_TABLES[1:]
        }
        return {table: count for table, count in counts.items() if count} | orphans(self.database)

    def wrong_run_counts(self):
        return self.database.value(
            "SELECT count(*) FROM directory.jobs j "
            "WHERE run_count <> (SELECT count(*) FROM store.job_runs r WHERE r.history_id = j.history_id)"
        )

    def assert_consistent(self):
        assert self.strays() == {}
        assert self.wrong_run_counts() == 0


@pytest.fixture
def histories(new_database, directory_of):
    database = new_database()
    histories = Histories(database, directory_of(database))
    yield histories
    histories.assert_consistent()


# MARK: The rule


def test_the_newest_runs_of_a_job_are_kept_and_the_others_go_with_all_their_rows(histories, start_server):
    job, other = histories.job(30, keep_runs=7), histories.job(30)
    kept, untouched = histories.runs(job)[:7], histories.runs(other)
    server = start_server(histories.database, ALWAYS)
    histories.wait_until_runs(job, 7)
    assert histories.runs(job) == kept
    assert histories.directory.rows_of(job.history) == {
        "job_runs": 7,
        "job_run_messages": 14,
        "collected_data": 14,
        "evaluation_results": 14,
    }
    histories.wait_for_sweeps()
    assert histories.runs(other) == untouched
    assert histories.runs(job) == kept
    client = Client(server)
    client.sign_in(histories.user)
    assert [run["JobRunID"] for run in client.runs(job, count=0).json()["JobRuns"]] == [str(run) for run in kept]
    metrics = server.metrics()
    assert metrics["ccs_jobstore_runs_expired_total"] == 23
    assert metrics["ccs_jobstore_rows_erased_total"] == 23 * 7
    events = histories.database.rows(
        "SELECT job_id, job_name, user_name, (details->>'Runs')::integer FROM audit.events "
        "WHERE operation = 'Remove Job Runs'"
    )
    assert {event[:3] for event in events} == {(job.id, job.name, "Retention")}
    assert sum(event[3] for event in events) == 23


def test_runs_that_were_queued_too_many_days_ago_go(histories, start_server):
    job = histories.job(30, keep_days=10)
    kept = histories.runs(job)[:10]
    start_server(histories.database, ALWAYS)
    histories.wait_until_runs(job, 10)
    assert histories.runs(job) == kept


@pytest.mark.parametrize(("keep_runs", "keep_days", "left"), [(5, 10, 5), (10, 5, 5), (100, 5, 5), (5, 100, 5)])
def test_a_run_goes_if_either_rule_wants_it(histories, start_server, keep_runs, keep_days, left):
    job = histories.job(20, keep_runs=keep_runs, keep_days=keep_days)
    kept = histories.runs(job)[:left]
    start_server(histories.database, ALWAYS)
    histories.wait_until_runs(job, left)
    histories.wait_for_sweeps()
    assert histories.runs(job) == kept


def test_the_newest_run_that_is_over_stays_however_old_it_is(histories, start_server):
    job = histories.job(8, keep_days=3, first_age=500)
    running = histories.job(keep_days=3)
    histories.fill(running, 1, first_age=300, statuses=("Running",))
    histories.fill(running, 5, first_age=400)
    newest = histories.runs(job)[:1]
    active_and_newest = histories.runs(running)[:2]
    start_server(histories.database, ALWAYS)
    histories.wait_until_runs(job, 1)
    histories.wait_until_runs(running, 2)
    assert histories.runs(job) == newest
    assert histories.runs(running) == active_and_newest


@pytest.mark.parametrize("rule", [{"keep_runs": 3}, {"keep_days": 3}])
def test_a_collector_that_breaks_does_not_wipe_the_last_good_evidence(histories, start_server, rule):
    job = histories.job(**rule)
    histories.fill(job, 3, statuses=("Failed", "Aborted"))
    histories.fill(job, 4, first_age=10, statuses=("Failed",))
    histories.fill(job, 2, first_age=20)
    histories.fill(job, 2, first_age=30, statuses=("Failed",))
    runs = histories.runs(job)
    start_server(histories.database, ALWAYS)
    histories.wait_until_runs(job, 4)
    histories.wait_for_sweeps()
    # The three that the rule keeps, and the newer of the completed ones.
    assert histories.runs(job) == runs[:3] + [runs[7]]
    histories.fill(job, 1, first_age=0.1)
    histories.wait_until_runs(job, 3 if "keep_runs" in rule else 4)
    assert runs[7] not in histories.runs(job)


def test_runs_that_are_not_over_stay_and_do_not_count(histories, start_server):
    job = histories.job(40, keep_runs=4, statuses=("Queued", "Completed", "Running", "Failed", "Aborted"))
    expected = histories.database.rows(
        """
        SELECT run_id
        FROM (
            SELECT run_id, status IN ('Queued', 'Running') AS active,
                   row_number() OVER (PARTITION BY status IN ('Queued', 'Running') ORDER BY queued_at DESC) AS place
            FROM store.job_runs
            WHERE history_id = %s
        ) r
        WHERE active OR place <= 4
        """,
        job.history,
    )
    assert len(expected) == 16 + 4
    start_server(histories.database, ALWAYS)
    histories.wait_until_runs(job, len(expected))
    assert set(histories.runs(job)) == {run for (run,) in expected}


def test_the_settings_count_for_jobs_without_a_number_of_their_own(histories, start_server):
    default, own, own_days = histories.job(12), histories.job(12, keep_runs=9), histories.job(12, keep_days=2)
    start_server(histories.database, ALWAYS | {"retention.keepRuns": 5, "retention.keepDays": 4})
    for job, left in ((default, 4), (own, 4), (own_days, 2)):
        histories.wait_until_runs(job, left)


def test_without_a_rule_everything_is_kept(histories, start_server):
    job = histories.job(50, first_age=3000)
    server = start_server(histories.database, ALWAYS)
    histories.wait_for_sweeps(3)
    assert len(histories.runs(job)) == 50
    assert server.metrics()["ccs_jobstore_runs_expired_total"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_is_what_the_rule_says_whatever_the_histories(histories, start_server, seed):
    choice = random.Random(seed)
    expected = {}
    for _ in range(25):
        keep_runs = choice.choice([None, 1, 2, 5, 50])
        keep_days = choice.choice([None, 1, 3, 20, 100_000_000])
        job = histories.job(keep_runs=keep_runs, keep_days=keep_days)
        for _ in range(choice.randint(0, 3)):
            statuses = choice.choices(OVER + ("Queued", "Running"), k=3)
            histories.fill(job, choice.randint(1, 12), choice.uniform(0.1, 9), statuses, choice.randint(0, 3))
        rows = histories.database.rows(
            "SELECT run_id, status, extract(epoch FROM now() - queued_at)::float8 / 86400 FROM store.job_runs "
            "WHERE history_id = %s ORDER BY queued_at DESC, run_id DESC",
            job.history,
        )
        over = [(run, age) for run, status, age in rows if status in OVER]
        kept = {
            run
            for place, (run, age) in enumerate(over)
            if place == 0 or (place < (keep_runs or 4) and age <= (keep_days or 1e9))
        }
        kept.update([run for run, status, _ in rows if status == "Completed"][:1])
        expected[job.id] = (job, kept | {run for run, status, _ in rows if status not in OVER})
    start_server(histories.database, ALWAYS | {"retention.keepRuns": 4})
    for job, kept in expected.values():
        histories.wait_until_runs(job, len(kept))
        assert set(histories.runs(job)) == kept
    histories.wait_for_sweeps()
    for job, kept in expected.values():
        assert set(histories.runs(job)) == kept


# MARK: While it works


def test_a_run_with_very_many_rows_disappears_at_once_and_is_erased_in_steps(histories, start_server):
    job = histories.job(keep_runs=1)
    histories.fill(job, 1, first_age=0)
    histories.fill(job, 1, first_age=5, rows=0)
    large = histories.runs(job)[1]
    histories.database.rows(
        "INSERT INTO store.evaluation_results (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome) "
        "SELECT %s, %s, n, gen_random_uuid(), gen_random_uuid(), 'check', 'Pass' FROM generate_series(0, 19999) n",
        job.history,
        large,
    )
    server = start_server(histories.database, ALWAYS | {"deletion.eraserDutyPercent": 20})
    client = Client(server)
    client.sign_in(histories.user)
    eventually(lambda: len(histories.runs(job)) == 1, what="the run is out of sight")
    assert len(client.runs(job, count=0).json()["JobRuns"]) == 1
    assert histories.listed() == 1
    histories.assert_consistent()
    left = histories.database.value("SELECT count(*) FROM store.evaluation_results WHERE run_id = %s", large)
    assert left > 1000, "there is something to see"
    histories.wait_until_runs(job, 1)
    assert histories.database.value("SELECT count(*) FROM store.evaluation_results WHERE run_id = %s", large) == 0
    assert server.metrics()["ccs_jobstore_rows_erased_total"] == 20001


def test_a_server_may_be_killed_at_any_moment_and_the_next_goes_on(histories, start_server):
    jobs = [histories.job(150, keep_runs=3) for _ in range(4)]
    kept = [histories.runs(job)[:3] for job in jobs]
    for _ in range(8):
        server = start_server(histories.database, ALWAYS)
        time.sleep(0.15)
        server.kill()
        histories.assert_consistent()
    start_server(histories.database, ALWAYS)
    for job in jobs:
        histories.wait_until_runs(job, 3)
    assert [histories.runs(job) for job in jobs] == kept


def test_three_servers_remove_every_run_once(histories, start_server):
    jobs = [histories.job(100, keep_runs=2) for _ in range(6)]
    servers = [start_server(histories.database, ALWAYS) for _ in range(3)]
    for job in jobs:
        histories.wait_until_runs(job, 2)
    metrics = [server.metrics() for server in servers]
    assert sum(sample["ccs_jobstore_runs_expired_total"] for sample in metrics) == 6 * 98
    assert sum(sample["ccs_jobstore_rows_erased_total"] for sample in metrics) == 6 * 98 * 7
    assert [server.events("eraserFailed") for server in servers] == [[], [], []]


@pytest.mark.parametrize("value", ["True", "False"])
def test_jobs_may_be_deleted_while_their_runs_are_removed(histories, start_server, value):
    jobs = [histories.job(300, keep_runs=1) for _ in range(5)]
    server = start_server(histories.database, ALWAYS | {"deletion.transactionRowBound": 50})
    client = Client(server)
    client.sign_in(histories.user)
    for job in jobs:
        # A deletion that waited for the whole removal would end with the lock timeout, as 503.
        assert client.delete(job, DeleteJob=value).status_code == 204
    eventually(lambda: histories.listed() == 0 and histories.directory.purges() == 0, 30, what="everything is erased")
    for table in HISTORY_TABLES:
        assert histories.database.value(f"SELECT count(*) FROM store.{table}") == 0
    assert server.events("eraserFailed") == []


def test_a_job_that_is_locked_is_left_out_and_holds_up_nothing(histories, start_server):
    locked, other = histories.job(20, keep_runs=2), histories.job(20, keep_runs=2)
    blocker = histories.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (locked.id,))
    start_server(histories.database, ALWAYS)
    histories.wait_until_runs(other, 2)
    histories.wait_for_sweeps()
    assert len(histories.runs(locked)) == 20
    blocker.rollback()
    blocker.close()
    histories.wait_until_runs(locked, 2)


def test_a_rule_that_is_loosened_while_the_sweep_is_at_work_counts_at_once(histories):
    """The sweep has read the second job and waits for the first; then the second one is set to keep everything."""
    database = histories.database
    first, second = sorted((histories.job(5, keep_runs=1), histories.job(5, keep_runs=1)), key=lambda job: job.id)
    expired = histories.runs(first)[1]
    kept = histories.runs(second)
    sweep = "SELECT store.remove_expired_runs(NULL, NULL, 0, 100, 100)"
    blocker = database.connect()
    blocker.cursor().execute(
        "INSERT INTO store.run_purges (history_id, run_id) VALUES (%s, %s)", (first.history, expired)
    )

    def run_sweep():
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sweep)
            return cursor.fetchone()[0]

    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        removed = pool.submit(run_sweep)
        eventually(lambda: database.value(waiting) == 1, what="the sweep waits")
        database.rows("UPDATE directory.jobs SET keep_runs = NULL WHERE job_id = %s", second.id)
        blocker.rollback()
        blocker.close()
        assert removed.result() == 4
    assert histories.runs(second) == kept
    # The next sweep uses the new number.
    database.rows("UPDATE directory.jobs SET keep_runs = 2 WHERE job_id = %s", second.id)
    assert database.value(sweep) == 3
    assert histories.runs(second) == kept[:2]


def test_rows_on_the_list_of_a_locked_job_wait_and_hold_up_no_others(histories, start_server):
    locked, other = histories.job(20, keep_runs=2), histories.job(20, keep_runs=2)
    server = start_server(
        histories.database, ALWAYS | {"deletion.eraserDutyPercent": 1, "deletion.eraserPollSeconds": 0.5}
    )
    eventually(lambda: histories.listed() > 0, pause=0.001, what="something is on the list")
    server.kill()
    listed = histories.database.value("SELECT history_id FROM store.run_purges LIMIT 1") if histories.listed() else None
    job = {locked.history: locked, other.history: other}.get(listed, locked)
    free = other if job is locked else locked
    blocker = histories.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (job.id,))
    start_server(histories.database, ALWAYS)
    eventually(lambda: len(histories.runs(free)) == 2, what="the other job's runs are removed")
    blocker.rollback()
    blocker.close()
    histories.wait_until_runs(locked, 2)
    histories.wait_until_runs(other, 2)


def test_starts_of_runs_go_on_while_runs_are_removed(histories, start_server):
    job = histories.job(400, keep_runs=1)
    start_server(histories.database, ALWAYS)
    starts = 0
    while len(histories.runs(job)) > 20:
        run = histories.database.value("SELECT gen_random_uuid()")
        outcome = histories.database.value("SELECT outcome FROM store.start_run(%s, %s, 'x', NULL, NULL)", job.id, run)
        assert outcome == "started"
        starts += 1
        histories.database.rows("SELECT store.end_run(%s, NULL, 'Completed', NULL, NULL, NULL, 'x', NULL)", run)
    assert starts >= 5, "none of them waited until all were removed"
    histories.wait_until_runs(job, 1)
    assert histories.database.value(
        "SELECT last_run_id = (SELECT run_id FROM store.job_runs r WHERE r.history_id = j.history_id) "
        "FROM directory.jobs j WHERE job_id = %s",
        job.id,
    )


def test_many_runs_of_one_job_are_reduced_to_a_thousand_while_the_API_stays_fast(histories, start_server):
    job, other = histories.job(keep_runs=1000), histories.job(3)
    histories.fill(job, 200_000, rows=1, distance="1 minute")
    histories.database.rows("ANALYZE")
    kept = histories.runs(job)[:1000]
    server = start_server(histories.database, {"retention.sweepSeconds": 0.5, "deletion.eraserPollSeconds": 0.5})
    client = Client(server)
    client.sign_in(histories.user)

    def seconds_of_requests():
        started = time.monotonic()
        assert len(client.runs(job, count=10).json()["JobRuns"]) == 10
        assert client.job(other).status_code == 200
        return time.monotonic() - started

    meanwhile = []
    end = time.monotonic() + 300
    while histories.database.value("SELECT run_count FROM directory.jobs WHERE job_id = %s", job.id) > 1000:
        assert time.monotonic() < end
        meanwhile.append(seconds_of_requests())
        time.sleep(0.05)
    histories.wait_until_runs(job, 1000, seconds=60)
    assert histories.runs(job) == kept
    afterwards = [seconds_of_requests() for _ in range(50)]
    assert statistics.median(meanwhile) < 20 * statistics.median(afterwards)
    assert server.metrics()["ccs_jobstore_runs_expired_total"] == 199_000
    assert server.events("eraserFailed") == []
