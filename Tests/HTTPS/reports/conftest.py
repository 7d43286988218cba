"""A collector at the common server and a run that it has claimed."""

import pytest

from harness.reports import COLLECTOR_TASK, ClaimedRun


@pytest.fixture
def collector(directory, sign_in):
    return sign_in(directory.user(tasks=(COLLECTOR_TASK,)))


@pytest.fixture
def run(directory, user):
    return ClaimedRun(directory, user)
