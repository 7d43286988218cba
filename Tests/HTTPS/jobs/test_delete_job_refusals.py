"""Delete Job: who may not, what is not there, and faults."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, DELETE_TASKS, ROOTS, SEARCH_TASKS, assert_untouched
from harness.raw_http import exchange, head

FAULT = "Server encountered an error while serving request. Please contact administrator if problem persists."


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
