"""The calls in the vendor's documents: a script equivalent to the published sample, and the printed URLs."""

import subprocess
import sys
import textwrap

import pytest

from harness.client import API
from harness.directory import NO_ROWS, PASSWORD_BASE64

# The same calls as the published Python sample: an unencoded form body declared as JSON, no
# verification of the certificate, a DELETE whose body is a carriage return, and the query without DeleteJob.
SCRIPT = textwrap.dedent(
    """
    import requests

    host, port, user, password = {host!r}, {port!r}, {user!r}, {password!r}
    requests.packages.urllib3.disable_warnings()


    def token():
        body = "grant_type=password&username=" + user + "&password=" + password
        answer = requests.request(
            "POST", "https://" + host + ":" + port + "/ccs/api/v1/oauth/tokens", data=body,
            headers={{"Content-Type": "application/json"}}, verify=False)
        if answer.status_code != 200:
            print("no token:", answer.status_code, answer.text)
            raise SystemExit(1)
        tokens = answer.json()
        print(tokens["refresh_token"])
        return tokens["access_token"]


    answer = requests.request(
        "DELETE", "https://" + host + ":" + port + "/ccs/api/v1/Jobs", data="\\r", params={{"jobid": {job!r}}},
        headers={{"Authorization": "Bearer " + token(), "Content-Type": "application/json"}}, verify=False)
    print(answer.text)
    print(answer.status_code)
    """
)


def run_script(server, user, job, password=PASSWORD_BASE64):
    script = SCRIPT.format(host="localhost", port=str(server.port), user=user.name, password=password, job=job)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("form", [str, lambda guid: str(guid).upper()], ids=["lower", "upper"])
def test_the_calls_of_the_published_sample_delete_a_job(server, user, directory, form):
    job = directory.job(user, runs=2)
    result = run_script(server, user, form(job.id))
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-2:] == ["", "204"]
    assert not directory.exists(job)
    assert directory.rows_of(job.history) == NO_ROWS


def test_the_calls_of_the_published_sample_tell_a_wrong_password(server, user, directory):
    job = directory.job(user)
    result = run_script(server, user, str(job.id), password="bm90IGl0")
    assert result.returncode == 1
    assert "no token: 400" in result.stdout
    assert directory.exists(job)


def test_the_calls_of_the_published_sample_say_that_a_job_is_not_there(server, user):
    result = run_script(server, user, "754F7C7E-884A-4420-AF72-1FED35D3EFC1")
    assert result.stdout.splitlines()[-1] == "404"
    assert "does not exist" in result.stdout


@pytest.mark.parametrize(
    ("target", "stays"),
    [
        ("Jobs?jobid={job}&%20DeleteJob=True", False),
        ("Jobs?jobid={job}&%20DeleteJob=False", True),
        ("Jobs?jobid={job}&DeleteJob=False", True),
        ("Jobs?jobid={job}", False),
    ],
)
def test_curl_calls_the_printed_URLs(server, client, user, directory, target, stays):
    job = directory.job(user, runs=1)
    result = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--insecure",
            "--request",
            "DELETE",
            "--header",
            "Content-Type: application/json",
            "--header",
            f"Authorization: Bearer {client.token}",
            "--data-binary",
            "\r",
            "--write-out",
            "%{http_code}",
            f"https://localhost:{server.port}{API}/" + target.format(job=str(job.id).upper()),
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.stdout == "204", result.stdout + result.stderr
    assert directory.exists(job) == stays
    assert directory.rows_of(job.history) == NO_ROWS


def test_a_whole_visit_finds_the_job_by_name_empties_it_and_removes_it(client, user, directory):
    job = directory.job(user, runs=3)
    found = client.get(f"{API}/jobs", params={"jobname": job.name}).json()["Items"][0]["JobProperties"]
    assert found["LastRunStatus"] == "Completed"
    assert len(client.runs(found["JobID"], count=0).json()["JobRuns"]) == 3
    assert client.delete(found["JobID"], DeleteJob="False").status_code == 204
    assert client.job(found["JobID"]).status_code == 200
    assert client.runs(found["JobID"], count=0).json()["JobRuns"] == []
    assert client.delete(found["JobID"]).status_code == 204
    assert client.job(found["JobID"]).status_code == 404
    assert client.get(f"{API}/jobs", params={"jobname": job.name}).json()["TotalCount"] == 0
