"""Delete Job: jobid, DeleteJob and If-Match."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import API, assert_problem
from harness.directory import NO_ROWS, Job, assert_untouched

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
    assert problem["detail"] == f"Unknown parameter {name} for Delete Job, which has jobid, DeleteJob."
    assert_untouched(directory, job, runs=1)


def test_what_libraries_add_so_that_no_cache_answers_is_no_parameter(client, user, directory):
    job = directory.job(user)
    assert client.delete(job, _="17").status_code == 204
    assert not directory.exists(job)


# MARK: If-Match


@pytest.fixture
def delete_if(client):
    """Delete Job with If-Match."""

    def delete_if(condition, *jobs, by=client, **parameters):
        query = {"jobid": ",".join(str(job.id) for job in jobs), **parameters}
        return by.request("DELETE", f"{API}/Jobs", params=query, headers={"If-Match": condition})

    return delete_if


@pytest.mark.parametrize("value", ["True", "False"])
@pytest.mark.parametrize("condition", ['"2"', "*", '"7", "2"', 'W/"2", "2"'])
def test_a_condition_that_holds_lets_the_deletion_through(client, user, directory, delete_if, condition, value):
    job = directory.job(user, runs=1, version=2)
    assert client.job(job).headers["ETag"].startswith('"2-')
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
