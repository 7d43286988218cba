"""Get Latest Job Runs."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, ROOTS, SEARCH_TASKS


def runs_of(client, job, **parameters):
    response = client.runs(job, **parameters)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert {"JobID", "JobRuns"} <= set(answer) <= {"JobID", "JobRuns", "NextCursor"}
    assert answer["JobID"] == str(job.id)
    return answer["JobRuns"]


def identifiers(runs):
    return [run["JobRunID"] for run in runs]


@pytest.fixture
def job(user, directory):
    """A job with four runs queued on four days; `runs` are in that order."""
    job = directory.job(user)
    for day, status in enumerate(("Completed", "Failed", "Aborted", "Running"), start=1):
        directory.run(job, status=status, queued_at=f"2026-03-0{day}T08:00:00Z", messages=day)
    return job


def newest_first(job):
    return [str(run) for run in reversed(job.runs)]


def test_without_a_count_it_is_the_latest_run(client, job):
    runs = runs_of(client, job)
    assert runs == [
        {
            "JobRunID": str(job.runs[3]),
            "JobID": str(job.id),
            "Status": "Running",
            "TriggeredBy": "Schedule",
            "QueuedTime": "2026-03-04T08:00:00.000Z",
            "StartTime": "2026-03-04T08:00:00.000Z",
            "EndTime": None,
        }
    ]


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (1000, 4), (0, 4)])
def test_a_count_bounds_the_runs_and_0_means_all_of_them_newest_first(client, job, count, expected):
    assert identifiers(runs_of(client, job, count=count)) == newest_first(job)[:expected]


def test_runs_are_ordered_by_time_and_not_by_when_they_were_written(client, user, directory):
    job = directory.job(user)
    middle = directory.run(job, queued_at="2026-03-02T00:00:00Z")
    oldest = directory.run(job, queued_at="2026-03-01T00:00:00Z")
    newest = directory.run(job, queued_at="2026-03-03T00:00:00Z")
    assert identifiers(runs_of(client, job, count=0)) == [str(newest), str(middle), str(oldest)]


@pytest.mark.parametrize("value", ["true", "True", "TRUE"])
def test_showmessages_adds_each_runs_messages_in_order_and_their_count(client, job, value):
    runs = runs_of(client, job, count=0, showmessages=value)
    assert [run["MessageCount"] for run in runs] == [4, 3, 2, 1]
    assert [message["Message"] for message in runs[1]["Messages"]] == ["message 1", "message 2", "message 3"]
    message = runs[3]["Messages"][0]
    assert set(message) == {"Time", "Severity", "AssetID", "Message"}
    assert message["Time"] == "2026-03-01T08:00:01.000Z"
    assert message["Severity"] == "Information"
    assert str(uuid.UUID(message["AssetID"])) == message["AssetID"]


@pytest.mark.parametrize("value", ["false", "False", None])
def test_without_showmessages_there_are_none(client, job, value):
    parameters = {} if value is None else {"showmessages": value}
    assert "Messages" not in runs_of(client, job, **parameters)[0]


def test_a_run_without_messages_has_an_empty_list_of_them(client, user, directory):
    job = directory.job(user)
    directory.run(job, messages=0)
    run = runs_of(client, job, showmessages="true")[0]
    assert (run["MessageCount"], run["Messages"]) == (0, [])


def test_a_message_with_any_characters_arrives_as_it_was(client, user, directory):
    job = directory.job(user)
    run = directory.run(job, messages=0)
    text = 'line\nbreak\r\t"quoted" \\ \x01\x1f\x7f\u2028 ümläut 😀 </script>'
    directory.database.rows(
        "INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message) "
        "VALUES (%s, %s, 1, 'Error', %s)",
        job.history,
        run,
        text,
    )
    message = runs_of(client, job, showmessages="true")[0]["Messages"][0]
    assert (message["Message"], message["Severity"], message["AssetID"]) == (text, "Error", None)


@pytest.mark.parametrize("status", ["Queued", "Running", "Completed", "Failed", "Aborted"])
def test_every_status_is_answered_with_its_times(client, user, directory, status):
    job = directory.job(user)
    directory.run(job, status=status)
    run = runs_of(client, job)[0]
    assert run["Status"] == status
    assert (run["StartTime"] is None) == (status == "Queued")
    assert (run["EndTime"] is None) == (status in ("Queued", "Running"))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_cursor_goes_on_after_the_runs_that_were_answered(client, job, count):
    found, parameters = [], {}
    while True:
        answer = client.runs(job, count=count, **parameters).json()
        assert len(answer["JobRuns"]) <= count
        found += identifiers(answer["JobRuns"])
        if "NextCursor" not in answer:
            break
        parameters = {"cursor": answer["NextCursor"]}
    assert found == newest_first(job)


def test_there_is_no_cursor_after_all_runs(client, job):
    for count in (0, 4, 5):
        assert "NextCursor" not in client.runs(job, count=count).json()


@pytest.mark.parametrize(
    "cursor", ["", "x", "_", "1_", "_1", "1_2", "9" * 30 + "_" + str(uuid.uuid4()), str(uuid.uuid4()), "1_1_" + str(uuid.uuid4())]
)
def test_a_cursor_that_is_none_is_refused(client, job, cursor):
    assert "cursor" in assert_problem(client.runs(job, cursor=cursor), 400)["detail"]


def test_a_job_that_never_ran_has_no_runs(client, user, directory):
    job = directory.job(user)
    assert runs_of(client, job) == []
    assert runs_of(client, job, count=0, showmessages="true") == []


def test_a_job_has_only_its_own_runs(client, user, directory):
    one, two = directory.job(user, runs=2), directory.job(user, runs=1)
    assert len(runs_of(client, one, count=0)) == 2
    assert identifiers(runs_of(client, two, count=0)) == [str(two.runs[0])]


def test_all_of_three_thousand_runs_are_answered(client, user, directory):
    job = directory.job(user)
    directory.long_history(job, 3000)
    runs = runs_of(client, job, count=0, showmessages="true")
    assert len(set(identifiers(runs))) == 3000
    assert {len(run["Messages"]) for run in runs} == {1}


def test_a_system_jobs_runs_are_seen_as_well(client, directory):
    job = directory.job(None, job_type="ReportDataPurge", runs=1)
    assert len(runs_of(client, job)) == 1


@pytest.mark.parametrize(
    "target",
    [
        "/Jobs/{}/jobruns?count=2",
        "/jobs/{}/JobRuns?COUNT=2",
        "/JOBS/{}/jobruns/?/count=2",
        "/jobs/{}/jobruns?%20Count=2",
        "/jobs/{}/jobruns?count=%202%20",
        "/jobs/%7B{}%7D/jobruns?count=2&x=y",
    ],
)
def test_path_and_parameters_are_found_however_they_are_spelt(client, job, target):
    response = client.get(API + target.format(str(job.id).upper()))
    assert response.status_code == 200
    assert identifiers(response.json()["JobRuns"]) == newest_first(job)[:2]


@pytest.mark.parametrize("count", ["-1", "x", "", "1.5", "1e3", "0x1", "٣", "99999999999999999999999", "1;DROP", "NaN"])
def test_a_count_that_is_no_whole_number_is_refused(client, job, count):
    assert "count" in assert_problem(client.runs(job, count=count), 400)["detail"]


@pytest.mark.parametrize("value", ["", "yes", "1", "maybe"])
def test_a_showmessages_that_is_no_boolean_is_refused(client, job, value):
    assert "showmessages" in assert_problem(client.runs(job, showmessages=value), 400)["detail"]


@pytest.mark.parametrize("query", ["count=1&count=2", "count=1&/Count=1", "showmessages=true&ShowMessages=true"])
def test_a_repeated_parameter_is_refused(client, job, query):
    assert_problem(client.get(f"{API}/jobs/{job.id}/jobruns?{query}"), 400)


def test_the_largest_count_is_an_answer_and_no_fault(client, job):
    for count in (2**31, 2**63 - 1):
        assert len(runs_of(client, job, count=count)) == 4


def test_an_unknown_job_is_404_and_a_malformed_one_invalid(client):
    assert_problem(client.runs(uuid.uuid4()), 404)
    assert_problem(client.runs("nonsense"), 400, "JobID is invalid.")


def test_without_a_token_it_is_401(anonymous, directory):
    assert_problem(anonymous.runs(directory.job(directory.user())), 401)


def test_the_three_tasks_are_enough(directory, sign_in):
    user = directory.user(tasks=SEARCH_TASKS)
    assert sign_in(user).runs(directory.job(directory.user())).status_code == 200


@pytest.mark.parametrize("missing", SEARCH_TASKS)
def test_without_one_of_the_three_tasks_it_is_forbidden(directory, sign_in, missing):
    user = directory.user(tasks=[task for task in ALL_TASKS if task != missing])
    assert missing in assert_problem(sign_in(user).runs(directory.job(user)), 403)["detail"]


@pytest.mark.parametrize("missing", ROOTS)
def test_without_one_of_the_two_folders_it_is_forbidden(directory, sign_in, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    assert missing in assert_problem(sign_in(user).runs(directory.job(user)), 403)["detail"]
