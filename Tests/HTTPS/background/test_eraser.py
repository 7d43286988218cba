"""The eraser: rows beyond a deletion's bound are erased afterwards, even if servers or PostgreSQL are killed."""

import signal
import time

import pytest

from harness.client import Client, assert_problem
from harness.directory import HISTORY_TABLES, NO_ROWS, lock, orphans, rows_of_runs
from harness.threads import in_background
from harness.waiting import eventually

# So small that thousands of rows take seconds, and a kill interrupts the erasure.
SMALL_STEPS = {
    "deletion.transactionRowBound": 50,
    "deletion.eraserBatchRows": 100,
    "deletion.eraserPollSeconds": 0.2,
    "deletion.eraserDutyPercent": 50,
}
# The eraser sleeps: only a deletion's own transaction erases.
ASLEEP = {"deletion.transactionRowBound": 50, "deletion.eraserPollSeconds": 3600, "deletion.eraserDutyPercent": 1}


def rows_left(directory, history):
    return sum(directory.rows_of(history).values())


def wait_until_erased(directory, *histories, seconds=60):
    eventually(
        lambda: directory.purges() == 0,
        seconds,
        pause=0.1,
        what=lambda: f"the eraser is done; left: {directory.database.rows('SELECT * FROM store.purges')}",
    )
    for history in histories:
        assert directory.rows_of(history) == NO_ROWS
    assert orphans(directory.database) == {}


def wait_until_half_way(directory, job, rows):
    """Returns while the eraser is working: some rows are gone, most are left."""
    eventually(lambda: rows_left(directory, job.history) < rows - 500, seconds=20, what="the eraser has begun its work")
    left = rows_left(directory, job.history)
    assert left > rows / 10, f"{left} of {rows} rows are left: too few to be interrupted"
    assert directory.purges() == 1


@pytest.fixture
def setting(new_database, directory_of, start_server):
    """A separate database with a server that erases in small steps, and a signed-in user."""

    def make(settings=SMALL_STEPS, database=None):
        database = database or new_database()
        directory = directory_of(database)
        server, user = start_server(database, settings), directory.user()
        client = Client(server)
        client.sign_in(user)
        return directory, server, user, client

    return make


# MARK: The bound


@pytest.mark.parametrize("value", ["True", "False"])
def test_a_long_history_is_out_of_reach_at_once_and_erased_soon(setting, value):
    directory, server, user, client = setting()
    job, other = directory.job(user), directory.job(user, runs=2)
    rows = directory.long_history(job, 1500, results_per_run=2)
    response = client.delete(job, DeleteJob=value, prefer="return=representation")
    assert response.status_code == 200
    assert response.json()["Jobs"][0]["RunsDeleted"] == 1500
    if value == "True":
        assert_problem(client.job(job), 404)
        assert_problem(client.runs(job, count=0), 404)
    else:
        assert client.job(job).status_code == 200
        assert client.runs(job, count=0).json()["JobRuns"] == []
    wait_until_erased(directory, job.history)
    assert directory.rows_of(other.history) == rows_of_runs(2)
    finished = server.wait_for_event("purgeFinished", lambda line: line["historyID"] == str(job.history))
    assert finished["rows"] == rows
    assert finished["seconds"] > 0


def test_a_deletion_erases_up_to_its_bound_and_leaves_the_rest_on_the_list(setting):
    directory, server, user, client = setting({**ASLEEP, "deletion.eraserBatchRows": 100})
    # The eraser polls its queue once at the start.
    time.sleep(0.5)
    job = directory.job(user)
    rows = directory.long_history(job, 5000)
    assert client.delete(job).status_code == 204
    purge = directory.database.row(
        "SELECT job_id, job_name, requested_by, rows_erased FROM store.purges WHERE history_id = %s", job.history
    )
    assert purge[:3] == (job.id, job.name, user.name)
    assert purge[3] >= 50
    # The eraser was woken and works meanwhile: both counts are read until they match.
    eventually(
        lambda: (
            rows_left(directory, job.history) == rows - directory.database.value("SELECT rows_erased FROM store.purges")
        ),
        what="what is erased and what is left are all rows",
    )
    assert server.metrics()["ccs_jobstore_purges_waiting"] == 1
    assert orphans(directory.database) == {}


def test_a_deletion_that_began_before_a_reload_wakes_the_eraser_that_works_after_it(setting):
    # Without the wake-up nothing is erased for an hour.
    directory, server, user, client = setting({**SMALL_STEPS, "deletion.eraserPollSeconds": 3600})
    job = directory.job(user)
    rows = directory.long_history(job, 300)
    blocker = lock(job, directory.database)
    deletion = in_background(lambda: client.delete(job))
    directory.database.wait_for_blocked_statement()
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded")
    # The eraser of the new configuration looks for work once, when it starts.
    time.sleep(1)
    blocker.rollback()
    assert deletion().status_code == 204
    assert rows > 50
    wait_until_erased(directory, job.history, seconds=30)


