"""Fixtures: one PostgreSQL cluster and one server for most tests, separate ones for tests that break theirs."""

import itertools

import pytest

pytest.register_assert_rewrite(
    *(
        f"harness.{module}"
        for module in (
            "bad_input",
            "client",
            "cluster",
            "collecting",
            "directory",
            "raw_http",
            "reports",
            "server",
            "tokens",
        )
    )
)

from harness.certificate import Certificate
from harness.client import Client
from harness.cluster import Cluster
from harness.directory import PASSWORD, Directory, orphans
from harness.postgres_proxy import PostgresProxy
from harness.server import BINARY, Server, run_command, write_configuration
from harness.service_manager import ServiceManager
from harness.waiting import eventually

_numbers = itertools.count(1)
_running = []


def pytest_sessionstart(session):
    if not session.config.option.collectonly and not BINARY.is_file():
        pytest.exit(f"there is no {BINARY}; build it or name it in CCS_JOBSTORE_BINARY", returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """On failure, shows the end of the log of every running server."""
    report = (yield).get_result()
    if report.failed:
        for server in _running:
            report.sections.append((f"log of the server in {server.folder}", server.log_text()[-2000:]))


# MARK: The database


@pytest.fixture(scope="session")
def template_cluster():
    """A stopped cluster with the migrated database. Copying it is faster than migrating."""
    template = Cluster.create_template()
    yield template
    template.remove()


@pytest.fixture(scope="session")
def cluster(template_cluster):
    cluster = template_cluster.copy()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def database(cluster):
    return cluster.new_database("ccs_jobstore")


@pytest.fixture
def new_database(cluster):
    """Makes a separate migrated database in the common cluster. At the end it has no orphaned rows."""
    made = []

    def make():
        made.append(cluster.new_database(f"own_{next(_numbers)}"))
        return made[-1]

    yield make
    for database in made:
        left = orphans(database) if database.value("SELECT to_regclass('store.purges') IS NOT NULL") else {}
        cluster.drop_database(database)
        assert left == {}


@pytest.fixture
def own_cluster(template_cluster):
    """A separate cluster, which the test may stop and kill."""
    cluster = template_cluster.copy()
    yield cluster
    cluster.remove()


@pytest.fixture
def own_database(own_cluster):
    """A database in the separate cluster. At the end it has no orphaned rows."""
    database = own_cluster.new_database("ccs_jobstore")
    yield database
    if not own_cluster.is_running():
        own_cluster.start()
    assert orphans(database) == {}


@pytest.fixture
def postgres_proxy(cluster):
    proxy = PostgresProxy(cluster)
    yield proxy
    proxy.close()


# MARK: The server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def server(database, certificate, tmp_path_factory):
    """The common server, for tests that leave it unchanged.

    When they are over, nothing may be orphaned or left to erase, no request may have failed by the server's own
    fault, and it must end in order."""
    server = Server(tmp_path_factory.mktemp("server"), database, certificate)
    _running.append(server.start())
    yield server
    directory = Directory(database)
    eventually(lambda: directory.purges() == 0, seconds=60, what="the eraser has finished")
    assert orphans(database) == {}
    failed = [line for line in server.events("request") if line["outcome"] == "failed" and line["status"] != 503]
    assert failed == []
    assert server.events("failure") == []
    _running.remove(server)
    assert server.stop() == 0


@pytest.fixture
def start_server(certificate, tmp_path):
    """Starts a separate server on a database, with settings by dotted keys."""
    started = []

    def start(database, settings=None, certificate=certificate, ready=True, launch_only=False, **options):
        folder = tmp_path / f"server-{next(_numbers)}"
        server = Server(folder, database, certificate, settings, **options)
        started.append(server)
        _running.append(server)
        return server.launch() if launch_only else server.start(ready=ready)

    yield start
    for server in started:
        _running.remove(server)
        if server.is_alive():
            server.kill()


@pytest.fixture
def service_manager():
    """Hears what a server with its variables says to systemd."""
    manager = ServiceManager()
    yield manager
    manager.close()


@pytest.fixture
def own(start_server, database, directory):
    """Starts a server with settings; returns it and a client who may do everything."""

    def start(settings=None):
        server = start_server(database, settings)
        client = Client(server)
        client.sign_in(directory.user())
        return server, client

    return start


@pytest.fixture
def own_certificate(tmp_path):
    """A certificate whose files the test may replace."""
    return Certificate(tmp_path / "tls")


# MARK: Users, jobs and clients


@pytest.fixture(scope="session")
def password_hash(database, certificate, tmp_path_factory):
    """The hash of `PASSWORD` made by the administration command, to be copied to every user."""
    configuration = tmp_path_factory.mktemp("administration") / "ccs-jobstore.json5"
    write_configuration(configuration, database, certificate)
    result = run_command(configuration, "users", "add", r"TESTS\hash-source", standard_input=PASSWORD + "\n")
    assert result.returncode == 0, result.stderr
    return database.value(r"SELECT password_hash FROM directory.users WHERE user_name = 'TESTS\hash-source'")


@pytest.fixture
def directory(database, password_hash):
    """Makes users and jobs in the database of the common server."""
    return Directory(database, password_hash)


@pytest.fixture
def directory_of(password_hash):
    """Makes users and jobs in any database."""
    return lambda database: Directory(database, password_hash)


@pytest.fixture
def user(directory):
    """A user with all tasks and folders."""
    return directory.user()


@pytest.fixture
def client(server, user):
    """That user, signed in."""
    client = Client(server)
    client.sign_in(user)
    return client


@pytest.fixture
def sign_in(server):
    """Signs a user in, by default at the common server."""

    def sign_in(user, at=None):
        client = Client(at or server)
        client.sign_in(user)
        return client

    return sign_in


@pytest.fixture
def anonymous(server):
    """A client without a token."""
    return Client(server)
