"""A database whose connections or processes fall silent: nobody resets anything."""

import os
import signal
import time
import uuid
from pathlib import Path

import pytest

from harness.client import Client
from harness.network import Network
from harness.threads import in_background
from harness.waiting import eventually

# Limits so long that no test sees them.
PATIENT = {
    "database.statementTimeoutSeconds": 120,
    "database.queueTimeoutSeconds": 120,
    "limits.requestTimeoutSeconds": 300,
}


@pytest.fixture
def network(cluster):
    network = Network(cluster)
    yield network
    network.close()


@pytest.fixture
def through_network(start_server, new_database, network):
    """A server whose database is behind the network, and which waits two minutes for a statement."""

    def start(**further):
        database = new_database()
        string = f"{network.place} dbname={database.name} user=ccs_jobstore"
        server = start_server(database, {**PATIENT, "database.connection": string, **further})
        server.database = database
        return server

    return start


def works(client):
    """Whether a request is answered in a time in which a dead connection is not given up."""
    try:
        return client.get(f"/ccs/api/v1/jobs/{uuid.uuid4()}", timeout=10).status_code == 404
    except OSError:
        return False


def test_one_silence_condemns_the_other_dead_connections(through_network, network, directory_of):
    server = through_network()
    client = Client(server)
    client.sign_in(directory_of(server.database).user())
    # Several connections, all idle.
    for answer in [in_background(lambda: Client(server, client.token).job(uuid.uuid4())) for _ in range(20)]:
        answer()
    network.freeze()
    lost = in_background(lambda: works(Client(server, client.token)))
    server.wait_for_event("databaseLost")
    eventually(lambda: works(client), seconds=30, what="requests are answered on new connections")
    lost()


def test_dead_peers_are_noticed_while_a_connection_is_idle(through_network, network):
    through_network()

    def next_probe():
        """Seconds until the kernel's keepalive timer of the server's connection (proc_net_tcp: 02 is keepalive)."""
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[2].split(":")[1], 16) == network.port and fields[3] == "01":
                timer, jiffies = fields[5].split(":")
                return int(jiffies, 16) / os.sysconf("SC_CLK_TCK") if timer == "02" else None
        return None

    assert eventually(next_probe, what="there is a keepalive timer") <= 60


@pytest.fixture
def hung_cluster(own_cluster):
    """Stops every process of the cluster; they go on at the end."""
    stopped = []

    def hang():
        postmaster = own_cluster.postmaster()
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        stopped.extend([postmaster, *map(int, children)])
        for process in stopped:
            os.kill(process, signal.SIGSTOP)

    def go_on():
        while stopped:
            try:
                os.kill(stopped.pop(), signal.SIGCONT)
            except ProcessLookupError:
                pass

    own_cluster.hang, own_cluster.go_on = hang, go_on
    yield own_cluster
    go_on()


def test_readiness_and_metrics_are_answered_while_the_database_hangs(start_server, hung_cluster, own_database):
    network = Network(hung_cluster)
    string = f"{network.place} dbname={own_database.name} user=ccs_jobstore"
    server = start_server(own_database, {**PATIENT, "database.connection": string})
    hung_cluster.hang()
    for _ in range(2):
        assert server.get("/readyz")[0] == 503
        assert "ccs_jobstore_purges_waiting" not in server.metrics()
    # Ten that ask again and again occupy no more connections than one: a dead one, and the attempt to replace it.
    before = network.most = network.open

    def probe():
        return [server.get("/readyz")[0] for _ in range(3)]

    for answers in [in_background(probe) for _ in range(10)]:
        assert answers() == [503] * 3
    assert network.most <= before + 2
    hung_cluster.go_on()
    server.wait_until_ready()
    network.close()


def test_a_busy_pool_is_ready(start_server, new_database, directory_of):
    database = new_database()
    server = start_server(database, {"database.connections": 1, "database.queueLimit": 5})
    client = Client(server)
    client.sign_in(directory_of(database).user())
    busy = [in_background(lambda: [works(Client(server, client.token)) for _ in range(20)]) for _ in range(8)]
    for _ in range(20):
        assert server.get("/readyz")[0] == 200
        time.sleep(0.01)
    for answer in busy:
        answer()


def test_a_PostgreSQL_whose_files_are_gone_is_not_ready_and_says_what_to_do(start_server, own_database):
    server = start_server(own_database)
    gone = "UPDATE pg_proc SET probin = %s WHERE probin = %s"
    own_database.rows(gone, "$libdir/gone", "$libdir/plpgsql")
    own_database.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ccs_jobstore'")

    def says_restart():
        status, text = server.get("/readyz")
        return status == 503 and "restart PostgreSQL" in text

    eventually(says_restart, what="readiness says what to do")
    failure = server.wait_for_event("databaseConnectFailed", lambda line: "restart PostgreSQL" in str(line))
    assert "$libdir/gone" in str(failure)
    own_database.rows(gone, "$libdir/plpgsql", "$libdir/gone")
    server.wait_until_ready()
