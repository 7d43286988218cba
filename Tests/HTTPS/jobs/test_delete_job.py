"""Delete Job: every documented answer, and what each leaves in the database."""

import random
import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, Client, assert_problem
from harness.directory import ALL_TASKS, DELETE_TASKS, NO_ROWS, ROOTS, SEARCH_TASKS, Job, rows_of_runs, unique
from harness.raw_http import exchange, head
from harness.waiting import eventually

FAULT = "Server encountered an error while serving request. Please contact administrator if problem persists."


def at_once(*calls):
    """Runs the calls in threads that start together; their results in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def assert_untouched(directory, job, runs):
    """The job is there with all of its history, and nothing of it is on the eraser's list."""
    assert directory.exists(job)
    assert directory.history_of(job) == job.history
    assert directory.rows_of(job.history) == rows_of_runs(runs)


# MARK: What a deletion does


def test_a_deleted_job_and_all_its_history_are_gone_and_other_jobs_keep_theirs(client, user, directory):
    job, other = directory.job(user, runs=3), directory.job(user, runs=2)
    response = client.delete(job)
    assert response.status_code == 204
    assert not directory.exists(job)
    assert directory.rows_of(job.history) == NO_ROWS
    assert_untouched(directory, other, runs=2)
    assert_problem(client.job(job), 404)
    assert_problem(client.runs(job), 404)


def test_204_has_no_body_and_no_type_of_one(client, user, directory):
    response = client.delete(directory.job(user))
    assert response.status_code == 204
    assert response.content == b""
    assert "Content-Type" not in response.headers
    # RFC 9110, section 8.6: a 204 has no Content-Length either.
    assert "Content-Length" not in response.headers
    assert "Transfer-Encoding" not in response.headers
    uuid.UUID(response.headers["X-Request-ID"])


@pytest.mark.parametrize("value", ["True", "true", "TRUE", "tRuE"])
def test_DeleteJob_true_in_any_case_removes_the_job(client, user, directory, value):
    job = directory.job(user, runs=1)
    assert client.delete(job, DeleteJob=value).status_code == 204
    assert not directory.exists(job)
    assert directory.rows_of(job.history) == NO_ROWS


@pytest.mark.parametrize("value", ["False", "false", "FALSE", "fAlSe"])
def test_DeleteJob_false_in_any_case_keeps_the_job_without_its_history(client, user, directory, value):
    job = directory.job(user, runs=3, configuration={"JobName": "kept"})
    assert client.delete(job, DeleteJob=value).status_code == 204
    assert directory.rows_of(job.history) == NO_ROWS
    found = client.job(job)
    assert found.status_code == 200
    assert found.json()["JobProperties"]["JobName"] == job.name
    assert found.json()["JobProperties"]["LastRunStatus"] is None
    assert found.json()["JobProperties"]["LastRunDate"] is None
    assert found.json()["JobConfiguration"] == {"JobName": "kept"}
    assert client.runs(job, count=0).json()["JobRuns"] == []


def test_a_kept_job_runs_again_and_its_new_history_is_deleted_too(client, user, directory):
    job = directory.job(user, runs=2)
    assert client.delete(job, DeleteJob="False").status_code == 204
    run = directory.run(job)
    assert [found["JobRunID"] for found in client.runs(job, count=0).json()["JobRuns"]] == [str(run)]
    second_history = directory.history_of(job)
    assert second_history != job.history
    assert client.delete(job).status_code == 204
    assert directory.rows_of(second_history) == NO_ROWS
    assert not directory.exists(job)


def test_a_deleted_jobs_name_is_free_again(client, user, directory):
    job = directory.job(user)
    assert client.delete(job).status_code == 204
    directory.job(user, name=job.name)


def test_a_job_without_history_is_deleted(client, user, directory):
    job = directory.job(user)
    assert client.delete(job).status_code == 204
    assert not directory.exists(job)


