"""Delete Job on a job with millions of runs, while another job is read."""

import statistics
import threading
import time

import machine
from database import TOKEN, Failed
from servers import Client, JobStore

# The load of the reader: connections, and requests a second in total.
READERS = 8
READS_A_SECOND = 400


class Readers:
    """Reads one job at a fixed rate and records the time of every response.

    A request that could not be sent in time, because the one before had no answer yet, counts from the time when it
    should have been sent: what waits in line for a slow answer is slow, too.
    """

    def __init__(self, port, job):
        self.samples = []
        self.failures = []
        self.ended = threading.Event()
        target = f"/ccs/api/v1/jobs/{job}"
        self.threads = [
            threading.Thread(target=self._read, args=(Client(port, TOKEN), target, number)) for number in range(READERS)
        ]

    def _read(self, client, target, number):
        interval = READERS / READS_A_SECOND
        due = time.monotonic() + interval * number / READERS
        try:
            while not self.ended.is_set():
                now = time.monotonic()
                if now < due:
                    time.sleep(due - now)
                    began = time.monotonic()
                else:
                    began = due
                status, _ = client.request("GET", target)
                if status != 200:
                    raise Failed(f"GET of the other job was answered {status}")
                self.samples.append((began, time.monotonic() - began))
                due += interval
        except Exception as error:
            self.failures.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def milliseconds(self, since, until):
        """The percentiles of the requests that began in a span of time."""
        cuts = statistics.quantiles([s for began, s in self.samples if since <= began < until], n=1000)
        return {"p50": cuts[499] * 1e3, "p99": cuts[989] * 1e3, "p999": cuts[998] * 1e3}


def delete_with_eraser(settings, database, say):
    large, other = database.make_large(settings.rows)
    machine.wait_until_quiet(settings.patience)
    with JobStore(settings.state, settings.binary, settings.sockets) as server:
        with Client(server.port, TOKEN) as client, Readers(server.port, other) as readers:
            # The first requests open connections and plan statements, which is not measured here.
            client.request("GET", f"/ccs/api/v1/jobs/{large}")
            time.sleep(3)
            rest_began = time.monotonic()
            time.sleep(settings.seconds * 2)
            began = time.monotonic()
            status, _ = client.request("DELETE", f"/ccs/api/v1/Jobs?jobid={large}")
            answered = time.monotonic()
            if status != 204:
                raise Failed(f"Delete Job of the large job was answered {status}")
            erased = database.wait_until_erased(1800)
            time.sleep(0.1)
        left = database.value("SELECT count(*) FROM store.job_runs")
        if left != 1:
            raise Failed(f"{left - 1} runs of the large job are left")
        database.check_no_orphans()
        return {
            "answerMilliseconds": (answered - began) * 1e3,
            "eraserRowsPerSecond": settings.rows / (erased - began),
            "erasingSeconds": erased - began,
            "readsAtRest": readers.milliseconds(rest_began, began),
            "readsDuring": readers.milliseconds(began, erased),
        }


def delete_as_one(settings, database, say):
    """Deletes the same rows by one statement under the same load of readers."""
    large, other = database.make_large(settings.rows)
    machine.wait_until_quiet(settings.patience)
    history = database.value("SELECT history_id FROM directory.jobs WHERE job_id = %s", (large,))
    with JobStore(settings.state, settings.binary, settings.sockets) as server:
        with Readers(server.port, other) as readers:
            time.sleep(3)
            began = time.monotonic()
            database.rows("DELETE FROM store.job_runs WHERE history_id = %s", (history,))
            ended = time.monotonic()
            time.sleep(0.1)
    return {
        "rowsPerSecond": settings.rows / (ended - began),
        "seconds": ended - began,
        "readsDuring": readers.milliseconds(began, ended),
    }


def measure(settings, database, say):
    rounds = []
    for number in range(min(settings.runs, 3)):
        say(f"large, round {number + 1}: {settings.rows:,} runs are made for the service")
        ours = delete_with_eraser(settings, database, say)
        say(
            f"answered in {ours['answerMilliseconds']:.1f} ms, erased at {ours['eraserRowsPerSecond']:,.0f} rows a"
            f" second; GET p99 {ours['readsAtRest']['p99']:.2f} ms at rest, {ours['readsDuring']['p99']:.2f} ms during"
        )
        say(f"large, round {number + 1}: {settings.rows:,} runs are made for one single DELETE")
        single = delete_as_one(settings, database, say)
        say(
            f"one single DELETE: {single['rowsPerSecond']:,.0f} rows a second;"
            f" GET p99 {single['readsDuring']['p99']:.2f} ms during"
        )
        rounds.append({"service": ours, "single": single})
    return {"rows": settings.rows, "rounds": rounds}
