"""What calls for a run reject, and who may collect."""

import uuid

import pytest

from harness.client import API, Client, assert_problem
from harness.collecting import ACTIONS, CLAIM, TASK, Collector, claim, post, queue, report, run_row
from harness.directory import ALL_TASKS, ROOTS

# MARK: What a call that names a run refuses


@pytest.mark.parametrize("action", ACTIONS)
def test_a_run_that_never_was_does_not_exist(collector, directory, action):
    run = uuid.uuid4()
    detail = f"The job run {run} does not exist. It may have been purged, or its job deleted."
    assert_problem(report(collector, run, action), 404, detail)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_lease_that_never_was_is_refused(collector, directory, action):
    waiting_run = queue(directory)
    assert_problem(report(collector, waiting_run, action), 409)
    (claimed,) = claim(collector)
    assert_problem(report(collector, claimed, action, lease=uuid.uuid4()), 409)
    assert run_row(directory, waiting_run, "status", "message_count") == ("Running", 0)


@pytest.mark.parametrize("form", [str, lambda guid: guid.hex.upper(), lambda guid: f"{{{guid}}}"])
def test_identifiers_are_accepted_in_every_form(collector, directory, form):
    queue(directory)
    (claimed,) = claim(collector)
    run, lease = (form(uuid.UUID(claimed[name])) for name in ("JobRunID", "Lease"))
    response = post(collector, f"{API}/JobRuns/{run}/Heartbeat/", {"lEASE": f" {lease} "})
    assert response.status_code == 200, response.text
    assert response.json()["JobRunID"] == claimed["JobRunID"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("run", ["x", "claim", "%00", "754F7C7E-884A-4420-AF72-1FED35D3EFC", "..%2F"])
def test_a_malformed_JobRunID_is_invalid(collector, directory, action, run):
    response = post(collector, f"{API}/jobruns/{run}/{action}", {"Lease": str(uuid.uuid4())})
    assert response.status_code in (400, 404), response.text
    if response.status_code == 400 and "malformed" not in response.text:
        assert_problem(response, 400, "JobRunID is invalid.")


LEASE = str(uuid.uuid4())


@pytest.mark.parametrize(
    ("action", "body", "pointers"),
    [
        *[
            (action, body, pointers)
            for action in ACTIONS
            for body, pointers in [
                (None, ["/Lease"]),
                ({}, ["/Lease"]),
                ({"Lease": None}, ["/Lease"]),
                ({"Lease": "x"}, ["/Lease"]),
                ({"Lease": 7}, ["/Lease"]),
                ({"Lease": LEASE[:-1]}, ["/Lease"]),
                ({"Lease": LEASE + "\0"}, ["/Lease"]),
                ({"Lease": LEASE, "Other": 1}, ["/Other"]),
                ([LEASE], [""]),
            ]
        ],
        ("heartbeat", {"Lease": LEASE, "LeaseSeconds": 9}, ["/LeaseSeconds"]),
        ("heartbeat", {"Lease": "x", "LeaseSeconds": 3601, "Count": 1}, ["/Count", "/Lease", "/LeaseSeconds"]),
        ("complete", {"Lease": LEASE, "Message": "done"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": ""}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": " \n"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": "x" * 10_001}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": "a\0b"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": "\ud800"}, ["/Message"]),
        ("fail", {"Lease": LEASE, "Message": {"text": "x"}}, ["/Message"]),
        ("fail", {"Lease": "", "Message": 5, "LeaseSeconds": 60}, ["/Lease", "/LeaseSeconds", "/Message"]),
    ],
)
def test_a_wrong_report_names_every_broken_field_and_changes_nothing(collector, directory, action, body, pointers):
    run = queue(directory)
    claim(collector)
    before = run_row(directory, run, "*")
    problem = assert_problem(post(collector, f"{API}/jobruns/{run}/{action}", body), 400)
    assert sorted(error["pointer"] for error in problem["errors"]) == pointers
    assert run_row(directory, run, "*") == before


# MARK: Who may


def test_the_role_Collectors_may_collect_and_nothing_else(server, directory):
    user = directory.user(tasks=(), folders=())
    directory.database.rows(
        "INSERT INTO directory.user_roles SELECT %s, role_id FROM directory.roles WHERE role_name = 'Collectors'",
        user.id,
    )
    client = Client(server)
    client.sign_in(user)
    job = directory.job(directory.user())
    queue(directory, job)
    (claimed,) = claim(client)
    assert report(client, claimed, "heartbeat").status_code == 200
    assert report(client, claimed, "complete").status_code == 200
    assert_problem(client.job(job), 403)
    assert_problem(client.runs(job), 403)
    assert_problem(client.delete(job), 403)


@pytest.mark.parametrize(
    ("tasks", "folders", "lack"),
    [
        (ALL_TASKS, tuple(ROOTS.values()), f'the task "{TASK}"'),
        ((*ALL_TASKS, TASK), (ROOTS["Standards"],), 'access to the folder "Asset System"'),
        ((*ALL_TASKS, TASK), (ROOTS["Asset System"],), 'access to the folder "Standards"'),
    ],
    ids=["task", "assets", "standards"],
)
def test_without_the_task_or_a_folder_nothing_is_claimed_and_nothing_reported(
    server, collector, directory, tasks, folders, lack
):
    other = Collector(server, directory, tasks, folders)
    run, waiting_run = queue(directory), queue(directory)
    (claimed,) = claim(collector)
    before = run_row(directory, run, "*")
    assert_problem(post(other, CLAIM, {}), 403, f"Claim Job Runs needs {lack}.")
    for action in ACTIONS:
        assert_problem(report(other, claimed, action), 403, f"Report Job Run needs {lack}.")
        assert_problem(report(other, uuid.uuid4(), action), 403)
    assert run_row(directory, run, "*") == before
    assert run_row(directory, waiting_run, "status") == ("Queued",)


def test_a_grant_on_a_subfolder_is_no_access_to_its_root(server, directory):
    folders = (directory.folder(ROOTS["Asset System"]), ROOTS["Standards"])
    assert_problem(post(Collector(server, directory, folders=folders), CLAIM, {}), 403)


def test_without_a_token_nobody_collects(anonymous, directory, collector):
    run = queue(directory)
    assert_problem(post(anonymous, CLAIM, {}), 401)
    (claimed,) = claim(collector)
    for action in ACTIONS:
        assert_problem(report(anonymous, claimed, action), 401)
    assert run_row(directory, run, "status") == ("Running",)
