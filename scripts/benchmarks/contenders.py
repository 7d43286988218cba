"""The load generators: wrk over TLS, and pgbench on the database."""

import glob
import os
import re
import statistics
import subprocess

import machine
import wrk
from database import TOKEN, TOKEN_HASH, USER, Failed

HERE = os.path.dirname(os.path.abspath(__file__))


class Contender:
    """`measure` is timed, `check` follows it."""

    server = None
    # The number of items of one operation.
    each = 1

    def __init__(self, name, settings, database, connections):
        self.name, self.settings, self.database, self.connections = name, settings, database, connections

    def measure(self, seconds):
        """The number, seconds, and percentiles of the latency in milliseconds."""
        raise NotImplementedError


class OverTLS(Contender):
    """wrk on kept-alive connections, with a script."""

    script = None

    def __init__(self, name, settings, database, connections, server):
        super().__init__(name, settings, database, connections)
        self.server = server

    def measure(self, seconds):
        summary = wrk.run(
            self.script, self.server.port, self.connections, seconds, BENCH_TOKEN=TOKEN, BENCH_THREADS=str(wrk.THREADS)
        )
        if summary["notSuccessful"] or summary["broken"]:
            raise Failed(
                f"{self.name}: {summary['notSuccessful']} answers were no success and {summary['broken']} never came;"
                " if they are 404, the list of jobs was too short"
            )
        return {
            "done": summary["answers"], "seconds": summary["microseconds"] / 1e6,
            "p50": summary["p50"] / 1e3, "p99": summary["p99"] / 1e3,
        }


class PGBench(Contender):
    """pgbench -M prepared, with a script and its variables."""

    def __init__(self, name, settings, database, connections, script, variables=(), each=1):
        """`each` is the number of items of one transaction."""
        super().__init__(name, settings, database, connections)
        self.script, self.variables, self.each = script, variables, each

    def measure(self, seconds):
        folder = os.path.join(self.settings.state, "pgbench")
        os.makedirs(folder, exist_ok=True)
        for file in glob.glob(f"{folder}/*"):
            os.remove(file)
        variables = {
            "i": -1, "connections": self.connections, "user_id": self.database.user, "user_name": USER,
            "token_hash": TOKEN_HASH, **dict(self.variables),
        }
        output = subprocess.run(
            [
                os.path.join(self.settings.programs, "pgbench"), "--no-vacuum", "--protocol=prepared",
                f"--client={self.connections}", "--jobs=2", f"--time={seconds}",
                "--log", "--sampling-rate=0.2", f"--log-prefix={folder}/log",
                *(part for name, value in variables.items() for part in ("-D", f"{name}={value}")),
                f"--file={os.path.join(HERE, 'sql', self.script)}",
                f"--host={self.settings.sockets}", "--username=ccs_jobstore", "ccs_jobstore",
            ],
            capture_output=True, text=True,
        )
        done = re.search(r"^number of transactions actually processed: (\d+)", output.stdout, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: (\d+)", output.stdout, re.MULTILINE)
        rate = re.search(r"^tps = ([\d.]+)", output.stdout, re.MULTILINE)
        if output.returncode or not done or not rate or int(failed[1]):
            raise Failed(f"pgbench failed: {output.stdout}{output.stderr}")
        latencies = []
        for file in glob.glob(f"{folder}/*"):
            with open(file) as lines:
                latencies += [int(line.split()[2]) / 1e3 for line in lines]
        cuts = statistics.quantiles(latencies, n=100)
        return {
            "done": int(done[1]) * self.each, "seconds": int(done[1]) / float(rate[1]), "p50": cuts[49], "p99": cuts[98],
        }


def timed(contender, seconds):
    """One run, with the processor time of each part per response."""
    server = contender.server.process.pid if contender.server else None

    def used():
        busy, stolen = machine.seconds_busy()
        return {
            "postgres": machine.seconds_used(contender.settings.cluster_pid),
            "server": machine.seconds_used(server) if server else 0.0,
            "client": os.times().children_user + os.times().children_system,
            "all": busy, "stolen": stolen,
        }

    before = used()
    result = contender.measure(seconds)
    spent = {name: value - before[name] for name, value in used().items()}
    others = max(0.0, spent["all"] - spent["postgres"] - spent["server"] - spent["client"])
    return {
        **result, "rate": result["done"] / result["seconds"],
        "microsecondsEach": {
            part: spent[part] / result["done"] * 1e6 for part in ("postgres", "server", "client")
        },
        "others": (others + spent["stolen"]) / (result["seconds"] * os.cpu_count()),
    }


def told(result, what):
    """A run as one line of text."""
    costs = result["microsecondsEach"]
    return (
        f"{result['rate']:,.0f} {what} a second, p99 {result['p99']:.1f} ms; processor µs each: PostgreSQL"
        f" {costs['postgres']:.0f}, server {costs['server']:.0f}, client {costs['client']:.0f}; others had"
        f" {result['others']:.1%} of the machine"
    )
