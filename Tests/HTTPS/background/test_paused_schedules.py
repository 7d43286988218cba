"""The schedules of a disabled user's jobs pause, and resume when the user is enabled."""

import json
import time

from harness.schedules import HOURLY, QUICK
from harness.server import run_command
from harness.waiting import eventually


def users(server, *arguments):
    result = run_command(server.configuration, "users", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_disabling_a_user_pauses_the_schedules_and_enabling_makes_up_for_what_was_missed(schedules, start_server):
    server = start_server(schedules.database, QUICK)
    paused, later = schedules.job(due=None), schedules.job(due="1 hour")
    schedules.job(due=None)
    other_user = schedules.directory.user()
    other = schedules.directory.job(other_user, configuration={"Schedule": HOURLY})
    name = schedules.user.name

    schedules.set_due(paused, "1 hour")
    assert users(server, "disable", name) == f"{name} is disabled.\nJobs with a paused schedule: 2.\n"
    assert users(server, "disable", name) == f"{name} is already disabled.\n"
    for job in (paused, other):
        schedules.set_due(job, "-150 minutes")
    schedules.wait_until_started(paused, other)
    time.sleep(0.5)
    assert schedules.runs(paused) == []
    assert schedules.next_run(paused) is None
    assert 0 < schedules.next_run(later) <= 3600
    assert len(schedules.runs(other)) == 1

    output = json.loads(users(server, "enable", name, "--json"))
    assert output == {"User": name, "Changed": True, "ResumedJobs": 2}
    missed = server.wait_for_event("occurrencesMissed", lambda line: line["jobID"] == str(paused.id))
    assert missed["count"] in (2, 3)
    assert [(status, by) for _, status, by in schedules.runs(paused)] == [("Queued", "Schedule")]
    assert 0 < schedules.next_run(paused) <= 3600
    assert schedules.runs(later) == []
    events = schedules.database.rows(
        "SELECT operation, details FROM audit.events WHERE operation LIKE '% User' ORDER BY occurred_at"
    )
    assert events == [
        ("Disable User", {"User": name, "PausedJobs": "2"}),
        ("Enable User", {"User": name, "ResumedJobs": "2"}),
    ]


def test_a_user_who_is_enabled_by_an_import_has_its_schedules_resumed(schedules, start_server, tmp_path):
    server = start_server(schedules.database, QUICK)
    job = schedules.job(due=None)
    users(server, "disable", schedules.user.name)
    schedules.set_due(job, "-1 second")
    schedules.wait_until_started(job)
    assert schedules.runs(job) == []
    file = tmp_path / "directory.json5"
    file.write_text(json.dumps({"Users": [{"Name": schedules.user.name, "Disabled": False}]}))
    result = run_command(server.configuration, "directory", "import", file)
    assert result.returncode == 0, result.stderr
    eventually(lambda: schedules.runs(job), what="the run is there")
    schedules.wait_until_started(job)
    assert len(schedules.runs(job)) == 1
