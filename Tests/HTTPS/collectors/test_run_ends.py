"""Complete Job Run and Fail Job Run, and runs that end while they are claimed."""

import pytest

from harness.client import assert_problem
from harness.collecting import ACTIONS, CLAIM, claim, expire, messages, moment, post, queue, report, run_row
from harness.directory import orphans
from harness.threads import at_once, in_background


@pytest.mark.parametrize(("action", "status"), [("complete", "Completed"), ("fail", "Failed")])
def test_a_collector_ends_its_run(collector, directory, sign_in, action, status):
    job = directory.job(directory.user())
    run = queue(directory, job)
    (claimed,) = claim(collector)
    response = report(collector, claimed, action)
    assert response.status_code == 200
    assert response.json() == {"JobRunID": str(run), "Status": status}
    viewer = sign_in(directory.user())
    (shown,) = viewer.runs(job).json()["JobRuns"]
    assert shown["Status"] == status
    assert moment(shown["EndTime"]) >= moment(shown["StartTime"])
    assert viewer.job(job).json()["JobProperties"]["LastRunStatus"] == status
    assert claim(collector) == []
    # The job can run again.
    queue(directory, job)


@pytest.mark.parametrize(("action", "status"), [("complete", "Completed"), ("fail", "Failed")])
def test_an_end_that_is_reported_again_is_answered_the_same_and_done_once(collector, directory, action, status):
    run = queue(directory)
    (claimed,) = claim(collector)
    body = {"Message": "the disk is full"} if action == "fail" else {}
    first = report(collector, claimed, action, **body)
    before = run_row(directory, run, "status", "ended_at", "message_count")
    answers = at_once(*[lambda: report(collector.another(), claimed, action, **body)] * 4)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, first.text)}
    assert run_row(directory, run, "status", "ended_at", "message_count") == before
    assert len(messages(directory, run)) == (1 if action == "fail" else 0)


def test_a_failure_says_why(collector, directory):
    run, other = queue(directory), queue(directory)
    first, second = claim(collector, Count=2)
    text = 'Die Anlage "ü" antwortet nicht. 😀\n' + "x" * 9000
    assert report(collector, first, "fail", Message=text).status_code == 200
    assert messages(directory, run) == [(0, "Error", text)]
    assert report(collector, second, "fail", message=None).status_code == 200
    ((_, severity, said),) = messages(directory, other)
    assert severity == "Error"
    assert collector.user.name in said
    assert run_row(directory, other, "message_count") == (1,)


def test_a_completed_run_cannot_fail_and_a_failed_one_cannot_complete(collector, directory):
    queue(directory), queue(directory)
    completed, failed = claim(collector, Count=2)
    assert report(collector, completed, "complete").status_code == 200
    assert report(collector, failed, "fail").status_code == 200
    assert_problem(report(collector, completed, "fail"), 409, "The run was completed.")
    assert_problem(report(collector, completed, "heartbeat"), 409, "The run was completed.")
    assert_problem(report(collector, failed, "complete"), 409, "The run has failed.")
    assert_problem(report(collector, failed, "heartbeat"), 409, "The run has failed.")


def test_only_the_lease_under_which_a_run_ended_may_end_it_again(collector, directory):
    run = queue(directory)
    (first,) = claim(collector)
    expire(directory, run)
    (second,) = claim(collector)
    assert report(collector, second, "complete").status_code == 200
    assert_problem(report(collector, first, "complete"), 409, "The run was completed.")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_collector_learns_that_its_run_was_aborted(collector, directory, action):
    run = queue(directory)
    (claimed,) = claim(collector)
    directory.database.rows(
        "SELECT * FROM store.end_run(%s, NULL, 'Aborted', 'Warning', 'enough', NULL, 'somebody', NULL)", run
    )
    assert_problem(report(collector, claimed, action), 409, "The run was aborted.")
    assert run_row(directory, run, "status") == ("Aborted",)
    assert len(messages(directory, run)) == 1


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("keep", ["True", "False"])
def test_a_collector_learns_that_its_run_was_purged(collector, directory, sign_in, action, keep):
    creator = directory.user()
    job = directory.job(creator)
    run = queue(directory, job)
    (claimed,) = claim(collector)
    assert sign_in(creator).delete(job, DeleteJob=keep).status_code == 204
    assert_problem(
        report(collector, claimed, action),
        404,
        f"The job run {run} does not exist. It may have been purged, or its job deleted.",
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_a_run_in_a_history_that_is_still_being_erased_is_gone_for_its_collector(collector, directory, action):
    job = directory.job(directory.user())
    run = queue(directory, job)
    (claimed,) = claim(collector)
    connection = directory.database.connect()
    try:
        # This transaction locks the history, so that the eraser cannot take it.
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO store.purges (history_id, job_id, job_name, requested_by) "
                "SELECT history_id, job_id, job_name, 'x' FROM directory.jobs WHERE job_id = %s",
                [job.id],
            )
        directory.database.rows("UPDATE directory.jobs SET history_id = gen_random_uuid() WHERE job_id = %s", job.id)
        assert_problem(report(collector, claimed, action), 404)
        assert run_row(directory, run, "status") == ("Running",)
        connection.commit()
    finally:
        connection.close()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_heartbeat_or_an_end_that_waits_for_a_deletion_finds_the_run_gone(collector, directory, action):
    job = directory.job(directory.user())
    queue(directory, job)
    (claimed,) = claim(collector)
    connection = directory.database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", [job.id])
            answer = in_background(lambda: report(collector, claimed, action))
            directory.database.wait_for_blocked_statement()
            cursor.execute("DELETE FROM store.job_runs WHERE history_id = %s", [job.history])
            cursor.execute(
                "UPDATE directory.jobs SET history_id = gen_random_uuid(), run_count = 0 WHERE job_id = %s", [job.id]
            )
        connection.commit()
        assert_problem(answer(), 404)
    finally:
        connection.close()


def test_deletions_and_collectors_at_the_same_moment_leave_no_orphans(collector, directory, sign_in):
    creator = directory.user()
    remover = sign_in(creator)
    for _ in range(10):
        job = directory.job(creator)
        queue(directory, job)
        (claimed,) = claim(collector)
        expire(directory, claimed)
        answers = at_once(
            lambda: remover.delete(job, DeleteJob="False"),
            lambda: report(collector.another(), claimed, "fail", Message="x"),
            lambda: report(collector.another(), claimed, "heartbeat"),
            lambda: post(collector.another(), CLAIM, {}),
        )
        assert answers[0].status_code == 204
        assert {answers[1].status_code, answers[2].status_code} <= {200, 404, 409}
        assert answers[3].status_code == 200
    assert orphans(directory.database) == {}
