"""Bad input changes nothing."""

import pytest

from harness.directory import rows_of_runs
from harness.waiting import eventually


@pytest.fixture
def job(user, directory):
    return directory.job(user, runs=2)


@pytest.fixture(autouse=True)
def nothing_has_changed(server, directory, user, job, client):
    """After each of these tests the server works, and the job, the users and the rights are unchanged."""
    counted = [
        f"SELECT count(*) FROM {table}"
        for table in ("directory.users", "directory.role_tasks", "directory.user_roles", "directory.folder_grants")
    ]
    process = server.process.pid
    before = [directory.database.value(statement) for statement in counted]
    yield
    server.assert_alive()
    assert server.process.pid == process
    assert [directory.database.value(statement) for statement in counted] == before
    assert directory.exists(job)
    assert directory.rows_of(directory.history_of(job)) == rows_of_runs(2)
    eventually(lambda: server.metrics()["ccs_jobstore_requests_in_flight"] <= 1, what="no request is left in flight")
    assert client.job(job).status_code == 200