def test_a_history_within_the_bound_never_gets_on_the_list(setting):
    directory, _, user, client = setting({**ASLEEP, "deletion.transactionRowBound": 100})
    job = directory.job(user)
    assert directory.long_history(job, 25) == 100
    assert client.delete(job).status_code == 204
    assert directory.purges() == 0
    assert directory.rows_of(job.history) == NO_ROWS


def test_a_history_of_one_row_too_many_is_left_to_the_eraser(setting):
    directory, _, user, client = setting({**SMALL_STEPS, "deletion.transactionRowBound": 100})
    job = directory.job(user)
    directory.long_history(job, 25)
    directory.run(job, messages=0, data=0, results=0)
    assert client.delete(job).status_code == 204
    wait_until_erased(directory, job.history)


def test_several_jobs_share_the_bound_and_all_are_erased(setting):
    directory, server, user, client = setting()
    jobs = [directory.job(user) for _ in range(6)]
    for number, job in enumerate(jobs):
        if number:
            directory.long_history(job, 60 * number)
    response = client.delete(*jobs, prefer="return=representation")
    assert [job["RunsDeleted"] for job in response.json()["Jobs"]] == [60 * number for number in range(6)]
    assert all(client.job(job).status_code == 404 for job in jobs)
    wait_until_erased(directory, *(job.history for job in jobs))


def test_a_kept_job_collects_a_new_history_while_the_old_one_is_erased(setting):
    directory, _, user, client = setting()
    job = directory.job(user)
    rows = directory.long_history(job, 3000)
    assert client.delete(job, DeleteJob="False").status_code == 204
    wait_until_half_way(directory, job, rows)
    run = directory.run(job)
    assert [found["JobRunID"] for found in client.runs(job, count=0).json()["JobRuns"]] == [str(run)]
    wait_until_erased(directory, job.history)
    assert directory.rows_of(directory.history_of(job)) == rows_of_runs(1)
    assert [found["JobRunID"] for found in client.runs(job, count=0).json()["JobRuns"]] == [str(run)]


def test_a_kept_job_can_be_purged_again_while_the_first_history_is_erased(setting):
    directory, _, user, client = setting()
    job = directory.job(user)
    histories = []
    for _ in range(3):
        histories.append(directory.history_of(job))
        directory.long_history(job, 500)
        assert client.delete(job, DeleteJob="False").status_code == 204
    assert directory.purges() >= 1
    assert client.delete(job).status_code == 204
    wait_until_erased(directory, *histories)


def test_a_refused_deletion_of_long_histories_erases_nothing(setting):
    directory, _, user, client = setting()
    mine, foreign = directory.job(user), directory.job(directory.user())
    rows = directory.long_history(mine, 500)
    directory.long_history(foreign, 500)
    assert_problem(client.delete(mine, foreign), 403)
    assert directory.purges() == 0
    assert rows_left(directory, mine.history) == rows_left(directory, foreign.history) == rows


def test_the_server_answers_others_while_it_erases(setting):
    directory, _, user, client = setting()
    job, other = directory.job(user), directory.job(user, runs=1)
    directory.long_history(job, 4000)
    assert client.delete(job).status_code == 204
    answers = 0
    while directory.purges():
        assert client.job(other).status_code == 200
        assert client.delete(directory.job(user, runs=1)).status_code == 204
        answers += 1
    assert answers > 10
    wait_until_erased(directory, job.history)


# MARK: Killed


def test_a_server_that_is_killed_leaves_the_rest_to_the_next(setting, start_server):
    directory, server, user, client = setting()
    job = directory.job(user)
    rows = directory.long_history(job, 6000)
    assert client.delete(job).status_code == 204
    for _ in range(3):
        wait_until_half_way(directory, job, rows)
        server.kill()
        eventually(
            lambda: not directory.database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ccs_jobstore'"
            ),
            what="what the server had sent to PostgreSQL has ended",
        )
        left = rows_left(directory, job.history)
        erased = directory.database.value("SELECT rows_erased FROM store.purges")
        assert left + erased == rows, "what is gone and what is written down as gone are one transaction"
        time.sleep(0.3)
        assert rows_left(directory, job.history) == left, "nobody is left who erases"
        assert orphans(directory.database) == {}
        rows_before, server = left, start_server(directory.database, SMALL_STEPS)
        eventually(lambda: rows_left(directory, job.history) < rows_before, what="the next server goes on")
        if rows_before < rows / 2:
            break
    wait_until_erased(directory, job.history)
    assert server.wait_for_event("purgeFinished")["rows"] == rows, "the total is over all servers"


def test_a_server_that_ends_in_order_leaves_the_rest_to_the_next(setting, start_server):
    directory, server, user, client = setting()
    job = directory.job(user)
    rows = directory.long_history(job, 6000)
    assert client.delete(job).status_code == 204
    wait_until_half_way(directory, job, rows)
    assert server.stop() == 0
    assert rows_left(directory, job.history) > 0
    start_server(directory.database, SMALL_STEPS)
    wait_until_erased(directory, job.history)