@pytest.mark.parametrize("status", ["Queued", "Running"])
@pytest.mark.parametrize("keep", ["True", "False"])
def test_a_deletion_while_the_job_runs_cancels_the_run(client, user, directory, status, keep):
    job = directory.job(user, runs=1)
    run = directory.run(job, status=status)
    assert client.delete(job, DeleteJob=keep).status_code == 204
    assert directory.database.value("SELECT count(*) FROM store.job_runs WHERE run_id = %s", run) == 0
    assert directory.exists(job) == (keep == "False")


@pytest.mark.parametrize(("value", "operation"), [("True", "Delete Job"), ("False", "Purge Job")])
def test_a_deletion_is_audited_with_the_request_that_did_it(client, user, directory, value, operation):
    job = directory.job(user, runs=3)
    response = client.delete(job, DeleteJob=value)
    assert response.status_code == 204
    event = directory.database.row(
        "SELECT user_id, user_name, operation, job_name, request_id, details FROM audit.events WHERE job_id = %s",
        job.id,
    )
    identifier = uuid.UUID(response.headers["X-Request-ID"])
    assert event == (user.id, user.name, operation, job.name, identifier, {"Runs": 3})


def test_a_refused_deletion_leaves_no_audit_event_of_a_deletion(client, directory):
    job = directory.job(directory.user(), runs=1)
    assert_problem(client.delete(job), 403)
    assert (
        directory.database.value(
            "SELECT count(*) FROM audit.events WHERE job_id = %s AND operation IN ('Delete Job', 'Purge Job')", job.id
        )
        == 0
    )


# MARK: Prefer


def test_a_preferred_representation_names_the_job_and_the_runs(client, user, directory):
    job = directory.job(user, runs=3)
    response = client.delete(job, prefer="return=representation")
    assert response.status_code == 200
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    assert response.headers["Preference-Applied"] == "return=representation"
    answer = response.json()
    assert answer["Jobs"] == [{"JobID": str(job.id), "JobName": job.name, "Removed": True, "RunsDeleted": 3}]
    assert job.name in answer["Message"]
    assert "3" in answer["Message"]
    assert not directory.exists(job)


def test_a_preferred_representation_says_that_the_job_was_kept(client, user, directory):
    job = directory.job(user, runs=1)
    response = client.delete(job, prefer="return=representation", DeleteJob="False")
    assert response.status_code == 200
    assert response.json()["Jobs"] == [{"JobID": str(job.id), "JobName": job.name, "Removed": False, "RunsDeleted": 1}]
    assert directory.exists(job)


def test_a_preferred_representation_lists_several_jobs_in_the_order_asked(client, user, directory):
    jobs = [directory.job(user, runs=count) for count in (2, 0, 1)]
    response = client.delete(*jobs, prefer="return=representation")
    assert response.status_code == 200
    assert [(job["JobID"], job["RunsDeleted"]) for job in response.json()["Jobs"]] == [
        (str(job.id), count) for job, count in zip(jobs, (2, 0, 1))
    ]


@pytest.mark.parametrize(
    "preference",
    [
        "return=Representation",
        'return="representation"',
        "wait=10, return=representation",
        "RETURN=representation; foo=bar",
    ],
)
def test_a_preference_is_understood_in_every_form_of_RFC_7240(client, user, directory, preference):
    assert client.delete(directory.job(user), prefer=preference).status_code == 200


@pytest.mark.parametrize("preference", ["return=minimal", "respond-async", "return", "representation", ";,=,"])
def test_other_preferences_change_nothing(client, user, directory, preference):
    response = client.delete(directory.job(user), prefer=preference)
    assert response.status_code == 204
    assert "Preference-Applied" not in response.headers


def test_a_jobs_name_is_quoted_in_the_message_as_JSON_wants_it(client, user, directory):
    job = directory.job(user, name=unique('Prüfung "täglich" \\ 😀 \t'))
    response = client.delete(job, prefer="return=representation")
    assert response.json()["Jobs"][0]["JobName"] == job.name


# MARK: JobID and DeleteJob


