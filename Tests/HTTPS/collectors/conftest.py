"""A database and a server for each file of tests: the queue is shared by all users of a database."""

import itertools

import pytest

from harness.collecting import Collector
from harness.directory import Directory, orphans
from harness.server import Server

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def queue_database(cluster):
    database = cluster.new_database(f"queue_{next(_numbers)}")
    yield database
    left = orphans(database)
    cluster.drop_database(database)
    assert left == {}


@pytest.fixture(scope="module")
def server(queue_database, certificate, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("collectors"), queue_database, certificate).start()
    yield server
    assert server.events("failure") == []
    failed = [line for line in server.events("request") if line["outcome"] == "failed" and line["status"] != 503]
    assert failed == []
    assert server.stop() == 0


@pytest.fixture
def directory(queue_database, password_hash):
    """Makes users and jobs. The queue is empty at the start of a test."""
    queue_database.rows("UPDATE store.job_runs SET status = 'Aborted' WHERE status IN ('Queued', 'Running')")
    return Directory(queue_database, password_hash)


@pytest.fixture
def collector(server, directory):
    return Collector(server, directory)
