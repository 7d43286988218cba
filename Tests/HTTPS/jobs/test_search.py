"""Search Job by ID and by Name."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, DELETE_TASKS, ROOTS, SEARCH_TASKS, unique

PROPERTIES = {
    "JobID",
    "JobName",
    "JobDescription",
    "JobType",
    "JobCategory",
    "CreatedBy",
    "JobCreationTime",
    "JobModifiedTime",
    "LastRunStatus",
    "LastRunDate",
    "NextRunDate",
}


def by_name(client, name):
    return client.get(f"{API}/jobs", params={"jobname": name})


# MARK: By ID


def test_a_job_is_answered_with_its_properties_and_configuration(client, user, directory):
    configuration = {"JobName": "x", "Standards": [str(uuid.uuid4())], "Schedule": {"RunNow": True}}
    job = directory.job(
        user,
        name=unique("Nightly audit"),
        configuration=configuration,
        job_description="every night",
        created_at="2019-01-05T04:10:27.5120788-08:00",
        modified_at="2019-02-28T23:59:59.999Z",
        next_run_at="2030-01-01T00:00:00+01:00",
    )
    directory.run(job, status="Failed", queued_at="2019-03-01T12:00:00.25Z")
    response = client.job(job)
    assert response.status_code == 200
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    assert response.json() == {
        "JobProperties": {
            "JobID": str(job.id),
            "JobName": job.name,
            "JobDescription": "every night",
            "JobType": "CollectionEvaluationJob",
            "JobCategory": "UserDefined",
            "CreatedBy": user.name,
            "JobCreationTime": "2019-01-05T12:10:27.512Z",
            "JobModifiedTime": "2019-02-28T23:59:59.999Z",
            "LastRunStatus": "Failed",
            "LastRunDate": "2019-03-01T12:00:00.250Z",
            "NextRunDate": "2029-12-31T23:00:00.000Z",
        },
        "JobConfiguration": configuration,
    }


def test_what_a_job_does_not_have_is_null(client, user, directory):
    properties = client.job(directory.job(user)).json()["JobProperties"]
    assert set(properties) == PROPERTIES
    assert properties["JobDescription"] == ""
    assert [properties[name] for name in ("LastRunStatus", "LastRunDate", "NextRunDate")] == [None, None, None]


@pytest.mark.parametrize("job_type", ["CollectionEvaluationJob", "CollectionJob", "EvaluationJob"])
def test_the_three_user_types_show_their_configuration(client, user, directory, job_type):
    job = directory.job(user, job_type=job_type, configuration={"a": 1})
    assert client.job(job).json()["JobConfiguration"] == {"a": 1}


def test_a_system_job_shows_only_its_properties(client, directory):
    job = directory.job(None, job_type="ReportDataSynchronization", configuration={"internal": "secret"})
    answer = client.job(job).json()
    assert set(answer) == {"JobProperties"}
    assert answer["JobProperties"]["JobCategory"] == "System"
    assert answer["JobProperties"]["CreatedBy"] is None


def test_every_searcher_sees_every_job(client, directory):
    stranger = directory.user()
    assert client.job(directory.job(stranger)).json()["JobProperties"]["CreatedBy"] == stranger.name


@pytest.mark.parametrize(
    "form", [str, lambda guid: str(guid).upper(), lambda guid: guid.hex, lambda guid: f"%7B{guid}%7D"]
)
def test_the_path_takes_a_GUID_in_the_forms_of_dotnet(client, user, directory, form):
    job = directory.job(user)
    response = client.get(f"{API}/jobs/{form(job.id)}")
    assert response.status_code == 200
    assert response.json()["JobProperties"]["JobID"] == str(job.id)


@pytest.mark.parametrize(
    "path", ["/ccs/api/v1/jobs/{}", "/CCS/API/V1/JOBS/{}", "/ccs/api/v1/Jobs/{}/", "/ccs/api/v1/jobs/{}?x=y"]
)
def test_the_path_is_not_case_sensitive_and_may_end_in_a_slash(client, user, directory, path):
    assert client.get(path.format(directory.job(user).id)).status_code == 200


def test_an_unknown_job_is_404(client):
    job = uuid.uuid4()
    assert str(job) in assert_problem(client.job(job), 404)["detail"]


@pytest.mark.parametrize(
    "guid", ["x", "754F7C7E-884A-4420-AF72-1FED35D3EFC", "%27%20OR%201=1", "%C3%BC", "%20", "1,2", "null", "..."]
)
def test_a_malformed_JobID_in_the_path_is_invalid(client, guid):
    assert_problem(client.get(f"{API}/jobs/{guid}"), 400, "JobID is invalid.")


# MARK: By name


def test_the_job_of_a_name_is_found(client, user, directory):
    job = directory.job(user, runs=1)
    directory.job(user, name=job.name + " 2")
    response = by_name(client, job.name)
    assert response.status_code == 200
    answer = response.json()
    assert answer == {"Items": [client.job(job).json()], "TotalCount": 1, "Page": 0, "PageSize": 20}
    assert answer["Items"][0]["JobProperties"]["JobID"] == str(job.id)
    assert response.headers["ETag"] == client.job(job).headers["ETag"]


def test_an_unknown_name_is_an_empty_list(client):
    response = by_name(client, unique("nobody knows"))
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert response.json() == {"Items": [], "TotalCount": 0, "Page": 0, "PageSize": 20}


def test_a_part_of_a_name_or_a_pattern_is_not_the_name(client, user, directory):
    job = directory.job(user, name=unique("Audit of servers"))
    for other in (job.name[:-1], job.name[1:], job.name + "x", "%", job.name[:5] + "%", "_" * len(job.name), "*", ".*"):
        assert by_name(client, other).json()["Items"] == [], other


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien",
        'say "hello"',
        "back\\slash",
        "R&D 100% + more = all",
        "'; DROP TABLE directory.jobs; --",
        "ümläut 😀 ßẞ",
        "semi;colon, comma",
        "#hash?question",
        "tab\there",
        "a/b",
        "{brace}",
    ],
)
def test_a_job_with_any_characters_in_its_name_is_found(client, user, directory, name):
    job = directory.job(user, name=unique(name))
    items = by_name(client, job.name).json()["Items"]
    assert [item["JobProperties"]["JobName"] for item in items] == [job.name]


@pytest.mark.parametrize(
    "target",
    [
        "/jobs?/jobname={}",
        "/jobs?JobName={}",
        "/Jobs?jobname={}",
        "/jobs?%20jobname={}",
        "/jobs/?JOBNAME={}",
        "/jobs?_=1&/JobName={}",
    ],
)
def test_the_parameter_is_found_however_the_documents_spell_it(client, user, directory, target):
    job = directory.job(user, name=unique("plain").replace(" ", "-"))
    assert client.get(API + target.format(job.name)).json()["TotalCount"] == 1


def test_a_plus_or_percent_20_is_a_space(client, user, directory):
    job = directory.job(user, name=unique("two words").replace("-", ""))
    for space in ("+", "%20"):
        assert client.get(f"{API}/jobs?jobname={job.name.replace(' ', space)}").json()["TotalCount"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "?jobname",
        "?jobname=",
        "?jobname=%20",
        "?jobname=a&jobname=b",
        "?jobname=a&/JobName=b",
        "?jobname=%FF",
        "?jobname=%00",
        "?jobname=a%00b",
        "?jobname=%",
        "?jobname=%zz",
        "?jobname=%C3%28",
    ],
)
def test_a_missing_repeated_or_malformed_name_is_refused(client, query):
    assert "jobname" in assert_problem(client.verbatim("GET", f"{API}/jobs{query}"), 400)["detail"]


def test_a_name_longer_than_any_job_has_is_an_answer_and_no_fault(client):
    response = by_name(client, "x" * 5000)
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert response.json()["Items"] == []


# MARK: After a deletion


def test_a_deleted_job_is_found_neither_by_ID_nor_by_name(client, user, directory):
    job = directory.job(user, runs=1)
    assert by_name(client, job.name).json()["TotalCount"] == 1
    assert client.delete(job).status_code == 204
    assert by_name(client, job.name).json()["Items"] == []
    assert_problem(client.job(job), 404)


# MARK: Who may

CALLS = {"by ID": lambda client, job: client.job(job), "by name": lambda client, job: by_name(client, job.name)}


@pytest.mark.parametrize("call", CALLS)
def test_the_three_tasks_are_enough(directory, sign_in, call):
    user = directory.user(tasks=SEARCH_TASKS)
    assert CALLS[call](sign_in(user), directory.job(user)).status_code == 200


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("missing", SEARCH_TASKS)
def test_without_one_of_the_three_tasks_it_is_forbidden(directory, sign_in, call, missing):
    user = directory.user(tasks=[task for task in ALL_TASKS if task != missing])
    assert missing in assert_problem(CALLS[call](sign_in(user), directory.job(user)), 403)["detail"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("missing", ROOTS)
def test_without_one_of_the_two_folders_it_is_forbidden(directory, sign_in, call, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    assert missing in assert_problem(CALLS[call](sign_in(user), directory.job(user)), 403)["detail"]


@pytest.mark.parametrize("call", CALLS)
def test_without_a_token_it_is_401(anonymous, directory, call):
    assert_problem(CALLS[call](anonymous, directory.job(directory.user())), 401)


def test_whoever_may_not_search_does_not_learn_whether_a_job_exists(directory, sign_in):
    powerless = sign_in(directory.user(tasks=DELETE_TASKS))
    job = directory.job(directory.user())
    assert powerless.job(job).json()["detail"] == powerless.job(uuid.uuid4()).json()["detail"]
    assert powerless.job(uuid.uuid4()).status_code == 403
