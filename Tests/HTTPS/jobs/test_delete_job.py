"""Delete Job: what a deletion does, and what it leaves in the database."""

import subprocess
import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import NO_ROWS, assert_untouched, unique

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
