"""Job Operation: runs are queued and aborted on request."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, assert_problem, identifier
from harness.definitions import pointers
from harness.directory import ALL_TASKS, ROOTS

OPERATION_TASKS = ALL_TASKS


@pytest.fixture
def operate(client):
    def operate(item, operation, by=client):
        return by.post(f"{API}/jobs/{identifier(item)}", json={"Operation": operation})

    return operate


def runs_of(directory, job):
    return directory.database.rows(
        "SELECT r.run_id, r.status FROM store.job_runs r JOIN directory.jobs USING (history_id) WHERE job_id = %s "
        "ORDER BY queued_at",
        job.id,
    )


def events_of(directory, job):
    return directory.database.rows(
        "SELECT user_id, user_name, operation, request_id, details FROM audit.events WHERE job_id = %s "
        "ORDER BY event_id",
        job.id,
    )


# MARK: execute


@pytest.mark.parametrize("word", ["execute", "Execute", "EXECUTE"])
def test_execute_puts_a_run_in_the_queue(client, user, directory, operate, word):
    job = directory.job(user, runs=2)
    response = operate(job, word)
    assert response.status_code == 200, response.text
    run = response.json()["JobRunID"]
    assert response.json() == {"JobRunID": run, "Status": "Queued"}
    latest = client.runs(job).json()["JobRuns"][0]
    assert (latest["JobRunID"], latest["Status"], latest["TriggeredBy"]) == (run, "Queued", user.name)
    properties = client.job(job).json()["JobProperties"]
    assert properties["LastRunStatus"] == "Queued"
    assert properties["LastRunDate"] == latest["QueuedTime"]
    assert len(runs_of(directory, job)) == 3
    request = uuid.UUID(response.headers["X-Request-ID"])
    assert events_of(directory, job) == [(user.id, user.name, "Run Job", request, {"JobRunID": run})]


@pytest.mark.parametrize("form", [lambda guid: str(guid).upper(), lambda guid: guid.hex, lambda guid: f"{{{guid}}}"])
def test_the_identifier_comes_in_the_forms_of_dotnet(user, directory, operate, form):
    assert operate(form(directory.job(user).id), "execute").status_code == 200


def test_a_run_changes_the_ETag_but_not_the_version_in_it(client, user, directory, operate):
    job = directory.job(user)
    tags = [client.job(job).headers["ETag"]]
    run = operate(job, "execute").json()["JobRunID"]
    tags.append(client.job(job).headers["ETag"])
    operate(run, "abort")
    tags.append(client.job(job).headers["ETag"])
    assert tags[0] == '"1"' and len(set(tags)) == 3
    assert all(tag.startswith('"1-') for tag in tags[1:])


def test_anybody_with_the_tasks_may_execute_and_abort(user, directory, sign_in, operate):
    job, other = directory.job(user), directory.user(tasks=OPERATION_TASKS)
    client = sign_in(other)
    run = operate(job, "execute", by=client).json()["JobRunID"]
    assert operate(run, "abort", by=client).status_code == 200
    assert [event[0] for event in events_of(directory, job)] == [other.id, other.id]


@pytest.mark.parametrize("status", ["Queued", "Running"])
def test_a_job_with_a_run_that_is_not_over_is_not_executed(user, directory, operate, status):
    job = directory.job(user)
    run = directory.run(job, status=status)
    problem = assert_problem(operate(job, "execute"), 409)
    assert problem["detail"] == f"The job {job.id} has the run {run}, which is not over."
    assert runs_of(directory, job) == [(run, status)]
    assert events_of(directory, job) == []


def test_of_many_executions_at_once_one_starts_a_run(user, directory, sign_in, operate):
    clients = [sign_in(user) for _ in range(8)]
    job = directory.job(user)
    barrier = threading.Barrier(len(clients))

    def run(client):
        barrier.wait()
        return operate(job, "execute", by=client).status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(run, clients)) == [200] + [409] * 7
    assert len(runs_of(directory, job)) == 1


def test_a_system_job_is_not_executed(directory, operate):
    job = directory.job(None, job_type="ReportDataPurge")
    problem = assert_problem(operate(job, "execute"), 403)
    assert problem["detail"] == f"The job {job.id} is a system job. A system job cannot be executed."
    assert runs_of(directory, job) == []


def test_a_job_that_does_not_exist_is_not_executed(user, directory, operate):
    absent = uuid.uuid4()
    assert_problem(operate(absent, "execute"), 404, f"The job {absent} does not exist.")
    run = directory.run(directory.job(user))
    assert_problem(operate(run, "execute"), 404, f"The job {run} does not exist.")


# MARK: abort


@pytest.mark.parametrize("word", ["abort", "Abort", "aBORT"])
@pytest.mark.parametrize("status", ["Queued", "Running"])
def test_abort_ends_a_run_and_says_who_did_it(client, user, directory, operate, word, status):
    job = directory.job(user)
    run = directory.run(job, status=status, messages=2)
    directory.database.rows("UPDATE directory.jobs SET last_run_id = %s WHERE job_id = %s", run, job.id)
    response = operate(run, word)
    assert response.status_code == 200, response.text
    assert response.json() == {"JobRunID": str(run), "Status": "Aborted"}
    found = client.runs(job, showmessages="true").json()["JobRuns"][0]
    assert found["Status"] == "Aborted"
    assert found["EndTime"] is not None
    assert found["MessageCount"] == 3
    assert user.name in [message["Message"] for message in found["Messages"] if "Aborted" in message["Message"]][0]
    assert client.job(job).json()["JobProperties"]["LastRunStatus"] == "Aborted"
    request = uuid.UUID(response.headers["X-Request-ID"])
    assert events_of(directory, job) == [(user.id, user.name, "Abort Job Run", request, {"JobRunID": str(run)})]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Aborted"])
def test_a_run_that_is_over_is_not_aborted(user, directory, operate, status):
    job = directory.job(user)
    run = directory.run(job, status=status)
    assert_problem(operate(run, "abort"), 409, f"The job run {run} is over: it is {status}.")
    assert runs_of(directory, job) == [(run, status)]
    assert events_of(directory, job) == []


def test_a_run_that_does_not_exist_or_was_purged_is_not_aborted(client, user, directory, operate):
    absent = uuid.uuid4()
    assert_problem(operate(absent, "abort"), 404, f"The job run {absent} does not exist.")
    job = directory.job(user)
    assert_problem(operate(job, "abort"), 404, f"The job run {job.id} does not exist.")
    run = directory.run(job, status="Running")
    assert client.delete(job, DeleteJob="False").status_code == 204
    assert_problem(operate(run, "abort"), 404)


def test_an_aborted_job_is_executed_again(user, directory, operate):
    job = directory.job(user)
    first = operate(job, "execute").json()["JobRunID"]
    assert operate(first, "abort").status_code == 200
    assert operate(job, "execute").status_code == 200
    assert [status for _, status in runs_of(directory, job)] == ["Aborted", "Queued"]


# MARK: 400, 401, 403


@pytest.mark.parametrize("operation", ["", "run", "stop", "execute ", 1, None, ["execute"]])
def test_another_word_is_refused(user, directory, operate, operation):
    job = directory.job(user)
    problem = assert_problem(operate(job, operation), 400)
    assert pointers(problem) == ["/Operation"]
    assert runs_of(directory, job) == []


@pytest.mark.parametrize("data", [b"", b"\r", b"[]", b"{", b'"execute"', b"\xff", b'{"Operation": "execute", "x": 1}'])
def test_another_body_is_refused(client, user, directory, data):
    job = directory.job(user)
    assert_problem(client.post(f"{API}/jobs/{job.id}", data=data), 400)
    assert runs_of(directory, job) == []


def test_the_field_may_come_in_any_case(client, user, directory):
    job = directory.job(user)
    assert client.post(f"{API}/jobs/{job.id}", json={"operation": "execute"}).status_code == 200


@pytest.mark.parametrize(("operation", "name"), [("execute", "JobID"), ("abort", "JobRunID")])
@pytest.mark.parametrize("guid", ["x", "754F7C7E-884A-4420-AF72-1FED35D3EFC", "' OR 1=1"])
def test_an_identifier_that_is_no_GUID_is_invalid(operate, operation, name, guid):
    assert_problem(operate(guid, operation), 400, f"{name} is invalid.")


def test_without_a_token_it_is_401(anonymous, user, directory, operate):
    job = directory.job(user)
    assert_problem(operate(job, "execute", by=anonymous), 401)
    assert runs_of(directory, job) == []


@pytest.mark.parametrize("operation", ["execute", "abort"])
@pytest.mark.parametrize("missing", OPERATION_TASKS)
def test_without_one_of_the_seven_tasks_it_is_forbidden(directory, sign_in, operate, operation, missing):
    user = directory.user(tasks=[task for task in OPERATION_TASKS if task != missing])
    job = directory.job(user)
    run = directory.run(job, status="Running")
    problem = assert_problem(operate(job if operation == "execute" else run, operation, by=sign_in(user)), 403)
    assert problem["detail"] == f'Job Operation needs the task "{missing}".'
    assert runs_of(directory, job) == [(run, "Running")]


@pytest.mark.parametrize("operation", ["execute", "abort"])
@pytest.mark.parametrize("missing", ROOTS)
def test_without_one_of_the_two_folders_it_is_forbidden(directory, sign_in, operate, operation, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    job = directory.job(user)
    run = directory.run(job, status="Running")
    problem = assert_problem(operate(job if operation == "execute" else run, operation, by=sign_in(user)), 403)
    assert problem["detail"] == f'Job Operation needs access to the folder "{missing}".'
    assert runs_of(directory, job) == [(run, "Running")]