@pytest.mark.parametrize(
    "form",
    [
        lambda guid: str(guid),
        lambda guid: str(guid).upper(),
        lambda guid: guid.hex,
        lambda guid: guid.hex.upper(),
        lambda guid: f"{{{guid}}}",
        lambda guid: f"{{{str(guid).upper()}}}",
        lambda guid: f" {guid} ",
    ],
    ids=["D", "D upper", "N", "N upper", "B", "B upper", "spaces around"],
)
def test_a_GUID_is_accepted_in_the_forms_of_dotnet(client, user, directory, form):
    job = directory.job(user, runs=1)
    response = client.delete(form(job.id), prefer="return=representation")
    assert response.status_code == 200
    assert response.json()["Jobs"][0]["JobID"] == str(job.id)
    assert not directory.exists(job)


BAD_GUIDS = [
    "",
    " ",
    "x",
    "1",
    "null",
    "754F7C7E-884A-4420-AF72-1FED35D3EFC",
    "754F7C7E-884A-4420-AF72-1FED35D3EFC1a",
    "754F7C7E-884A-4420-AF72-1FED35D3EFG1",
    "754F7C7E884A-4420-AF72-1FED35D3EFC1",
    "754F7C7E-884A-4420-AF72_1FED35D3EFC1",
    "{754F7C7E-884A-4420-AF72-1FED35D3EFC1",
    "754F7C7E-884A-4420-AF72-1FED35D3EFC1}",
    "(754F7C7E-884A-4420-AF72-1FED35D3EFC1)",
    "{754F7C7E884A4420AF721FED35D3EFC1}",
    "' OR 1=1 --",
    "754F7C7E-884A-4420-AF72-1FED35D3EFC1' OR '1'='1",
    "../../etc/passwd",
    "٧٥٤F7C7E-884A-4420-AF72-1FED35D3EFC1",
    "７54F7C7E-884A-4420-AF72-1FED35D3EFC1",
    "0x754F7C7E884A4420AF721FED35D3EFC1",
    "754F7C7E-884A-4420-AF72-1FED35D3EFC1;",
]


@pytest.mark.parametrize("guid", BAD_GUIDS)
def test_a_malformed_JobID_is_invalid(client, guid):
    assert_problem(client.delete(guid), 400, "JobID is invalid.")


def test_a_missing_JobID_is_invalid(client):
    assert_problem(client.request("DELETE", f"{API}/Jobs"), 400, "JobID is invalid.")
    assert_problem(client.request("DELETE", f"{API}/Jobs?"), 400, "JobID is invalid.")
    assert_problem(client.request("DELETE", f"{API}/Jobs?jobid"), 400, "JobID is invalid.")
    assert_problem(client.request("DELETE", f"{API}/Jobs?DeleteJob=True"), 400, "JobID is invalid.")


@pytest.mark.parametrize("second", ["jobid", "JobID", "%20jobid", "/jobid"])
def test_a_repeated_JobID_is_invalid_and_deletes_neither(client, user, directory, second):
    one, two = directory.job(user, runs=1), directory.job(user, runs=1)
    response = client.request("DELETE", f"{API}/Jobs?jobid={one.id}&{second}={two.id}")
    assert_problem(response, 400, "JobID is invalid.")
    assert_untouched(directory, one, runs=1)
    assert_untouched(directory, two, runs=1)


@pytest.mark.parametrize(
    "value", ["", "yes", "no", "0", "1", "2", "Tru", "Truee", "null", "True,False", "' OR 1=1", "на"]
)
def test_a_DeleteJob_that_is_no_boolean_is_refused_and_changes_nothing(client, user, directory, value):
    job = directory.job(user, runs=1)
    problem = assert_problem(client.delete(job, DeleteJob=value), 400)
    assert "DeleteJob" in problem["detail"]
    assert_untouched(directory, job, runs=1)


def test_a_repeated_DeleteJob_is_refused_and_changes_nothing(client, user, directory):
    job = directory.job(user, runs=1)
    for pair in (
        "DeleteJob=True&DeleteJob=True",
        "DeleteJob=False&deletejob=True",
        "DeleteJob=False&%20DeleteJob=False",
    ):
        response = client.request("DELETE", f"{API}/Jobs?jobid={job.id}&{pair}")
        assert "DeleteJob" in assert_problem(response, 400)["detail"]
    assert_untouched(directory, job, runs=1)


