"""The ETag of a job: what it covers, 304 for who has it, and If-None-Match where a job is changed."""

import uuid

import pytest

from harness.client import API, assert_problem


@pytest.fixture
def job_if_none_match(client):
    """Search Job by ID with If-None-Match."""

    def job_if_none_match(job, condition, method="GET"):
        return client.request(method, f"{API}/jobs/{job}", headers={"If-None-Match": condition})

    return job_if_none_match


def tag_of(client, job):
    return client.job(job).headers["ETag"]


def test_the_ETag_changes_with_whatever_the_body_shows(client, new_job, update):
    job = new_job()
    tags = [tag_of(client, job)]
    run = client.post(f"{API}/jobs/{job}", json={"Operation": "execute"}).json()["JobRunID"]
    tags.append(tag_of(client, job))
    assert client.post(f"{API}/jobs/{run}", json={"Operation": "abort"}).status_code == 200
    tags.append(tag_of(client, job))
    assert update(job, {"JobDescription": "another"}).status_code == 200
    tags.append(tag_of(client, job))
    assert update(job, {"Schedule": {"StartDate": "2100-01-01T00:00:00Z", "RunOnce": True}}).status_code == 200
    tags.append(tag_of(client, job))
    assert len(set(tags)) == len(tags), tags
    assert not any(tag.startswith("W/") for tag in tags)


def test_the_ETag_stays_as_long_as_the_body_does(client, new_job):
    job = new_job(Schedule={"RunNow": True})
    answers = [client.job(job) for _ in range(3)]
    assert len({(answer.headers["ETag"], answer.text) for answer in answers}) == 1


def test_a_client_that_has_the_job_is_answered_304(client, new_job, job_if_none_match):
    job = new_job()
    tag = tag_of(client, job)
    for condition in (tag, f"W/{tag}", "*", f'"x", {tag}'):
        response = job_if_none_match(job, condition)
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)
        assert "Content-Type" not in response.headers
    # The connection is still in step.
    assert client.job(job).status_code == 200


def test_a_304_has_the_length_of_the_body_that_it_stands_for(client, new_job, job_if_none_match):
    job = new_job()
    length = client.job(job).headers["Content-Length"]
    assert job_if_none_match(job, "*").headers.get("Content-Length", length) == length


def test_a_client_that_has_an_old_job_or_another_gets_the_new_one(client, new_job, job_if_none_match):
    job = new_job()
    old = tag_of(client, job)
    assert client.post(f"{API}/jobs/{job}", json={"Operation": "execute"}).status_code == 200
    for condition in (old, '"x"', "malformed", ""):
        response = job_if_none_match(job, condition)
        assert response.status_code == 200
        assert response.json()["JobProperties"]["LastRunStatus"] == "Queued"


def test_a_condition_shows_nobody_what_they_may_not_see(new_job, directory, sign_in):
    job = new_job()
    stranger = sign_in(directory.user(tasks=[]))
    response = stranger.get(f"{API}/jobs/{job}", headers={"If-None-Match": "*"})
    assert_problem(response, 403)
    assert_problem(stranger.get(f"{API}/jobs/{uuid.uuid4()}", headers={"If-None-Match": "*"}), 403)


def test_a_job_that_is_found_by_its_name_is_answered_304_too(client, new_job):
    job = new_job(JobName="found by its name")
    query = {"jobname": "found by its name"}
    found = client.get(f"{API}/jobs", params=query)
    assert found.headers["ETag"] == tag_of(client, job)
    again = client.get(f"{API}/jobs", params=query, headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_ETag_from_before_a_run_still_lets_the_definition_be_changed(client, new_job, update):
    job = new_job()
    before = tag_of(client, job)
    assert client.post(f"{API}/jobs/{job}", json={"Operation": "execute"}).status_code == 200
    assert update(job, {"JobDescription": "changed"}, if_match=before).status_code == 200
    assert_problem(update(job, {"JobDescription": "lost"}, if_match=before), 412)


@pytest.mark.parametrize("value", ["True", "False"])
def test_nothing_is_deleted_if_the_job_is_to_be_absent(client, new_job, value):
    job = new_job()
    query, headers = {"jobid": job, "DeleteJob": value}, {"If-None-Match": "*"}
    problem = assert_problem(client.request("DELETE", f"{API}/jobs", params=query, headers=headers), 412)
    assert "If-None-Match" in problem["detail"] and job in problem["detail"]
    assert client.job(job).status_code == 200
    query["jobid"] = str(uuid.uuid4())
    assert_problem(client.request("DELETE", f"{API}/jobs", params=query, headers=headers), 404)


def test_nothing_is_changed_if_the_job_is_to_be_absent(client, new_job):
    job = new_job()
    tag = tag_of(client, job)
    body = {"JobID": job, "JobDetails": {"JobDescription": "another"}}
    for condition, status in (("*", 412), (tag, 400), ("x", 400)):
        response = client.patch(f"{API}/jobs", json=body, headers={"If-None-Match": condition})
        assert "If-None-Match" in assert_problem(response, status)["detail"]
    assert tag_of(client, job) == tag
