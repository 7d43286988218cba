"""Reports of collectors: rows, batches, claimed runs, and interrupted uploads."""

import json
import uuid

from harness.client import API
from harness.raw_http import RawConnection, head
from harness.waiting import eventually

KINDS = ("messages", "collecteddata", "results")
TABLES = {"messages": "job_run_messages", "collecteddata": "collected_data", "results": "evaluation_results"}
BATCHES = {"messages": "messages_batch", "collecteddata": "data_batch", "results": "results_batch"}
COLLECTOR_TASK = "Report job runs"
ASSET = "a5000000-0000-4000-8000-000000000001"
STANDARD = "57000000-0000-4000-8000-000000000001"
MESSAGE = {"Severity": "Information", "Message": "Data was collected."}
DATUM = {"AssetID": ASSET, "Data": {"File": "/etc/passwd", "Mode": 420}}
RESULT = {"AssetID": ASSET, "StandardID": STANDARD, "CheckID": "5.1.20", "Outcome": "Pass"}
SAMPLES = {"messages": MESSAGE, "collecteddata": DATUM, "results": RESULT}


# Rows in a transaction, as in ReportChunk.
CHUNK = 10_000


def ndjson(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def results(count, first=0):
    """Results that differ in their check."""
    return b"".join(
        b'{"AssetID":"%s","StandardID":"%s","StandardVersion":"1.2","CheckID":"%d","Outcome":"Fail",'
        b'"Evidence":"PermitRootLogin yes","Time":"2026-01-05T04:10:27.512Z"}\n'
        % (ASSET.encode(), STANDARD.encode(), number)
        for number in range(first, first + count)
    )


class ClaimedRun:
    """A claimed run of a job of its own, created by SQL."""

    def __init__(self, directory, user, status="Running", lease_seconds=600):
        self.directory, self.database = directory, directory.database
        self.job = directory.job(user)
        self.history = self.job.history
        self.id = directory.run(self.job, status="Running", messages=0, data=0, results=0)
        self.lease = uuid.uuid4()
        self.set(status=status, lease_id=self.lease, collector="COLLECTOR")
        self.database.rows(
            "UPDATE store.job_runs SET lease_expires_at = now() + %s * interval '1 second' WHERE run_id = %s",
            lease_seconds,
            self.id,
        )

    def set(self, **columns):
        assignments = ", ".join(f"{name} = %s" for name in columns)
        self.database.rows(f"UPDATE store.job_runs SET {assignments} WHERE run_id = %s", *columns.values(), self.id)

    def path(self, kind, batch=1, lease=None):
        return f"{API}/jobruns/{self.id}/{kind}?lease={lease or self.lease}&batch={batch}"

    def report(self, client, kind, body, batch=1, lease=None, **options):
        return client.request("POST", self.path(kind, batch, lease), data=body, **{"timeout": 120, **options})

    def checks(self):
        """The checks of the results in the order of their rows; fails if the row numbers have a gap."""
        rows = self.database.rows(
            "SELECT row_number, check_id FROM store.evaluation_results WHERE history_id = %s AND run_id = %s"
            " ORDER BY row_number",
            self.history,
            self.id,
        )
        assert [number for number, _ in rows] == list(range(len(rows)))
        return [int(check) for _, check in rows]

    def count(self, kind="results"):
        return self.database.value(
            f"SELECT count(*) FROM store.{TABLES[kind]} WHERE history_id = %s AND run_id = %s", self.history, self.id
        )

    def last_batch(self, kind="results"):
        return self.database.value(f"SELECT {BATCHES[kind]} FROM store.job_runs WHERE run_id = %s", self.id)

    def message_count(self):
        return self.database.value("SELECT message_count FROM store.job_runs WHERE run_id = %s", self.id)


def stored(response, rows, skipped=0):
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["RowsStored"], answer["RowsSkipped"]) == (rows, skipped)
    return answer


def cut_upload(server, client, run, body, after, reset=True):
    """Sends `after` bytes of a body, and then no more."""
    connection = RawConnection(server)
    connection.send(
        head("POST", run.path("results"), f"Authorization: Bearer {client.token}", f"Content-Length: {len(body)}")
        + body[:after]
    )
    if reset:
        connection.reset()
    return connection


def upload_until(server, collector, run, condition_rows, rows=30_000):
    """An upload that holds back the end of its body, once `condition_rows` of its rows are stored."""
    body = results(rows)
    connection = cut_upload(server, collector, run, body, len(body) - 10, reset=False)
    eventually(lambda: run.count() >= condition_rows, seconds=20, what="chunks are stored")
    return connection, body
