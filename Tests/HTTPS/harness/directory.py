"""Users, roles, folders, jobs and histories, written by SQL. Names are unique, so that tests are independent."""

import base64
import itertools
import json
import re
import uuid
from dataclasses import dataclass, field

from harness.cluster import REPOSITORY

DELETE_TASKS = ("View standards", "Manage jobs", "Collect data", "Evaluate standards", "View evaluation results")
SEARCH_TASKS = ("View all jobs", "View standards", "View assets")
ALL_TASKS = tuple(dict.fromkeys(DELETE_TASKS + SEARCH_TASKS))

ASSET_SYSTEM = uuid.UUID("a55e7000-0000-4000-8000-000000000001")
STANDARDS = uuid.UUID("57a2da2d-0000-4000-8000-000000000001")
ROOTS = {"Asset System": ASSET_SYSTEM, "Standards": STANDARDS}

# Its Base64 has all three characters that are ambiguous in an unencoded form.
PASSWORD = "s3cret>~>?~?>~ü"
PASSWORD_BASE64 = base64.b64encode(PASSWORD.encode()).decode()
assert all(character in PASSWORD_BASE64 for character in "+/="), PASSWORD_BASE64

# The list of store.tables(), last one first.
HISTORY_TABLES = tuple(
    reversed(re.findall(r"\(\d+, '(\w+)'", (REPOSITORY / "migrations" / "deploy" / "store.sql").read_text(encoding="utf-8")))
)

_numbers = itertools.count(1)
_session = uuid.uuid4().hex[:6]


def unique(prefix):
    return f"{prefix} {_session}-{next(_numbers)}"


@dataclass
class User:
    id: uuid.UUID
    name: str
    role: uuid.UUID
    password: str = PASSWORD_BASE64


@dataclass
class Job:
    id: uuid.UUID
    name: str
    history: uuid.UUID
    runs: list = field(default_factory=list)