@pytest.mark.parametrize("name", ["DeleteJobs", "verbose", "Delete Job"])
def test_a_parameter_that_there_is_not_is_refused_by_its_name(client, user, directory, name):
    job = directory.job(user, runs=1)
    problem = assert_problem(client.delete(job, **{name: "False"}), 400)
    assert problem["detail"] == f"{name} is no parameter of Delete Job, which has jobid, DeleteJob."
    assert_untouched(directory, job, runs=1)


def test_what_libraries_add_so_that_no_cache_answers_is_no_parameter(client, user, directory):
    job = directory.job(user)
    assert client.delete(job, _="17").status_code == 204
    assert not directory.exists(job)


# MARK: If-Match


@pytest.fixture
def delete_if(client):
    """Delete Job with a condition."""

    def delete_if(condition, *jobs, by=client, **parameters):
        query = {"jobid": ",".join(str(job.id) for job in jobs), **parameters}
        return by.request("DELETE", f"{API}/Jobs", params=query, headers={"If-Match": condition})

    return delete_if


@pytest.mark.parametrize("value", ["True", "False"])
@pytest.mark.parametrize("condition", ['"2"', "*", '"7", "2"', 'W/"2", "2"'])
def test_a_condition_that_holds_lets_the_deletion_through(client, user, directory, delete_if, condition, value):
    job = directory.job(user, runs=1, version=2)
    assert client.job(job).headers["ETag"] == '"2"'
    assert delete_if(condition, job, DeleteJob=value).status_code == 204
    assert directory.exists(job) == (value == "False")
    assert directory.rows_of(job.history) == NO_ROWS


@pytest.mark.parametrize("condition", ['"1"', 'W/"2"', '"1", "3"', '""', '"02"'])
def test_a_condition_that_does_not_hold_deletes_nothing(user, directory, delete_if, condition):
    job = directory.job(user, runs=1, version=2)
    for value in ("True", "False"):
        problem = assert_problem(delete_if(condition, job, DeleteJob=value), 412)
        assert str(job.id) in problem["detail"]
    assert_untouched(directory, job, runs=1)


def test_a_deletion_with_a_malformed_condition_is_refused(user, directory, delete_if):
    job = directory.job(user, runs=1)
    assert "If-Match" in assert_problem(delete_if("1", job), 400)["detail"]
    assert_untouched(directory, job, runs=1)


def test_a_condition_is_for_one_job(user, directory, delete_if):
    jobs = [directory.job(user, runs=1) for _ in range(2)]
    assert "If-Match" in assert_problem(delete_if('"1"', *jobs), 400)["detail"]
    for job in jobs:
        assert_untouched(directory, job, runs=1)
    assert delete_if("*", *jobs).status_code == 204


def test_a_condition_counts_only_for_what_would_be_deleted_otherwise(user, directory, sign_in, delete_if):
    job, system = directory.job(user, runs=1), directory.job(None, job_type="ReportDataPurge")
    assert_problem(delete_if('"9"', job, by=sign_in(directory.user())), 403)
    assert_problem(delete_if('"9"', system), 403)
    assert_problem(delete_if('"9"', Job(uuid.uuid4(), "", uuid.uuid4())), 404)
    assert_untouched(directory, job, runs=1)


def test_of_deletions_that_share_a_transaction_each_has_its_own_condition(user, directory, sign_in, delete_if):
    jobs = [directory.job(user, runs=1, version=2) for _ in range(40)]
    clients = [sign_in(user) for _ in range(8)]
    conditions = ['"1"', '"1", "2"', "*", '"3", "1"']

    def run(number):
        return delete_if(conditions[number % 4], jobs[number], by=clients[number % 8]).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(run, range(len(jobs))))
    assert statuses == [412, 204, 204, 412] * 10
    for number, job in enumerate(jobs):
        assert directory.exists(job) == (number % 4 in (0, 3))


