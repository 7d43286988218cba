"""Create Job and Update Job as fixtures."""

import pytest

from harness.client import API
from harness.definitions import Inventory


@pytest.fixture
def inventory(directory):
    return Inventory(directory)


@pytest.fixture
def create(client):
    return lambda body, by=client, **options: by.post(f"{API}/jobs", json=body, **options)


@pytest.fixture
def new_job(client, inventory):
    """Creates a job with these fields in addition to the mandatory ones; returns its ID."""

    def new_job(by=client, **fields):
        response = by.post(f"{API}/jobs", json=inventory.body(**fields))
        assert response.status_code == 201, response.text
        return response.json()["JobID"]

    return new_job


@pytest.fixture
def update(client):
    def update(job, details, if_match=None, by=client):
        headers = {} if if_match is None else {"If-Match": if_match}
        return by.patch(f"{API}/jobs/", json={"JobDetails": details, "JobID": str(job)}, headers=headers)

    return update