class Directory:
    def __init__(self, database, password_hash=None):
        self.database = database
        self.password_hash = password_hash

    # MARK: Who may do what

    def user(self, tasks=ALL_TASKS, folders=tuple(ROOTS.values()), name=None, disabled=False):
        """A user whose password is `PASSWORD`, with a role of their own."""
        name = name or f"DOMAIN1\\{unique('user').replace(' ', '-')}"
        user = self.database.value(
            "INSERT INTO directory.users (user_name, password_hash, disabled) VALUES (%s, %s, %s) RETURNING user_id",
            name,
            self.password_hash,
            disabled,
        )
        return User(user, name, self.role(user, tasks, folders))

    def role(self, user, tasks, folders):
        role = self.database.value(
            "INSERT INTO directory.roles (role_name) VALUES (%s) RETURNING role_id", unique("role")
        )
        self.database.rows("INSERT INTO directory.user_roles (user_id, role_id) VALUES (%s, %s)", user, role)
        for task in tasks:
            self.database.rows("INSERT INTO directory.role_tasks (role_id, task) VALUES (%s, %s)", role, task)
        for folder in folders:
            self.grant(role, folder)
        return role

    def grant(self, role, folder):
        self.database.rows("INSERT INTO directory.folder_grants (role_id, folder_id) VALUES (%s, %s)", role, folder)

    def folder(self, parent):
        return self.database.value(
            "INSERT INTO directory.folders (parent_id, folder_name) VALUES (%s, %s) RETURNING folder_id",
            parent,
            unique("folder"),
        )

    def disable(self, user):
        self.database.rows("UPDATE directory.users SET disabled = true WHERE user_id = %s", user.id)

    # MARK: Jobs and what they leave behind

    def job(self, creator=None, name=None, runs=0, job_type="CollectionEvaluationJob", configuration=None, **columns):
        """A job with `runs` completed runs; without a creator, a system job."""
        name = name or unique("Audit of all servers")
        values = {
            "job_name": name,
            "job_type": job_type,
            "is_system": creator is None,
            "created_by": creator.id if creator else None,
            "configuration": None if configuration is None else json.dumps(configuration),
            **columns,
        }
        identifier, history = self.database.row(
            f"INSERT INTO directory.jobs ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))}) "
            "RETURNING job_id, history_id",
            *values.values(),
        )
        job = Job(identifier, name, history)
        for _ in range(runs):
            self.run(job)
        return job

    def run(self, job, status="Completed", queued_at="2026-01-05T12:00:00Z", messages=2, data=2, results=3):
        """A run with rows in every table of the store; updates the job's number of runs."""
        run, history = uuid.uuid4(), self.history_of(job)
        started = None if status == "Queued" else queued_at
        ended = queued_at if status in ("Completed", "Failed", "Aborted") else None
        self.database.rows(
            """
            WITH run AS (
                INSERT INTO store.job_runs
                    (history_id, run_id, status, triggered_by, queued_at, started_at, ended_at, message_count)
                VALUES (%(history)s, %(run)s, %(status)s, 'Schedule', %(queued)s, %(started)s, %(ended)s, %(messages)s)
            ), messages AS (
                INSERT INTO store.job_run_messages
                    (history_id, run_id, row_number, logged_at, severity, asset_id, message)
                SELECT %(history)s, %(run)s, n - 1, %(queued)s::timestamptz + n * interval '1 second', 'Information',
                       gen_random_uuid(), 'message ' || n
                FROM generate_series(1, %(messages)s) n
            ), data AS (
                INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, data)
                SELECT %(history)s, %(run)s, n - 1, gen_random_uuid(), '{"path": "/etc/passwd"}'
                FROM generate_series(1, %(data)s) n
            ), results AS (
                INSERT INTO store.evaluation_results
                    (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
                SELECT %(history)s, %(run)s, n - 1, gen_random_uuid(), gen_random_uuid(), 'check', 'Pass'
                FROM generate_series(1, %(results)s) n
            )
            UPDATE directory.jobs
            SET run_count = run_count + 1, last_run_status = %(status)s, last_run_at = %(queued)s
            WHERE job_id = %(job)s
            """,
            {
                "history": history,
                "run": run,
                "job": job.id,
                "status": status,
                "queued": queued_at,
                "started": started,
                "ended": ended,
                "messages": messages,
                "data": data,
                "results": results,
            },
        )
        job.runs.append(run)
        return run

    def long_history(self, job, runs, results_per_run=1):
        """Adds many runs to a job without any, each with a message, a datum and results; returns the number of rows."""
        history = self.history_of(job)
        self.database.rows(
            """
            INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, message_count)
            SELECT %(history)s, gen_random_uuid(), 'Completed', 'Schedule', 1 FROM generate_series(1, %(runs)s);
            INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
            SELECT history_id, run_id, 1, 'Information', 'done' FROM store.job_runs WHERE history_id = %(history)s;
            INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, data)
            SELECT history_id, run_id, 1, gen_random_uuid(), '{}' FROM store.job_runs WHERE history_id = %(history)s;
            INSERT INTO store.evaluation_results
                (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
            SELECT history_id, run_id, n, gen_random_uuid(), gen_random_uuid(), 'check', 'Fail'
            FROM store.job_runs, generate_series(1, %(results)s) n WHERE history_id = %(history)s;
            UPDATE directory.jobs SET run_count = run_count + %(runs)s WHERE job_id = %(job)s
            """,
            {"history": history, "runs": runs, "results": results_per_run, "job": job.id},
        )
        return runs * (3 + results_per_run)

    # MARK: What is there

    def history_of(self, job):
        return self.database.value("SELECT history_id FROM directory.jobs WHERE job_id = %s", job.id)

    def exists(self, job):
        return self.database.value("SELECT count(*) FROM directory.jobs WHERE job_id = %s", job.id) == 1

    def rows_of(self, history):
        """The number of rows of a history in each table of the store."""
        return {
            table: self.database.value(f"SELECT count(*) FROM store.{table} WHERE history_id = %s", history)
            for table in HISTORY_TABLES
        }

    def purges(self):
        return self.database.value("SELECT count(*) FROM store.purges")


NO_ROWS = dict.fromkeys(HISTORY_TABLES, 0)


def rows_of_runs(count):
    """The result of `Directory.rows_of` for a history of `count` runs by `Directory.run`."""
    return {
        "job_runs": count,
        "job_run_messages": 2 * count,
        "collected_data": 2 * count,
        "evaluation_results": 3 * count,
    }


def orphans(database):
    """The number of rows of the store, by table, that neither a job nor the eraser's queue refers to. Must be empty."""
    counts = {
        table: database.value(
            f"SELECT count(*) FROM store.{table} t "
            "WHERE NOT EXISTS (SELECT FROM directory.jobs j WHERE j.history_id = t.history_id) "
            "AND NOT EXISTS (SELECT FROM store.purges p WHERE p.history_id = t.history_id)"
        )
        for table in HISTORY_TABLES
    }
    return {table: count for table, count in counts.items() if count}


def assert_untouched(directory, job, runs):
    """The job has all of its history."""
    assert directory.exists(job)
    assert directory.history_of(job) == job.history
    assert directory.rows_of(job.history) == rows_of_runs(runs)


def lock(job, database):
    """Locks a job's row: its deletion waits until the connection returned is rolled back."""
    blocker = database.connect()
    blocker.cursor().execute("SELECT FROM directory.jobs WHERE job_id = %s FOR UPDATE", (job.id,))
    return blocker
