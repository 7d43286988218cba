"""Delete Job on small jobs: the service, pgbench and FastAPI by turns on one cluster."""

import glob
import json
import math
import os
import re
import statistics
import subprocess
import time

import machine
from database import TOKEN, USER, Failed
from servers import FastAPI, JobStore

HERE = os.path.dirname(os.path.abspath(__file__))
WRK_THREADS = 2
WARM_UP_SECONDS = 2
WARM_UP_JOBS = 60_000
# Jobs in the list beyond what the fastest of the warm-up would delete.
RESERVE = 1.5


class Contender:
    """One way to delete jobs: `measure` is timed, `check` comes after it."""

    def __init__(self, name, settings, database):
        self.name, self.settings, self.database = name, settings, database
        self.server = None

    def measure(self, seconds):
        """Deletions, seconds, percentiles of the latency in milliseconds."""
        raise NotImplementedError

    def check(self, deleted, gone):
        """That what was reported deleted is what is gone."""
        raise NotImplementedError


class OverTLS(Contender):
    def __init__(self, name, settings, database, server):
        super().__init__(name, settings, database)
        self.server = server

    def measure(self, seconds):
        if isinstance(self.server, JobStore):
            self.server.forget_log()
        output = subprocess.run(
            [
                "wrk", f"-t{WRK_THREADS}", f"-c{self.settings.connections}", f"-d{seconds}s", "--timeout", "10s",
                "-s", os.path.join(HERE, "wrk/delete.lua"), f"https://127.0.0.1:{self.server.port}/",
            ],
            env={**os.environ, "BENCH_TOKEN": TOKEN, "BENCH_THREADS": str(WRK_THREADS)},
            capture_output=True, text=True,
        )
        found = re.search(r"^summary (.*)$", output.stdout, re.MULTILINE)
        if not found:
            raise Failed(f"wrk failed: {output.stdout}{output.stderr}")
        summary = json.loads(found[1])
        if summary["notSuccessful"] or summary["broken"]:
            raise Failed(
                f"{self.name}: {summary['notSuccessful']} answers were not 204 and {summary['broken']} never came;"
                " if they are 404, the list of jobs was too short"
            )
        return {
            "deleted": summary["answers"], "seconds": summary["microseconds"] / 1e6,
            "p50": summary["p50"] / 1e3, "p99": summary["p99"] / 1e3,
        }

    def check(self, deleted, gone):
        # wrk leaves at the end without the last answer of each connection.
        if not 0 <= gone - deleted <= self.settings.connections:
            raise Failed(f"{self.name}: {deleted} answers of 204, and {gone} jobs are gone")
        if isinstance(self.server, JobStore):
            statuses = self.server.statuses("Delete Job")
            if statuses != {204: gone}:
                raise Failed(f"{self.name}: {gone} jobs are gone, and the log says {dict(statuses)}")


