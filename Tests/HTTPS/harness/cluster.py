"""A private PostgreSQL cluster, reachable only by a Unix socket in its own folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg2
import psycopg2.extras

from harness.waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[3]
psycopg2.extras.register_uuid()

# Crashes of PostgreSQL are tested, crashes of the machine are not: nothing has to reach the disk.
SETTINGS = """
listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
max_wal_size = 512MB
autovacuum_naptime = 5s
log_min_messages = fatal
"""


def as_postgres(*command):
    """PostgreSQL refuses to run as root; root runs it as the user of Debian's package."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    return [*prefix, *map(str, command)]


def server_programs():
    """The programs' folder of the newest PostgreSQL installed from Debian."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not folders:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    return folders[-1]


class Cluster:
    """A cluster in a folder of its own. Every copy of the template holds the migrated database `pristine`."""

    def __init__(self, home):
        self.home = Path(home)
        self.data = self.home / "data"
        self.databases = []

    @classmethod
    def create_empty(cls):
        """Creates and starts a cluster without databases and roles of its own."""
        cluster = cls(cls.new_home())
        subprocess.run(
            as_postgres(
                server_programs() / "initdb",
                "--pgdata",
                cluster.data,
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ),
            check=True,
            capture_output=True,
            cwd="/",
        )
        with open(cluster.data / "postgresql.conf", "a") as settings:
            settings.write(SETTINGS)
        cluster.start()
        return cluster

    @classmethod
    def create_template(cls):
        """Creates a cluster, deploys the migrations to the database `pristine`, and stops it."""
        template = cls.create_empty()
        template.migrate("deploy", "--create", "--database", "pristine")
        template.stop()
        return template

    @staticmethod
    def new_home():
        # A socket's path has at most 107 bytes; pytest's temporary folders exceed that.
        home = tempfile.mkdtemp(prefix="ccs-", dir="/tmp")
        os.chmod(home, 0o755)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(home, user.pw_uid, user.pw_gid)
        return home

    def copy(self):
        """A new, running cluster with the same contents. This one must be stopped."""
        other = Cluster(self.new_home())
        subprocess.run(["cp", "-a", "--reflink=auto", self.data, other.data], check=True)
        other.start()
        return other

    @property
    def socket_folder(self):
        return self.home

    def start(self):
        def attempt():
            result = subprocess.run(
                as_postgres(
                    server_programs() / "pg_ctl",
                    "--pgdata",
                    self.data,
                    "--log",
                    self.home / "log",
                    "-w",
                    "-o",
                    f"-k {self.home}",
                    "start",
                ),
                capture_output=True,
                text=True,
                cwd="/",
            )
            return result.returncode == 0

        # After a kill, shared memory is in use until the last backend has exited.
        eventually(attempt, seconds=30, what=lambda: f"PostgreSQL starts; its log:\n{self.log()}")

    def stop(self, mode="fast"):
        subprocess.run(
            as_postgres(server_programs() / "pg_ctl", "--pgdata", self.data, "-w", "-m", mode, "stop"),
            check=True,
            capture_output=True,
            cwd="/",
        )
        for database in self.databases:
            database.disconnect()

    def kill(self):
        """SIGKILL: PostgreSQL cannot shut down in order."""
        postmaster = self.postmaster()
        os.kill(postmaster, signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{postmaster}").exists(), seconds=10, what="the postmaster is dead")
        for database in self.databases:
            database.disconnect()

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split("\n")[0])

    def is_running(self):
        return (self.data / "postmaster.pid").exists() and Path(f"/proc/{self.postmaster()}").exists()

    def remove(self):
        if self.is_running():
            self.stop("immediate")
        shutil.rmtree(self.home)

    def log(self):
        path = self.home / "log"
        return path.read_text()[-4000:] if path.exists() else ""

    def migrate(self, *arguments):
        """Runs `scripts/migrate` as the superuser of this cluster."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "CCS_JOBSTORE_"))}
        environment |= {"PGHOST": str(self.home), "PGUSER": "postgres"}
        result = subprocess.run(
            [REPOSITORY / "scripts" / "migrate", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if result.returncode != 0:
            raise RuntimeError(f"migrate {arguments} failed:\n{result.stdout}{result.stderr}")
        return result.stdout

    def new_database(self, name):
        """A migrated database that is otherwise empty."""
        connection = psycopg2.connect(host=str(self.home), user="postgres", dbname="postgres")
        connection.autocommit = True
        try:
            connection.cursor().execute(f'CREATE DATABASE "{name}" TEMPLATE pristine')
        finally:
            connection.close()
        database = Database(self, name)
        self.databases.append(database)
        return database

    def drop_database(self, database):
        """Drops a database despite open connections: a cluster with a hundred databases takes long to remove."""
        database.disconnect()
        self.databases.remove(database)
        connection = psycopg2.connect(host=str(self.home), user="postgres", dbname="postgres")
        connection.autocommit = True
        try:
            connection.cursor().execute(f'DROP DATABASE "{database.name}" WITH (FORCE)')
        finally:
            connection.close()


class Database:
    """One database, as its superuser, with autocommit."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self._connection = None
        self._lock = threading.Lock()

    def connection_string(self, role, socket_folder=None):
        return f"host={socket_folder or self.cluster.socket_folder} dbname={self.name} user={role}"

    def connect(self):
        """A separate connection, with transactions."""
        return psycopg2.connect(self.connection_string("postgres"))

    def disconnect(self):
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def rows(self, statement, *parameters):
        """The rows a statement returns. `parameters` are positional, or one dictionary."""
        if parameters and isinstance(parameters[0], dict):
            parameters = parameters[0]
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = self.connect()
                self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []

    def row(self, statement, *parameters):
        found = self.rows(statement, *parameters)
        assert len(found) == 1, f"{len(found)} rows where one was expected: {statement}"
        return found[0]

    def value(self, statement, *parameters):
        return self.row(statement, *parameters)[0]

    def wait_for_blocked_statement(self):
        """Returns once a statement of the server waits for a lock."""
        eventually(
            lambda: (
                self.value(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = %s AND usename = 'ccs_jobstore' AND wait_event_type = 'Lock'",
                    self.name,
                )
                > 0
            ),
            what="a statement of the server waits for a lock",
        )