# MARK: 401


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic dXNlcjpwYXNzd29yZA==",
        "bearer " + "A" * 43,
        "Token abc",
        "Bearer a b",
        "Bearer ' OR 1=1 --",
        "Bearer \xff\xfe",
    ],
)
def test_no_valid_token_is_401_and_changes_nothing(anonymous, user, directory, authorization):
    job = directory.job(user, runs=1)
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    assert_problem(anonymous.request("DELETE", f"{API}/Jobs?jobid={job.id}", headers=headers), 401)
    assert_untouched(directory, job, runs=1)


def test_the_challenge_names_the_error_only_if_a_token_was_presented(anonymous):
    # RFC 6750, section 3: no error code, if the request lacks any authentication information.
    path = f"{API}/Jobs?jobid={uuid.uuid4()}"
    assert "error" not in anonymous.request("DELETE", path).headers["WWW-Authenticate"]
    presented = anonymous.request("DELETE", path, headers={"Authorization": "Bearer nonsense"})
    assert 'error="invalid_token"' in presented.headers["WWW-Authenticate"]


def test_the_scheme_is_not_case_sensitive(client, user, directory):
    for scheme in ("Bearer", "bearer", "BEARER"):
        response = client.request(
            "DELETE",
            f"{API}/Jobs?jobid={directory.job(user).id}",
            authorized=False,
            headers={"Authorization": f"{scheme} {client.token}"},
        )
        assert response.status_code == 204


def test_a_user_who_is_disabled_is_out_at_once(client, user, directory):
    job = directory.job(user, runs=1)
    assert client.job(job).status_code == 200
    directory.disable(user)
    assert_problem(client.delete(job), 401)
    assert_untouched(directory, job, runs=1)


# MARK: 403


def test_the_five_tasks_and_the_two_folders_are_enough(directory, sign_in):
    user = directory.user(tasks=DELETE_TASKS)
    job = directory.job(user, runs=1)
    assert sign_in(user).delete(job).status_code == 204
    assert not directory.exists(job)


@pytest.mark.parametrize("missing", DELETE_TASKS)
def test_without_one_of_the_five_tasks_it_is_forbidden(directory, sign_in, missing):
    user = directory.user(tasks=[task for task in ALL_TASKS if task != missing])
    job = directory.job(user, runs=1)
    problem = assert_problem(sign_in(user).delete(job), 403)
    assert missing in problem["detail"]
    assert_untouched(directory, job, runs=1)