class PGBench(Contender):
    def __init__(self, name, settings, database, script):
        super().__init__(name, settings, database)
        self.script = script

    def measure(self, seconds):
        folder = os.path.join(self.settings.state, "pgbench")
        os.makedirs(folder, exist_ok=True)
        for file in glob.glob(f"{folder}/*"):
            os.remove(file)
        connections = self.settings.connections
        output = subprocess.run(
            [
                os.path.join(self.settings.programs, "pgbench"), "--no-vacuum", "--protocol=prepared",
                f"--client={connections}", "--jobs=2", f"--time={seconds}",
                "--log", "--sampling-rate=0.2", f"--log-prefix={folder}/log",
                "-D", "i=-1", "-D", f"connections={connections}", "-D", f"user_id={self.database.user}",
                "-D", f"user_name={USER}", f"--file={os.path.join(HERE, 'sql', self.script)}",
                f"--host={self.settings.sockets}", "--username=ccs_jobstore", "ccs_jobstore",
            ],
            capture_output=True, text=True,
        )
        deleted = re.search(r"^number of transactions actually processed: (\d+)", output.stdout, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: (\d+)", output.stdout, re.MULTILINE)
        rate = re.search(r"^tps = ([\d.]+)", output.stdout, re.MULTILINE)
        if output.returncode or not deleted or not rate or int(failed[1]):
            raise Failed(f"pgbench failed: {output.stdout}{output.stderr}")
        latencies = []
        for file in glob.glob(f"{folder}/*"):
            with open(file) as lines:
                latencies += [int(line.split()[2]) / 1e3 for line in lines]
        cuts = statistics.quantiles(latencies, n=100)
        return {
            "deleted": int(deleted[1]), "seconds": int(deleted[1]) / float(rate[1]), "p50": cuts[49], "p99": cuts[98],
        }

    def check(self, deleted, gone):
        if gone != deleted:
            raise Failed(f"{self.name}: {deleted} transactions, and {gone} jobs are gone; was the list too short?")


def run(contender, seconds, jobs):
    """One run on a fresh store, and the checks after it."""
    database, settings = contender.database, contender.settings
    database.make_jobs(jobs)
    machine.wait_until_quiet(settings.patience)
    server = contender.server.process.pid if contender.server else None

    def used():
        return {
            "postgres": machine.seconds_used(settings.cluster_pid),
            "server": machine.seconds_used(server) if server else 0.0,
            "client": os.times().children_user + os.times().children_system,
            "all": machine.seconds_busy()[0],
            "stolen": machine.seconds_busy()[1],
        }

    before = used()
    result = contender.measure(seconds)
    spent = {name: value - before[name] for name, value in used().items()}
    # What clients left behind when they went is finished, or cancelled.
    time.sleep(1)
    gone = jobs - database.jobs()
    contender.check(result["deleted"], gone)
    database.wait_until_erased(60)
    database.check_no_orphans()
    if database.audited() != gone:
        raise Failed(f"{contender.name}: {gone} jobs are gone, and {database.audited()} deletions are in the audit")
    others = max(0.0, spent["all"] - spent["postgres"] - spent["server"] - spent["client"])
    return {
        **result, "rate": result["deleted"] / result["seconds"],
        "microsecondsPerDeletion": {
            part: spent[part] / result["deleted"] * 1e6 for part in ("postgres", "server", "client")
        },
        "others": (others + spent["stolen"]) / (result["seconds"] * os.cpu_count()),
    }


def undisturbed(contender, seconds, jobs):
    """A run that others did not disturb, or the fourth, whatever it was."""
    for _ in range(3 if contender.settings.patience else 0):
        result = run(contender, seconds, jobs)
        if result["others"] < machine.QUIET:
            return result
    return run(contender, seconds, jobs)


def measure(settings, database, say):
    servers = [JobStore(settings.state, settings.binary, settings.sockets, pool) for pool in settings.pools]
    fastapi = FastAPI(settings.state, settings.sockets, settings.connections // FastAPI.WORKERS)
    started = []
    try:
        for server in [*servers, fastapi]:
            server.start()
            started.append(server)
        contenders = [
            *(
                OverTLS("service" if pool is None else f"service, {pool} connections", settings, database, server)
                for pool, server in zip(settings.pools, servers)
            ),
            PGBench("pgbench", settings, database, "delete_function.pgbench"),
            PGBench("pgbench, plain statements", settings, database, "delete_statements.pgbench"),
            OverTLS("FastAPI", settings, database, fastapi),
        ]
        say("warming up, and finding out how many jobs a run wants")
        fastest = max(run(contender, WARM_UP_SECONDS, WARM_UP_JOBS)["rate"] for contender in contenders)
        jobs = math.ceil(fastest * settings.seconds * RESERVE / 10_000) * 10_000
        say(f"{settings.runs} rounds of {settings.seconds} s each, {jobs:,} jobs in the store before every run")
        rounds = []
        for number in range(settings.runs):
            results = {}
            for contender in contenders:
                result = results[contender.name] = undisturbed(contender, settings.seconds, jobs)
                costs = result["microsecondsPerDeletion"]
                say(
                    f"round {number + 1}, {contender.name}: {result['rate']:,.0f} deletions a second,"
                    f" p99 {result['p99']:.1f} ms; processor µs a deletion: PostgreSQL {costs['postgres']:.0f},"
                    f" server {costs['server']:.0f}, client {costs['client']:.0f}; others had"
                    f" {result['others']:.1%} of the machine"
                )
            rounds.append(results)
        return {"jobs": jobs, "rounds": rounds}
    finally:
        for server in started:
            server.stop()
