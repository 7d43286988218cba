"""Get Evaluation Results."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, ASSET_SYSTEM, ROOTS, STANDARDS
from harness.inventory import Inventory

TASKS = ("View evaluation results", "View standards", "View assets")


@pytest.fixture
def inventory(database):
    return Inventory(database)


@pytest.fixture
def asset(inventory):
    return inventory.asset()


@pytest.fixture
def standard(inventory):
    return inventory.standard()


@pytest.fixture
def evaluate(directory, inventory, asset, standard):
    """Adds a run with results of the asset and the standard to a job."""

    def evaluate(job, checks=(("c1", "Pass"),), day=1, status="Completed", version=None):
        run = directory.run(job, status=status, queued_at=f"2026-01-{day:02}T12:00:00Z")
        inventory.results(directory.history_of(job), run, asset, standard, checks, version=version)
        return run

    return evaluate


def post(client, body=None, **options):
    return client.request("POST", f"{API}/Results", **({"json": body} if body is not None else {}), **options)


@pytest.fixture
def results(client, asset, standard):
    """Requests the results of the asset and the standard."""
    return lambda **more: post(client, {"assetid": str(asset.id), "standardid": str(standard.id), **more})


def checks(response):
    assert response.status_code == 200, response.text
    return [check["CheckID"] for check in response.json()["Checks"]]


# MARK: What is answered


def test_the_results_of_the_latest_run_are_answered(results, directory, user, evaluate, asset, standard):
    job = directory.job(user)
    evaluate(job, day=1)
    run = evaluate(job, [("c2", "Fail"), ("c1", "NotApplicable")], day=2, version="2.1")
    response = results()
    assert response.status_code == 200
    assert response.json() == {
        "JobRunID": str(run),
        "JobID": str(job.id),
        "AssetID": str(asset.id),
        "StandardID": str(standard.id),
        "StandardVersion": "2.1",
        "Checks": [
            {"CheckID": "c2", "Outcome": "Fail", "Evidence": "evidence of c2", "Time": "2026-01-05T12:00:00.000Z"},
            {
                "CheckID": "c1",
                "Outcome": "NotApplicable",
                "Evidence": "evidence of c1",
                "Time": "2026-01-05T12:00:00.000Z",
            },
        ],
    }


def test_the_latest_run_may_be_of_any_job(results, directory, user, evaluate):
    jobs = [directory.job(user) for _ in range(4)]
    runs = [evaluate(job, day=day) for job, day in zip(jobs, (3, 5, 4, 2))]
    assert results().json()["JobRunID"] == str(runs[1])
    assert results().json()["JobID"] == str(jobs[1].id)


@pytest.mark.parametrize("status", ["Queued", "Running", "Failed", "Aborted"])
def test_only_a_completed_run_is_the_latest_but_any_can_be_named(results, directory, user, evaluate, status):
    job = directory.job(user)
    completed = evaluate(job, [("c1", "Pass")], day=1)
    other = evaluate(job, [("c2", "Pass")], day=2, status=status)
    assert results().json()["JobRunID"] == str(completed)
    assert checks(results(jobrunid=str(other))) == ["c2"]


def test_a_version_finds_the_latest_run_with_results_of_it(results, directory, user, evaluate):
    job = directory.job(user)
    old = evaluate(job, [("c1", "Pass")], day=1, version="1.0")
    new = evaluate(job, [("c2", "Pass")], day=2, version="2.0")
    assert results().json()["StandardVersion"] == "2.0"
    assert results(standardversion="1.0").json()["JobRunID"] == str(old)
    assert checks(results(jobrunid=str(new), standardversion="2.0")) == ["c2"]
    assert_problem(results(jobrunid=str(new), standardversion="1.0"), 404)
    assert_problem(results(standardversion="3.0"), 404)


def test_results_without_a_version_have_none(results, directory, user, evaluate):
    evaluate(directory.job(user))
    assert results().json()["StandardVersion"] is None


def test_a_list_of_checks_filters(results, directory, user, evaluate):
    evaluate(directory.job(user), [("c1", "Pass"), ("c2", "Fail"), ("c3", "Error")])
    assert checks(results(checkidlist=["c3", "c1", "other"])) == ["c1", "c3"]
    assert checks(results(checkidlist=["other"])) == []
    assert checks(results(checkidlist=[])) == ["c1", "c2", "c3"]
    assert checks(results(checkidlist=None)) == ["c1", "c2", "c3"]
    assert checks(results(checkidlist=["C1", "%", "' OR 1=1"])) == []


def test_an_empty_text_is_as_good_as_none(results, directory, user, evaluate):
    run = evaluate(directory.job(user), [("c1", "Pass")], version="1.0")
    response = results(jobrunid="", standardversion="", checkidlist=[])
    assert checks(response) == ["c1"]
    assert response.json()["JobRunID"] == str(run)


def test_results_of_other_assets_and_standards_do_not_count(
    results, directory, user, evaluate, inventory, asset, standard
):
    job = directory.job(user)
    run = evaluate(job, [("mine", "Pass")])
    history = directory.history_of(job)
    inventory.results(history, run, inventory.asset(), standard, [("other asset", "Pass")])
    inventory.results(history, run, asset, inventory.standard(), [("other standard", "Pass")])
    assert checks(results()) == ["mine"]
    assert checks(results(jobrunid=str(run))) == ["mine"]


def test_keys_are_in_any_case_and_GUIDs_in_any_form(client, directory, user, evaluate, asset, standard):
    run = evaluate(directory.job(user))
    body = {
        "AssetID": f"{{{asset.id}}}",
        "StandardId": standard.id.hex.upper(),
        "JobRunID": str(run).upper(),
        "CheckIDList": ["c1"],
        "standardVersion": None,
    }
    assert checks(post(client, body)) == ["c1"]
    assert client.request("POST", f"{API}/results/", json=body).status_code == 200


# MARK: What was purged


def test_results_of_a_purged_or_deleted_job_are_gone(results, client, directory, user, evaluate):
    kept, purged, deleted = (directory.job(user) for _ in range(3))
    runs = [evaluate(job, day=day) for job, day in ((kept, 1), (purged, 2), (deleted, 3))]
    assert results().json()["JobRunID"] == str(runs[2])
    assert client.delete(deleted).status_code == 204
    assert results().json()["JobRunID"] == str(runs[1])
    assert client.delete(purged, DeleteJob="False").status_code == 204
    assert results().json()["JobRunID"] == str(runs[0])
    for run in runs[1:]:
        assert_problem(results(jobrunid=str(run)), 404, f"The job run {run} does not exist.")


def test_rows_that_wait_for_the_eraser_cannot_be_reached(results, database, directory, user, evaluate):
    job = directory.job(user)
    run = evaluate(job)
    history = directory.history_of(job)
    database.rows("UPDATE directory.jobs SET history_id = gen_random_uuid(), run_count = 0 WHERE job_id = %s", job.id)
    try:
        assert_problem(results(), 404)
        assert_problem(results(jobrunid=str(run)), 404)
    finally:
        database.rows("UPDATE directory.jobs SET history_id = %s, run_count = 1 WHERE job_id = %s", history, job.id)
    assert checks(results()) == ["c1"]


# MARK: How much


def test_more_checks_than_the_bound_are_refused(
    start_server, new_database, directory_of, sign_in, inventory, password_hash
):
    database = new_database()
    directory, inventory = directory_of(database), Inventory(database)
    server = start_server(database, {"results.maximumChecks": 3})
    user = directory.user()
    client = sign_in(user, at=server)
    asset, standard, job = inventory.asset(), inventory.standard(), directory.job(user)
    run = directory.run(job)
    inventory.results(job.history, run, asset, standard, [(f"c{n}", "Pass") for n in range(3)])
    body = {"assetid": str(asset.id), "standardid": str(standard.id)}
    assert checks(post(client, body)) == ["c0", "c1", "c2"]
    inventory.results(job.history, run, asset, standard, [("c3", "Pass")])
    for more in ({}, {"jobrunid": str(run)}):
        problem = assert_problem(post(client, {**body, **more}), 400)
        assert problem["detail"] == "There are more than 3 results; ask for some of them with checkidlist."
    assert checks(post(client, {**body, "checkidlist": ["c3", "c0"]})) == ["c0", "c3"]


# MARK: What is refused


def test_an_unknown_asset_standard_or_run_is_404(client, results, asset, standard, directory, user, evaluate):
    evaluate(directory.job(user))
    nothing = str(uuid.uuid4())
    assert_problem(
        post(client, {"assetid": nothing, "standardid": str(standard.id)}), 404, f"The asset {nothing} does not exist."
    )
    assert_problem(
        post(client, {"assetid": str(asset.id), "standardid": nothing}), 404, f"The standard {nothing} does not exist."
    )
    assert_problem(results(jobrunid=nothing), 404, f"The job run {nothing} does not exist.")


def test_where_there_are_no_results_it_is_404(results, directory, user, asset, standard):
    text = f"There are no such results of the asset {asset.id} and the standard {standard.id}."
    assert_problem(results(), 404, text)
    run = directory.run(directory.job(user))
    assert_problem(results(jobrunid=str(run)), 404, text)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"x", b"\xff", b'{"assetid": "\xff"}', b"[" * 100_000, b"{} {}", b'{"assetid": 1e999}x']
)
def test_a_body_that_is_not_JSON_is_refused(client, body):
    problem = assert_problem(post(client, data=body), 400)
    assert [error["pointer"] for error in problem["errors"]] == [""]
    assert problem["errors"][0]["detail"].startswith("is not JSON: ")


def test_all_wrong_fields_are_named_at_once(client):
    body = {
        "assetid": "x",
        "StandardID": 5,
        "jobrunid": " ",
        "standardversion": ["1"],
        "checkidlist": ["a", 1, None, "", "a\0b"],
        "chekidlist": [],
    }
    errors = {each["pointer"]: each["detail"] for each in assert_problem(post(client, body), 400)["errors"]}
    assert set(errors) == {
        "/assetid",
        "/standardid",
        "/jobrunid",
        "/standardversion",
        "/checkidlist/1",
        "/checkidlist/2",
        "/checkidlist/3",
        "/checkidlist/4",
        "/chekidlist",
    }
    assert errors["/assetid"] == "must be a GUID"


@pytest.mark.parametrize(
    "body, pointers",
    [
        ([], [""]),
        ("x", [""]),
        ({}, ["/assetid", "/standardid"]),
        ({"assetid": None, "standardid": None}, ["/assetid", "/standardid"]),
        ({"checkidlist": "c1"}, ["/assetid", "/standardid", "/checkidlist"]),
    ],
)
def test_a_body_of_another_shape_is_refused(client, body, pointers):
    assert [each["pointer"] for each in assert_problem(post(client, body), 400)["errors"]] == pointers


# MARK: Who may


def test_the_three_tasks_are_enough(directory, sign_in, user, evaluate, asset, standard):
    evaluate(directory.job(user))
    body = {"assetid": str(asset.id), "standardid": str(standard.id)}
    assert checks(post(sign_in(directory.user(tasks=TASKS)), body)) == ["c1"]


@pytest.mark.parametrize("missing", TASKS)
def test_without_one_of_the_three_tasks_it_is_forbidden(directory, sign_in, asset, standard, missing):
    client = sign_in(directory.user(tasks=[task for task in ALL_TASKS if task != missing]))
    body = {"assetid": str(asset.id), "standardid": str(standard.id)}
    assert missing in assert_problem(post(client, body), 403)["detail"]


@pytest.mark.parametrize("missing", ROOTS)
def test_a_folder_in_each_tree_is_needed(directory, sign_in, asset, standard, missing):
    client = sign_in(directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing]))
    body = {"assetid": str(asset.id), "standardid": str(standard.id)}
    assert missing in assert_problem(post(client, body), 403)["detail"]


def test_the_asset_and_the_standard_must_lie_in_granted_folders(directory, inventory, sign_in, user):
    folders = {root: [inventory.folder(root), inventory.folder(root)] for root in (ASSET_SYSTEM, STANDARDS)}
    assets = [inventory.asset(inventory.folder(folder.id)) for folder in folders[ASSET_SYSTEM]]
    standards = [inventory.standard(folder) for folder in folders[STANDARDS]]
    job = directory.job(user)
    run = directory.run(job)
    for asset in assets:
        for standard in standards:
            inventory.results(job.history, run, asset, standard, [("c1", "Pass")])
    client = sign_in(directory.user(folders=[folders[ASSET_SYSTEM][0].id, folders[STANDARDS][0].id]))
    for a, asset in enumerate(assets):
        for s, standard in enumerate(standards):
            response = post(client, {"assetid": str(asset.id), "standardid": str(standard.id)})
            if a == s == 0:
                assert checks(response) == ["c1"]
            else:
                lacking = f"asset {asset.id}" if a else f"standard {standard.id}"
                assert_problem(response, 403, f"The {lacking} is in a folder that you have no access to.")


def test_without_a_token_it_is_401(anonymous):
    assert_problem(post(anonymous, {}), 401)
