"""The private cluster: its contents before a run, and the checks after it."""

import base64
import hashlib
import os
import time
import uuid

import psycopg2
import psycopg2.extensions
import psycopg2.extras

psycopg2.extras.register_uuid()
# Signals are handled while a statement runs, not after it.
psycopg2.extensions.set_wait_callback(psycopg2.extras.wait_select)

SQL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sql")
TASKS = (
    "View standards", "View assets", "View all jobs", "View evaluation results",
    "Manage jobs", "Collect data", "Evaluate standards", "Report job runs",
)
USER = "BENCH\\deleter"
LOGIN_USERS = [f"BENCH\\login-{number}" for number in range(8)]
PASSWORD = "not a secret"
TOKEN = "bench" * 8 + "ijk"
TOKEN_HASH = hashlib.sha256(TOKEN.encode()).hexdigest()


class Failed(Exception):
    """A fault that makes the figures worthless."""


class Database:
    def __init__(self, sockets):
        self.sockets = sockets
        self.connection = psycopg2.connect(host=sockets, user="postgres", dbname="ccs_jobstore")
        self.connection.autocommit = True

    def rows(self, sql, parameters=None):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql, parameters=None):
        return self.rows(sql, parameters)[0][0]

    def script(self, name, **parameters):
        """Runs a file of statements, as one transaction."""
        with open(os.path.join(SQL, name)) as file:
            self.rows(file.read(), parameters)

    # --- before a run -------------------------------------------------------------------------------------------------

    def make_user(self):
        """A user with all rights, an access token valid for a day, and a password."""
        # The default cost, so that a login costs what it costs anywhere.
        salt = b"0123456789abcdef"
        digest = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=1 << 15, r=8, p=3, maxmem=1 << 27, dklen=32)
        password_hash = f"$scrypt$ln=15,r=8,p=3${_base64(salt)}${_base64(digest)}"
        self.rows("DELETE FROM directory.roles WHERE role_name = 'Benchmark'")
        self.rows("TRUNCATE directory.jobs")
        self.rows("DELETE FROM directory.users WHERE user_name = ANY (%s)", ([USER, *LOGIN_USERS],))
        self.user = self.value(
            "INSERT INTO directory.users (user_name, password_hash) VALUES (%s, %s) RETURNING user_id",
            (USER, password_hash),
        )
        self.rows(
            "INSERT INTO directory.users (user_name, password_hash) SELECT unnest(%s), %s",
            (LOGIN_USERS, password_hash),
        )
        role = self.value("INSERT INTO directory.roles (role_name) VALUES ('Benchmark') RETURNING role_id")
        self.rows("INSERT INTO directory.user_roles (user_id, role_id) VALUES (%s, %s)", (self.user, role))
        self.rows("INSERT INTO directory.role_tasks SELECT %s, unnest(%s)", (role, list(TASKS)))
        self.rows(
            "INSERT INTO directory.folder_grants SELECT %s, folder_id FROM directory.folders WHERE parent_id IS NULL",
            (role,),
        )
        session = self.value(
            "INSERT INTO auth.sessions (user_id, expires_at) VALUES (%s, now() + interval '1 day')"
            " RETURNING session_id", (self.user,),
        )
        self.rows(
            "INSERT INTO auth.access_tokens (token_hash, session_id, user_id, expires_at)"
            " VALUES (%s, %s, %s, now() + interval '1 day')",
            (bytes.fromhex(TOKEN_HASH), session, self.user),
        )

    def make_jobs(self, count):
        self.script("jobs.sql", user=self.user, count=count)
        self.settle()

    def make_large(self, count):
        """The large job, and the one read meanwhile."""
        large, other = uuid.uuid4(), uuid.uuid4()
        self.script("large.sql", user=self.user, count=count, large=large, other=other)
        self.settle()
        return large, other

    def settle(self):
        """VACUUM (ANALYZE) and a checkpoint."""
        self.rows("VACUUM (ANALYZE)")
        self.rows("CHECKPOINT")

    def forget_logins(self):
        """Deletes all sessions but that of the common token."""
        self.rows(
            "DELETE FROM auth.sessions s WHERE NOT EXISTS"
            " (SELECT FROM auth.access_tokens t WHERE t.session_id = s.session_id AND t.token_hash = %s)",
            (hashlib.sha256(TOKEN.encode()).digest(),),
        )
        self.settle()

    # --- after a run --------------------------------------------------------------------------------------------------

    def jobs(self):
        return self.value("SELECT count(*) FROM directory.jobs")

    def purges(self):
        return self.value("SELECT count(*) FROM store.purges")

    def audited(self):
        return self.value("SELECT count(*) FROM audit.events WHERE operation = 'Delete Job'")

    def logins(self):
        """The number of sessions besides that of the common token."""
        return self.value("SELECT count(*) FROM auth.sessions") - 1

    def check_no_orphans(self):
        for (table,) in self.rows("SELECT table_name FROM store.tables()"):
            orphans = self.value(
                f"SELECT count(*) FROM (SELECT DISTINCT history_id FROM store.{table}) r"
                " WHERE NOT EXISTS (SELECT FROM directory.jobs j WHERE j.history_id = r.history_id)"
                " AND NOT EXISTS (SELECT FROM store.purges p WHERE p.history_id = r.history_id)"
            )
            if orphans:
                raise Failed(f"{orphans} histories in store.{table} belong to no job")
        whole = self.value(
            "SELECT count(*) FROM directory.jobs j"
            " WHERE run_count <> (SELECT count(*) FROM store.job_runs r WHERE r.history_id = j.history_id)"
        )
        if whole:
            raise Failed(f"{whole} jobs that are still there have lost runs")

    def wait_until_erased(self, seconds):
        """Waits until the eraser's queue is empty; returns the time."""
        deadline = time.monotonic() + seconds
        while self.purges():
            if time.monotonic() > deadline:
                raise Failed(f"the eraser was not done within {seconds} seconds")
            time.sleep(0.02)
        return time.monotonic()


def _base64(data):
    """Base64 without padding, as in the PHC string format."""
    return base64.b64encode(data).decode().rstrip("=")
