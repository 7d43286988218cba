"""Delete Job: deletions at the same time, and clients that leave."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, Client, assert_problem
from harness.directory import NO_ROWS, assert_untouched, rows_of_runs
from harness.raw_http import RawConnection, head
from harness.threads import at_once
from harness.waiting import eventually


def test_of_two_deletions_at_once_one_is_204_and_the_other_404(client, user, directory, server):
    clients = [client, Client(server, client.token)]
    for _ in range(25):
        job = directory.job(user, runs=2)
        answers = at_once(*(lambda each=each: each.delete(job).status_code for each in clients))
        assert sorted(answers) == [204, 404]
        assert directory.rows_of(job.history) == NO_ROWS
        events = directory.database.value("SELECT count(*) FROM audit.events WHERE job_id = %s", job.id)
        assert events == 1


def test_of_two_lists_that_overlap_the_other_way_round_one_is_done_and_none_is_half_done(
    client, user, directory, server
):
    clients = [client, Client(server, client.token)]
    for _ in range(15):
        jobs = [directory.job(user, runs=1) for _ in range(6)]
        lists = [jobs[:4], jobs[:1:-1]]
        answers = at_once(
            *(lambda each=each, mine=mine: each.delete(*mine).status_code for each, mine in zip(clients, lists))
        )
        assert sorted(answers) == [204, 404]
        left = jobs[4:] if answers[0] == 204 else jobs[:2]
        for job in jobs:
            if job in left:
                assert_untouched(directory, job, runs=1)
            else:
                assert not directory.exists(job)
                assert directory.rows_of(job.history) == NO_ROWS


def test_thirty_two_clients_that_delete_the_same_jobs_delete_each_once(client, user, directory, server):
    jobs = [directory.job(user, runs=1) for _ in range(120)]

    def worker(seed):
        mine, own = jobs[:], Client(server, client.token)
        random.Random(seed).shuffle(mine)
        answers = []
        while mine:
            count = min(len(mine), 1 + seed % 3)
            batch, mine = mine[:count], mine[count:]
            keep = "False" if seed % 8 == 0 else "True"
            answers.append((own.delete(*batch, DeleteJob=keep).status_code, keep, batch))
        return answers

    answers = [
        answer for result in at_once(*(lambda seed=seed: worker(seed) for seed in range(32))) for answer in result
    ]
    assert {status for status, _, _ in answers} <= {204, 404}
    removed = [job.id for status, keep, batch in answers if status == 204 and keep == "True" for job in batch]
    assert len(removed) == len(set(removed))
    for job in jobs:
        assert directory.exists(job) == (job.id not in removed)
        assert directory.rows_of(job.history) == NO_ROWS


def test_a_deletion_and_a_purge_at_once_never_fail(client, user, directory, server):
    clients = [client, Client(server, client.token)]
    for _ in range(15):
        job = directory.job(user, runs=2)
        deletion, purge = at_once(
            lambda: clients[0].delete(job).status_code, lambda: clients[1].delete(job, DeleteJob="False").status_code
        )
        assert deletion == 204
        assert purge in (204, 404)
        assert not directory.exists(job)


def test_deletions_that_have_to_wait_do_not_hold_up_those_of_other_jobs(client, user, directory, server):
    locked = [directory.job(user, runs=1) for _ in range(4)]
    free = [directory.job(user, runs=1) for _ in range(20)]
    blocker = directory.database.connect()
    blocker.cursor().execute(
        "SELECT FROM directory.jobs WHERE job_id = ANY (%s) FOR UPDATE", ([job.id for job in locked],)
    )

    def delete(job):
        return Client(server, client.token).delete(job).status_code

    with ThreadPoolExecutor(len(locked) + len(free)) as pool:
        waiting = [pool.submit(delete, job) for job in locked]
        try:
            directory.database.wait_for_blocked_statement()
            assert list(pool.map(delete, [*free, uuid.uuid4()])) == [204] * len(free) + [404]
            assert not any(each.done() for each in waiting), "the others were answered first"
        finally:
            blocker.rollback()
            blocker.close()
        assert [each.result() for each in waiting] == [204] * len(locked)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("status", "loss"),
    [
        (401, "UPDATE directory.users SET disabled = true WHERE user_id = %(user)s"),
        (401, "DELETE FROM auth.sessions WHERE user_id = %(user)s"),
        (403, "DELETE FROM directory.role_tasks WHERE role_id = %(role)s AND task = 'Manage jobs'"),
        (403, "DELETE FROM directory.folder_grants WHERE role_id = %(role)s"),
    ],
)
def test_whoever_loses_a_right_while_they_wait_for_a_job_deletes_nothing(directory, sign_in, count, status, loss):
    user = directory.user()
    client = sign_in(user)
    jobs = [directory.job(user, runs=2) for _ in range(count)]
    blocker = directory.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (jobs[-1].id,))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.delete, *jobs)
        try:
            directory.database.wait_for_blocked_statement()
            blocker.cursor().execute(loss, {"user": user.id, "role": user.role})
        finally:
            blocker.commit()
            blocker.close()
        assert_problem(waiting.result(), status)
    for job in jobs:
        assert_untouched(directory, job, 2)


def test_a_client_that_leaves_during_a_deletion_leaves_all_or_nothing(client, user, directory, server):
    job = directory.job(user, runs=2)
    blocker = directory.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (job.id,))
    with pytest.raises(Exception, match="timed out"):
        client.request("DELETE", f"{API}/Jobs?jobid={job.id}", timeout=0.5)
    blocker.rollback()
    blocker.close()
    eventually(
        lambda: directory.rows_of(job.history) == (rows_of_runs(2) if directory.exists(job) else NO_ROWS),
        what="all of the job is there, or nothing",
    )
    server.assert_alive()


def test_the_log_has_the_status_of_a_deletion_whose_client_left_before_its_answer(client, user, directory, server):
    job = directory.job(user, runs=1)
    blocker = directory.database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (job.id,))
    try:
        with RawConnection(server) as connection:
            connection.send(head("DELETE", f"{API}/Jobs?jobid={job.id}", f"Authorization: Bearer {client.token}"))
            directory.database.wait_for_blocked_statement()
            connection.reset()
    finally:
        blocker.rollback()
        blocker.close()
    line = server.wait_for_event(
        "request", lambda line: line.get("user") == user.name and line["operation"] == "Delete Job"
    )
    assert (line["status"], line["outcome"]) == (204, "disconnected")
    assert directory.rows_of(job.history) == NO_ROWS
