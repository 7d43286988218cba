"""A claim that waits is told of runs that its own server queues; it does not find them by polling."""

import statistics

import pytest

from harness.client import API, Client
from harness.collecting import Collector, claim, queue, run_row, waiting
from harness.definitions import Inventory
from harness.directory import ALL_TASKS, Directory
from harness.schedules import Schedules
from harness.threads import in_background

ROUNDS = 9


@pytest.fixture
def author(server, directory):
    """A user who may create and start jobs, and never collects."""
    client = Client(server)
    client.user = directory.user(tasks=ALL_TASKS)
    client.sign_in(client.user)
    return client


def wait_between(directory, run):
    """Milliseconds from the moment when a run was queued until it was claimed, by the database's clock."""
    (milliseconds,) = run_row(directory, run, "(extract(epoch FROM started_at - queued_at) * 1000)::float8")
    return milliseconds


def median_wait(collector, directory, start_a_run):
    """The median over several runs, each of which finds a claim that waits."""
    waits = []
    for _ in range(ROUNDS):
        answer = in_background(lambda: claim(collector, WaitSeconds=20))
        waiting(collector.server, 1)
        start_a_run()
        (run,) = answer()
        waits.append(wait_between(directory, run["JobRunID"]))
    return statistics.median(waits)


def execute(author, directory):
    job = directory.job(author.user)
    response = author.post(f"{API}/jobs/{job.id}", json={"Operation": "execute"})
    assert response.status_code == 200, response.text


def create(author, directory):
    response = author.post(f"{API}/jobs", json=Inventory(directory).body(Schedule={"RunNow": True}))
    assert response.status_code == 201, response.text


def update(author, directory):
    job = directory.job(author.user, configuration={"Schedule": {"RunNow": False}})
    details = {"Schedule": {"RunNow": True}}
    response = author.patch(f"{API}/jobs/", json={"JobDetails": details, "JobID": str(job.id)})
    assert response.status_code == 200, response.text


def schedule(author, directory):
    Schedules(directory.database, directory).job()


@pytest.fixture(scope="module")
def median_of_polling(server, queue_database, password_hash):
    """The wait for runs that the server does not queue itself: it polls for them."""
    directory = Directory(queue_database, password_hash)
    return median_wait(Collector(server, directory), directory, lambda: queue(directory))


@pytest.mark.parametrize("start_a_run", [execute, create, update, schedule])
def test_a_claim_that_waits_gets_a_run_of_its_own_server_without_polling_for_it(
    collector, author, directory, median_of_polling, start_a_run
):
    assert median_of_polling > 100
    woken = median_wait(collector, directory, lambda: start_a_run(author, directory))
    assert woken < median_of_polling / 2, f"{woken} ms, and {median_of_polling} ms by polling"
