"""Collectors as clients of the API, and the queue of runs that they claim from, written by SQL."""

import json
import uuid
from datetime import datetime

from harness.client import API, Client
from harness.directory import ROOTS
from harness.waiting import eventually

TASK = "Report job runs"
CLAIM = f"{API}/jobruns/claim"
CONFIGURATION = {
    "AssetsResolutionInfo": [{"Id": str(uuid.uuid4()), "Type": "symc-csm-AssetSystem-Asset-Unix-Machine"}],
    "Standards": [str(uuid.uuid4())],
}
ACTIONS = ("heartbeat", "complete", "fail")


class Collector(Client):
    """A client whose user may only collect."""

    def __init__(self, server, directory, tasks=(TASK,), folders=tuple(ROOTS.values())):
        super().__init__(server)
        self.user = directory.user(tasks=tasks, folders=folders)
        self.sign_in(self.user)

    def another(self, server=None):
        """The same user on a connection of its own."""
        return Client(server or self.server, self.token)


def post(client, path, body=None, **options):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    return client.request("POST", path, data=data, headers={"Content-Type": "application/json"}, **options)


def claim(client, **body):
    """The runs returned by a claim."""
    response = post(client, CLAIM, body)
    assert response.status_code == 200, response.text
    assert set(response.json()) == {"JobRuns"}
    return response.json()["JobRuns"]


def report(client, run, action, lease=None, **body):
    """A call for a run: `run` is a claimed run, or an identifier together with a lease."""
    identifier = run["JobRunID"] if isinstance(run, dict) else run
    lease = lease or (run["Lease"] if isinstance(run, dict) else uuid.uuid4())
    return post(client, f"{API}/jobruns/{identifier}/{action}", {"Lease": str(lease), **body})


def queue(directory, job=None, **columns):
    """Queues a run of a job, as a schedule does; returns its identifier."""
    job = job or directory.job(directory.user(), configuration=CONFIGURATION)
    run = uuid.uuid4()
    outcome = directory.database.row("SELECT * FROM store.start_run(%s, %s, 'Schedule', NULL, NULL)", job.id, run)
    assert outcome[0] == "started"
    if columns:
        change(directory, run, **columns)
    return run


def queue_many(directory, count):
    """Queues a run for each of `count` new jobs; returns their identifiers in order."""
    return [
        uuid.UUID(row[0])
        for row in directory.database.rows(
            """
            WITH creator AS (
                INSERT INTO directory.users (user_name) VALUES (gen_random_uuid()::text) RETURNING user_id
            ), jobs AS (
                INSERT INTO directory.jobs (job_name, job_type, created_by, last_run_status, run_count)
                SELECT gen_random_uuid()::text, 'CollectionJob', user_id, 'Queued', 1
                FROM creator, generate_series(1, %(count)s)
                RETURNING history_id
            ), runs AS (
                INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at)
                SELECT history_id, gen_random_uuid(), 'Queued', 'Schedule',
                    now() + row_number() OVER () * interval '1 microsecond'
                FROM jobs
                RETURNING run_id, queued_at
            )
            SELECT run_id::text FROM runs ORDER BY queued_at
            """,
            {"count": count},
        )
    ]


def change(directory, run, **columns):
    assignments = ", ".join(f"{name} = %s" for name in columns)
    directory.database.rows(f"UPDATE store.job_runs SET {assignments} WHERE run_id = %s", *columns.values(), run)


def expire(directory, run):
    """Lets the run's lease expire."""
    directory.database.rows(
        "UPDATE store.job_runs SET lease_expires_at = now() - interval '1 second' WHERE run_id = %s",
        run["JobRunID"] if isinstance(run, dict) else run,
    )


def run_row(directory, run, *columns):
    return directory.database.row(f"SELECT {', '.join(columns)} FROM store.job_runs WHERE run_id = %s", run)


def messages(directory, run):
    return directory.database.rows(
        "SELECT row_number, severity, message FROM store.job_run_messages WHERE run_id = %s ORDER BY row_number", run
    )


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def waiting(server, count):
    """Returns once `count` claims wait."""
    eventually(
        lambda: server.metrics()["ccs_jobstore_requests_in_flight"] >= count + 1,
        what=f"{count} claims wait",
    )