@pytest.mark.parametrize("missing", ROOTS)
def test_without_one_of_the_two_folders_it_is_forbidden(directory, sign_in, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    job = directory.job(user, runs=1)
    problem = assert_problem(sign_in(user).delete(job), 403)
    assert missing in problem["detail"]
    assert_untouched(directory, job, runs=1)


@pytest.mark.parametrize("root", ROOTS)
def test_a_grant_on_a_sub_folder_gives_nothing_above_it(directory, sign_in, root):
    others = [folder for name, folder in ROOTS.items() if name != root]
    user = directory.user(folders=[*others, directory.folder(ROOTS[root])])
    job = directory.job(user, runs=1)
    assert_problem(sign_in(user).delete(job), 403)
    assert_untouched(directory, job, runs=1)


def test_what_several_roles_give_adds_up(directory, sign_in):
    user = directory.user(tasks=DELETE_TASKS[:2], folders=[ROOTS["Standards"]])
    directory.role(user.id, DELETE_TASKS[2:], [ROOTS["Asset System"]])
    assert sign_in(user).delete(directory.job(user)).status_code == 204


def test_a_right_that_is_taken_away_or_given_counts_at_once(directory, sign_in):
    user = directory.user()
    client = sign_in(user)
    one, two = directory.job(user, runs=1), directory.job(user)
    directory.database.rows("DELETE FROM directory.role_tasks WHERE role_id = %s AND task = 'Manage jobs'", user.role)
    assert_problem(client.delete(one), 403)
    assert_untouched(directory, one, runs=1)
    directory.database.rows("INSERT INTO directory.role_tasks VALUES (%s, 'Manage jobs')", user.role)
    assert client.delete(two).status_code == 204
    directory.database.rows(
        "DELETE FROM directory.folder_grants WHERE role_id = %s AND folder_id = %s", user.role, ROOTS["Standards"]
    )
    assert_problem(client.delete(one), 403)
    assert_untouched(directory, one, runs=1)


def test_only_its_creator_can_delete_a_job(client, directory):
    job = directory.job(directory.user(), runs=1)
    problem = assert_problem(client.delete(job), 403)
    assert "creator" in problem["detail"]
    assert str(job.id) in problem["detail"]
    assert_problem(client.delete(job, DeleteJob="False"), 403)
    assert_untouched(directory, job, runs=1)


@pytest.mark.parametrize("value", ["True", "False"])
def test_a_system_job_is_never_deleted(client, directory, value):
    job = directory.job(None, job_type="ReportDataPurge", runs=1)
    problem = assert_problem(client.delete(job, DeleteJob=value), 403)
    assert "A system job cannot be deleted." in problem["detail"]
    assert_untouched(directory, job, runs=1)


# MARK: 404, 405, 500, and what comes first


@pytest.mark.parametrize("value", ["True", "False"])
def test_an_unknown_job_is_404(client, value):
    job = uuid.uuid4()
    problem = assert_problem(client.delete(job, DeleteJob=value), 404)
    assert str(job) in problem["detail"]
    assert "does not exist" in problem["detail"]


def test_a_second_deletion_is_404(client, user, directory):
    job = directory.job(user)
    assert client.delete(job).status_code == 204
    assert_problem(client.delete(job), 404)


def test_401_comes_before_400_before_403_before_404(directory, sign_in, anonymous):
    assert_problem(anonymous.delete("nonsense"), 401)
    powerless = sign_in(directory.user(tasks=[]))
    assert_problem(powerless.delete("nonsense"), 400)
    assert_problem(powerless.delete(uuid.uuid4(), DeleteJob="perhaps"), 400)
    assert_problem(powerless.delete(uuid.uuid4()), 403)
    assert_problem(sign_in(directory.user(tasks=DELETE_TASKS)).delete(uuid.uuid4()), 404)


def test_whoever_may_not_delete_jobs_learns_nothing_about_them(directory, sign_in):
    powerless = sign_in(directory.user(tasks=SEARCH_TASKS))
    answers = [
        assert_problem(powerless.delete(job), 403)["detail"]
        for job in (uuid.uuid4(), directory.job(directory.user()), directory.job(None))
    ]
    assert len(set(answers)) == 1


def test_an_unexpected_fault_is_500_with_the_documented_sentence_and_nothing_else(
    new_database, start_server, directory_of, sign_in
):
    database = new_database()
    directory, server = directory_of(database), start_server(database)
    user = directory.user()
    job, client = directory.job(user, runs=1), sign_in(user, at=server)
    database.rows("ALTER FUNCTION directory.delete_jobs RENAME TO delete_jobs_mislaid")
    response = client.delete(job)
    problem = assert_problem(response, 500, FAULT)
    assert set(problem) == {"type", "title", "status", "detail", "requestId"}
    assert "delete_jobs" not in response.text + str(response.headers)
    line = server.request_line(problem["requestId"])
    assert line["level"] == "error"
    assert line["outcome"] == "failed"
    assert "delete_jobs" in line["detail"]
    assert_untouched(directory, job, runs=1)
    database.rows("ALTER FUNCTION directory.delete_jobs_mislaid RENAME TO delete_jobs")
    assert client.delete(job).status_code == 204


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "BREW"])
def test_a_method_that_is_not_served_is_405_and_changes_nothing(client, user, directory, method):
    job = directory.job(user, runs=1)
    response = client.request(method, f"{API}/Jobs?jobid={job.id}")
    assert_problem(response, 405)
    allowed = {name.strip() for name in response.headers["Allow"].split(",")}
    assert {"DELETE", "GET"} <= allowed
    assert method not in allowed
    assert_untouched(directory, job, runs=1)


