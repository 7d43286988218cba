"""Search Audit Trail: what `ccs-jobstore audit` shows, for users with the task View audit trail."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, ROOTS
from harness.server import run_command

TASK = "View audit trail"


@pytest.fixture
def auditor(sign_in, directory):
    return sign_in(directory.user(tasks=(TASK,)))


def events(client, **parameters):
    response = client.get(f"{API}/audit", params=parameters)
    assert response.status_code == 200, response.text
    return response.json()["Events"]


def operations(client, **parameters):
    return [event["Operation"] for event in events(client, **parameters)]


def test_an_event_is_as_the_command_shows_it(server, client, user, directory, auditor):
    job = directory.job(user, runs=2)
    response = client.delete(job)
    assert response.status_code == 204
    (event,) = events(auditor, job=job.id)
    assert event == {
        "Time": event["Time"],
        "UserID": str(user.id),
        "User": user.name,
        "Operation": "Delete Job",
        "JobID": str(job.id),
        "JobName": job.name,
        "RequestID": response.headers["X-Request-ID"],
        "Details": {"Runs": 2},
    }
    assert events(auditor, job=job.name.upper()) == [event]


def test_every_filter_narrows_and_all_together_too(directory, auditor):
    job, user = uuid.uuid4(), f"DOMAIN1\\{uuid.uuid4()}"
    for number, operation in enumerate(("Run Job", "Purge Job", "Run Job")):
        directory.database.rows(
            "INSERT INTO audit.events (occurred_at, user_name, operation, job_id) VALUES (%s, %s, %s, %s)",
            f"2026-01-05T04:10:0{number}Z",
            user,
            operation,
            job,
        )
    assert operations(auditor, user=user.upper()) == ["Run Job", "Purge Job", "Run Job"]
    assert operations(auditor, user=user, operation="purge JOB") == ["Purge Job"]
    assert operations(auditor, job=f"{{{job}}}", since="2026-01-05T05:10:01+01:00") == ["Run Job", "Purge Job"]
    assert operations(auditor, job=job, until="2026-01-05T04:10:01") == ["Run Job"]
    assert len(operations(auditor, job=job, user=user, operation="Run Job", since="2026-01-05", until="2026-01-06")) == 2
    assert operations(auditor, user="nobody") == []


def test_a_cursor_leads_through_all_events_without_a_gap(directory, auditor):
    user = f"DOMAIN1\\{uuid.uuid4()}"
    directory.database.rows(
        "INSERT INTO audit.events (occurred_at, user_name, operation, details) "
        "SELECT '2026-01-05T04:10:00.123456Z', %s, 'Run Job', jsonb_build_object('Number', n) FROM generate_series(1, 25) n",
        user,
    )
    found, cursor = [], {}
    for expected in (10, 10, 5):
        page = auditor.get(f"{API}/audit", params={"user": user, "pagesize": 10, **cursor}).json()
        assert len(page["Events"]) == expected
        found += [event["Details"]["Number"] for event in page["Events"]]
        cursor = {"cursor": page.get("NextCursor")}
    assert found == list(range(25, 0, -1))
    assert cursor == {"cursor": None}


@pytest.mark.parametrize(
    "parameters",
    [
        {"operation": "Delet Job"},
        {"since": "yesterday"},
        {"until": "2026-13-01"},
        {"since": "2026-01-05", "until": "2026-01-05"},
        {"pagesize": 0},
        {"pagesize": 1001},
        {"cursor": "x"},
        {"cursor": f"{'9' * 30}_1"},
        {"who": "me"},
    ],
)
def test_what_makes_no_sense_is_400_and_named(auditor, parameters):
    problem = assert_problem(auditor.get(f"{API}/audit", params=parameters), 400)
    assert list(parameters)[0] in problem["detail"]


def test_nobody_sees_the_trail_without_the_task_and_both_folders(anonymous, sign_in, directory):
    assert_problem(anonymous.get(f"{API}/audit"), 401)
    others = sign_in(directory.user(tasks=(*ALL_TASKS, "Report job runs")))
    assert_problem(others.get(f"{API}/audit"), 403, f'Search Audit Trail needs the task "{TASK}".')
    for folder in ROOTS.values():
        client = sign_in(directory.user(tasks=(TASK,), folders=[folder]))
        assert_problem(client.get(f"{API}/audit"), 403)


def test_the_task_can_be_granted_by_command(server, directory):
    role = directory.database.value(
        "SELECT role_name FROM directory.roles WHERE role_id = %s", directory.user(tasks=()).role
    )
    result = run_command(server.configuration, "roles", "grant-task", role, "view AUDIT trail")
    assert result.returncode == 0, result.stderr