@pytest.mark.parametrize("how", ["kill", "immediate"])
def test_PostgreSQL_may_be_killed_in_the_middle_and_the_same_server_goes_on(
    start_server, own_cluster, own_database, directory_of, how
):
    directory, server = directory_of(own_database), start_server(own_database, SMALL_STEPS)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job, other = directory.job(user), directory.job(user, runs=2)
    rows = directory.long_history(job, 6000)
    assert client.delete(job).status_code == 204
    wait_until_half_way(directory, job, rows)
    if how == "kill":
        own_cluster.kill()
    else:
        own_cluster.stop("immediate")
    time.sleep(0.5)
    assert server.is_alive()
    own_cluster.start()
    # One statement, so that nothing is erased between the two counts.
    consistent = own_database.value(
        "SELECT (SELECT coalesce(sum(rows_erased), 0) FROM store.purges WHERE history_id = %(history)s) + "
        + " + ".join(
            f"(SELECT count(*) FROM store.{table} WHERE history_id = %(history)s)" for table in HISTORY_TABLES
        ),
        {"history": job.history},
    )
    assert consistent in (rows, 0)
    wait_until_erased(directory, job.history)
    assert directory.rows_of(other.history) == rows_of_runs(2)
    server.wait_until_ready()
    assert client.delete(other).status_code == 204
    assert server.wait_for_event("purgeFinished")["rows"] == rows


def test_server_and_PostgreSQL_may_be_killed_together(start_server, own_cluster, own_database, directory_of):
    directory, server = directory_of(own_database), start_server(own_database, SMALL_STEPS)
    user, client = directory.user(), Client(server)
    client.sign_in(user)
    job = directory.job(user)
    rows = directory.long_history(job, 4000)
    assert client.delete(job).status_code == 204
    wait_until_half_way(directory, job, rows)
    server.kill()
    own_cluster.kill()
    own_cluster.start()
    assert orphans(own_database) == {}
    start_server(own_database, SMALL_STEPS)
    wait_until_erased(directory, job.history)


# MARK: Several servers


def test_two_servers_erase_side_by_side_and_every_row_once(setting, start_server):
    directory, first, user, client = setting()
    second = start_server(directory.database, SMALL_STEPS)
    jobs = [directory.job(user) for _ in range(8)]
    rows = sum(directory.long_history(job, 1200) for job in jobs)
    assert client.delete(*jobs).status_code == 204
    wait_until_erased(directory, *(job.history for job in jobs))
    finished = [
        eventually(
            lambda job=job: [
                line
                for server in (first, second)
                for line in server.events("purgeFinished")
                if line["historyID"] == str(job.history)
            ],
            what="the end of the purge is in a log",
        )
        for job in jobs
    ]
    assert all(len(lines) == 1 for lines in finished), "each purge has one end"
    assert sum(lines[0]["rows"] for lines in finished) == rows
    assert first.events("purgeFinished") and second.events("purgeFinished"), "both have worked"
    erased = [server.metrics()["ccs_jobstore_rows_erased_total"] for server in (first, second)]
    assert sum(erased) == rows
    assert [server.events("eraserFailed") for server in (first, second)] == [[], []]


def test_one_of_two_servers_is_killed_and_the_other_finishes(setting, start_server):
    directory, first, user, client = setting()
    second = start_server(directory.database, SMALL_STEPS)
    jobs = [directory.job(user) for _ in range(4)]
    for job in jobs:
        directory.long_history(job, 1000)
    assert client.delete(*jobs).status_code == 204
    eventually(
        lambda: sum(rows_left(directory, job.history) for job in jobs) < 15_000, seconds=20, what="they are at work"
    )
    first.kill()
    wait_until_erased(directory, *(job.history for job in jobs))
    assert second.is_alive()


def test_a_sleeping_server_finds_what_another_has_left(setting, start_server):
    directory, first, user, client = setting(ASLEEP)
    job = directory.job(user)
    directory.long_history(job, 1500)
    time.sleep(0.5)
    assert client.delete(job).status_code == 204
    start_server(directory.database, SMALL_STEPS)
    wait_until_erased(directory, job.history)


# MARK: At the end


def test_the_common_database_has_no_orphans(server, directory):
    eventually(lambda: directory.purges() == 0, seconds=30, what="the eraser is done")
    assert orphans(directory.database) == {}


def test_orphans_are_found_if_there_are_any(new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    user = directory.user()
    job = directory.job(user, runs=2)
    assert orphans(database) == {}
    database.rows("UPDATE directory.jobs SET history_id = gen_random_uuid() WHERE job_id = %s", job.id)
    assert orphans(database) == rows_of_runs(2)
    database.rows(
        "INSERT INTO store.purges (history_id, job_id, job_name, requested_by) VALUES (%s, %s, 'x', 'x')",
        job.history,
        job.id,
    )
    assert orphans(database) == {}