def test_methods_are_case_sensitive(server, client, user, directory):
    job = directory.job(user, runs=1)
    # By hand, as `requests` would put it into capitals (RFC 9110, section 9.1).
    answer = exchange(server, head("delete", f"{API}/Jobs?jobid={job.id}", f"Authorization: Bearer {client.token}"))
    assert answer.status == 405
    assert_untouched(directory, job, runs=1)


# MARK: Several jobs


def test_several_jobs_are_deleted_together(client, user, directory):
    jobs = [directory.job(user, runs=1) for _ in range(5)]
    kept = directory.job(user, runs=1)
    assert client.delete(*jobs).status_code == 204
    for job in jobs:
        assert not directory.exists(job)
        assert directory.rows_of(job.history) == NO_ROWS
    assert_untouched(directory, kept, runs=1)


def test_several_jobs_are_purged_together(client, user, directory):
    jobs = [directory.job(user, runs=1) for _ in range(3)]
    assert client.delete(*jobs, DeleteJob="False").status_code == 204
    for job in jobs:
        assert directory.exists(job)
        assert directory.rows_of(job.history) == NO_ROWS
        assert directory.rows_of(directory.history_of(job)) == NO_ROWS


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("fault", ["unknown", "not creator", "system"])
@pytest.mark.parametrize("value", ["True", "False"])
def test_several_jobs_are_all_deleted_or_none_and_the_error_names_the_one_that_failed(
    client, user, directory, place, fault, value
):
    good = [directory.job(user, runs=1) for _ in range(4)]
    bad, status = {
        "unknown": lambda: (uuid.uuid4(), 404),
        "not creator": lambda: (directory.job(directory.user(), runs=1).id, 403),
        "system": lambda: (directory.job(None, runs=1).id, 403),
    }[fault]()
    asked = [job.id for job in good]
    asked.insert(place, bad)
    problem = assert_problem(client.delete(*asked, DeleteJob=value), status)
    assert str(bad) in problem["detail"]
    assert not any(str(job.id) in problem["detail"] for job in good)
    for job in good:
        assert_untouched(directory, job, runs=1)


@pytest.mark.parametrize("spoilt", ["{},", ",{}", "{},,{}", "{},nonsense", "{};{}", "{} {}", "{},' OR 1=1"])
def test_a_list_with_a_malformed_JobID_is_invalid_and_deletes_nothing(client, user, directory, spoilt):
    one, two = directory.job(user, runs=1), directory.job(user, runs=1)
    assert_problem(client.delete(spoilt.format(one.id, two.id)), 400, "JobID is invalid.")
    assert_untouched(directory, one, runs=1)
    assert_untouched(directory, two, runs=1)


def test_one_hundred_jobs_are_deleted_at_once_and_one_hundred_and_one_are_refused(client, user, directory):
    jobs = [directory.job(user) for _ in range(101)]
    problem = assert_problem(client.delete(*jobs), 400)
    assert problem["detail"].startswith("JobID is invalid")
    assert all(directory.exists(job) for job in jobs)
    assert client.delete(*jobs[:100]).status_code == 204
    assert not any(directory.exists(job) for job in jobs[:100])
    assert directory.exists(jobs[100])


def test_a_job_named_twice_is_deleted_once(client, user, directory):
    job, other = directory.job(user, runs=2), directory.job(user)
    forms = [str(job.id), str(other.id), f"{{{job.id}}}", job.id.hex.upper()]
    response = client.delete(*forms, prefer="return=representation")
    assert response.status_code == 200
    assert [found["JobID"] for found in response.json()["Jobs"]] == [str(job.id), str(other.id)]


def test_spaces_after_the_commas_do_no_harm(client, user, directory):
    jobs = [directory.job(user) for _ in range(3)]
    assert client.delete(", ".join(str(job.id) for job in jobs)).status_code == 204
    assert not any(directory.exists(job) for job in jobs)


