"""A database at several addresses, at a name, behind hosts that are silent."""

import os
import signal
from pathlib import Path

import pytest

from harness.client import Client, assert_problem
from harness.network import Network
from harness.resolver import Resolver
from harness.server import run_command
from harness.waiting import eventually


@pytest.fixture
def network():
    """Makes TCP ports in front of a cluster."""
    made = []

    def make(*arguments, **options):
        made.append(Network(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def other_cluster(template_cluster):
    cluster = template_cluster.copy()
    yield cluster
    for process in processes(cluster):
        os.kill(process, signal.SIGCONT)
    cluster.remove()


def processes(cluster):
    """The postmaster and its children."""
    postmaster = cluster.postmaster()
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


def make_standby(cluster):
    cluster.stop()
    (cluster.data / "standby.signal").touch()
    cluster.start()


def promote(cluster, database):
    database.value("SELECT pg_promote()")
    eventually(lambda: not database.value("SELECT pg_is_in_recovery()"), what="the standby is promoted")


def connection(database, *places):
    """A connection string for several places, each `host=… port=…`."""
    hosts = ",".join(place.split()[0].removeprefix("host=") for place in places)
    ports = ",".join(place.split()[1].removeprefix("port=") for place in places)
    return f"host={hosts} port={ports} dbname={database.name} user="


def settings(string, **further):
    return {
        "database.connection": string + "ccs_jobstore",
        "administration.connection": string + "ccs_jobstore_admin",
        "database.connectTimeoutSeconds": 1,
        **further,
    }


def socket_place(cluster):
    return f"host={cluster.socket_folder} port=5432"


def test_a_listener_that_never_answers_does_not_hide_the_next_host(start_server, cluster, new_database, network):
    silent, database = network(), new_database()
    string = connection(database, silent.place, network(cluster).place)
    server = start_server(database, settings(string), ready=False)
    server.wait_until_ready(seconds=30)
    # The host that answered is tried first from now on.
    before = silent.accepted
    database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'ccs_jobstore'",
        database.name,
    )
    server.wait_for_event("databaseLost")
    server.wait_until_ready(seconds=30)
    assert silent.accepted == before
    users = run_command(server.configuration, "users", "list")
    assert users.returncode == 0, users.stderr
    assert silent.accepted > before, "the command tries the hosts in their order"


def test_a_stopped_postmaster_does_not_hide_the_next_host(start_server, cluster, new_database, other_cluster):
    database = new_database()
    string = connection(database, socket_place(other_cluster), socket_place(cluster))
    for process in processes(other_cluster):
        os.kill(process, signal.SIGSTOP)
    server = start_server(database, settings(string), ready=False)
    server.wait_until_ready(seconds=30)
    users = run_command(server.configuration, "users", "list")
    assert users.returncode == 0, users.stderr


def test_of_several_hosts_the_one_that_accepts_writes_is_chosen(start_server, own_cluster, other_cluster, directory_of):
    standby, database = (each.new_database("ccs_jobstore") for each in (other_cluster, own_cluster))
    make_standby(other_cluster)
    user = directory_of(database).user()
    string = connection(database, socket_place(other_cluster), socket_place(own_cluster))
    server = start_server(database, settings(string))
    Client(server).sign_in(user)
    assert standby.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'ccs_jobstore'") == 0


def test_a_standby_is_not_ready_until_it_is_promoted(start_server, own_cluster, own_database, directory_of):
    user = directory_of(own_database).user()
    make_standby(own_cluster)
    server = start_server(own_database, ready=False)

    def says_read_only():
        status, text = server.get("/readyz")
        assert status == 503
        return "read-only" in text

    eventually(says_read_only, what="the standby is said to be read-only")
    assert_problem(Client(server).token_request(f"grant_type=password&username={user.name}&password={user.password}"), 503)
    promote(own_cluster, own_database)
    server.wait_until_ready()
    Client(server).sign_in(user)


@pytest.mark.parametrize("finder", ["probe", "request"])
def test_a_primary_that_becomes_read_only_is_left_for_the_new_one(
    start_server, own_cluster, own_database, other_cluster, directory_of, finder
):
    promoted = other_cluster.new_database("ccs_jobstore")
    directory_of(promoted).user(name=r"TESTS\both")
    user = directory_of(own_database).user(name=r"TESTS\both")
    make_standby(other_cluster)
    string = connection(own_database, socket_place(own_cluster), socket_place(other_cluster))
    server = start_server(own_database, settings(string))
    Client(server).sign_in(user)
    own_database.rows("ALTER SYSTEM SET default_transaction_read_only = on")
    own_database.rows("SELECT pg_reload_conf()")
    eventually(
        lambda: own_database.value("SHOW default_transaction_read_only") == "on", what="the primary is read-only"
    )
    if finder == "probe":
        eventually(lambda: server.get("/readyz")[0] == 503, what="the read-only server is not ready")
    promote(other_cluster, promoted)
    if finder == "probe":
        server.wait_until_ready()

    def is_signed_in():
        body = f"grant_type=password&username={user.name}&password={user.password}"
        return Client(server).token_request(body).status_code == 200

    eventually(is_signed_in, what="the new primary is found")
    server.wait_until_ready()
    assert promoted.value("SELECT count(*) > 0 FROM auth.sessions")


def test_the_server_lives_while_a_name_is_looked_up(start_server, cluster, new_database, network, tmp_path):
    resolver, database, port = Resolver(tmp_path), new_database(), network(cluster).port
    string = connection(database, f"host=database.test port={port}")
    server = start_server(database, settings(string), ready=False, variables=resolver.variables)
    assert server.get("/livez")[0] == 200
    assert server.get("/readyz")[0] == 503
    failure = server.wait_for_event("databaseConnectFailed")
    assert "database.test" in str(failure)
    resolver.answer("127.0.0.1")
    server.wait_until_ready()
    # Known addresses serve while the name is looked up again.
    resolver.stall()
    database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'ccs_jobstore'",
        database.name,
    )
    server.wait_for_event("databaseLost")
    server.wait_until_ready()


def test_a_name_that_moves_is_followed(start_server, cluster, new_database, network, tmp_path):
    resolver, database = Resolver(tmp_path), new_database()
    old = network(cluster)
    new = network(cluster, "127.0.0.2", old.port)
    resolver.answer("127.0.0.1")
    string = connection(database, f"host=database.test port={old.port}")
    server = start_server(database, settings(string), variables=resolver.variables)
    assert (old.accepted > 0, new.accepted) == (True, 0)
    resolver.answer("127.0.0.2")
    old.close()
    server.wait_for_event("databaseLost")
    server.wait_until_ready()
    assert new.accepted > 0