# MARK: At the same time


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
        started = time.monotonic()
        return Client(server, client.token).delete(job).status_code, time.monotonic() - started

    with ThreadPoolExecutor(len(locked) + len(free)) as pool:
        waiting = [pool.submit(delete, job) for job in locked]
        try:
            directory.database.wait_for_blocked_statement()
            others = list(pool.map(delete, [*free, uuid.uuid4()]))
        finally:
            blocker.rollback()
            blocker.close()
        waited = [each.result()[0] for each in waiting]
    assert [status for status, _ in others] == [204] * len(free) + [404]
    assert max(seconds for _, seconds in others) < 2
    assert waited == [204] * len(locked)


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


# MARK: The habits of the documents and of real clients


@pytest.mark.parametrize(
    "target",
    [
        "/Jobs?jobid={job}&%20DeleteJob=False",
        "/Jobs?jobid={job}&+DeleteJob=False",
        "/jobs?/jobid={job}&/DeleteJob=False",
        "/JOBS?JOBID={job}&DELETEJOB=FALSE",
        "/jobs/?JobID={job}&deletejob=false",
        "/Jobs?%20jobid%20={job}&DeleteJob=False",
        "/Jobs?DeleteJob=False&jobid={job}",
        "/Jobs?&jobid={job}&&DeleteJob=False&",
        "/Jobs?jobid=%7B{job}%7D&DeleteJob=%46alse",
        "/Jobs?jobid={job}&DeleteJob=%20False%20",
        "/Jobs?%6Aobid={job}&%2FDeleteJob=False",
    ],
)
def test_parameters_are_found_however_the_documents_spell_them(client, user, directory, target):
    job = directory.job(user, runs=1)
    response = client.request("DELETE", API + target.format(job=job.id))
    assert response.status_code == 204, response.text
    assert directory.exists(job), "DeleteJob=False was not understood"
    assert directory.rows_of(job.history) == NO_ROWS


def test_paths_are_not_case_sensitive(client, user, directory):
    for path in ("/CCS/API/V1/JOBS", "/ccs/api/v1/jobs", "/Ccs/Api/v1/Jobs/"):
        job = directory.job(user)
        assert client.request("DELETE", path, params={"jobid": str(job.id)}).status_code == 204
        assert not directory.exists(job)


@pytest.mark.parametrize(
    "body", ["\r", "", "{}", '{"jobid": "not a GUID"}', "jobid=x&DeleteJob=False", "[" * 200, "\0\xff"], ids=range(7)
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_the_body_of_a_DELETE_is_ignored(client, user, directory, body, content_type):
    job = directory.job(user)
    response = client.request(
        "DELETE",
        f"{API}/Jobs",
        params={"jobid": str(job.id)},
        data=body.encode("latin-1"),
        headers={"Content-Type": content_type} if content_type else {},
    )
    assert response.status_code == 204
    assert not directory.exists(job)


def test_curl_deletes_a_job(client, user, directory, server):
    job = directory.job(user, runs=1)
    result = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--globoff",
            "--cacert",
            server.certificate.certificate,
            "--request",
            "DELETE",
            "--header",
            f"Authorization: Bearer {client.token}",
            "--header",
            "Content-Type: application/json",
            "--write-out",
            "%{http_code} %{size_download} %{http_version}",
            f"{server.api}/Jobs?jobid={{{job.id}}}&DeleteJob=True",
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (result.returncode, result.stdout) == (0, "204 0 1.1"), result.stderr
    assert not directory.exists(job)


def test_many_deletions_go_over_one_connection(client, user, directory, server):
    before = server.metrics()["ccs_jobstore_jobs_deleted_total"]
    for _ in range(20):
        assert client.delete(directory.job(user)).status_code == 204
    pool = client.session.get_adapter(server.url).poolmanager.connection_from_url(server.url)
    assert pool.num_connections == 1
    assert server.metrics()["ccs_jobstore_jobs_deleted_total"] == before + 20
