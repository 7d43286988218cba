"""Delete Job on small jobs: the service, pgbench and FastAPI in turns on one cluster."""

import math
import time

import contenders
import machine
from database import Failed
from servers import FastAPI, JobStore

WARM_UP_SECONDS = 2
WARM_UP_JOBS = 60_000
# More jobs than the fastest of the warm-up would delete.
RESERVE = 2.5
# Jobs in a transaction of sql/delete_together.pgbench.
TOGETHER = 32


class OverTLS(contenders.OverTLS):
    script = "delete.lua"

    def measure(self, seconds):
        if isinstance(self.server, JobStore):
            self.server.forget_log()
        return super().measure(seconds)

    def check(self, deleted, gone):
        """Checks that exactly the jobs answered with 204 are gone. wrk drops the last response of each connection."""
        if not 0 <= gone - deleted <= self.connections:
            raise Failed(f"{self.name}: {deleted} answers of 204, and {gone} jobs are gone")
        if isinstance(self.server, JobStore):
            statuses = self.server.statuses("Delete Job")
            if statuses != {204: gone}:
                raise Failed(f"{self.name}: {gone} jobs are gone, and the log says {dict(statuses)}")


class PGBench(contenders.PGBench):
    def check(self, deleted, gone):
        if gone != deleted:
            raise Failed(f"{self.name}: {deleted} transactions, and {gone} jobs are gone; was the list too short?")


def run(contender, seconds, jobs):
    """One run on a fresh store, and the checks after it."""
    database = contender.database
    database.make_jobs(jobs)
    machine.wait_until_quiet(contender.settings.patience)
    result = contenders.timed(contender, seconds)
    # Requests that clients abandoned are finished or cancelled.
    time.sleep(1)
    gone = jobs - database.jobs()
    contender.check(result["done"], gone)
    database.wait_until_erased(60)
    database.check_no_orphans()
    if database.audited() != gone:
        raise Failed(f"{contender.name}: {gone} jobs are gone, and {database.audited()} deletions are in the audit")
    return result


def undisturbed(contender, seconds, jobs, say):
    """A run that other processes did not disturb, or else the fourth."""
    for _ in range(3 if contender.settings.patience else 0):
        result = run(contender, seconds, jobs)
        if result["others"] < machine.QUIET:
            return result
        say(f"{contender.name}: left out, others had {result['others']:.1%} of the machine")
    return run(contender, seconds, jobs)


def measure(settings, database, say):
    """The results, by number of connections."""
    return {str(connections): _measure(settings, database, say, connections) for connections in settings.connections}


def _measure(settings, database, say, connections):
    servers = [JobStore(settings.state, settings.binary, settings.sockets, pool) for pool in settings.pools]
    fastapi = FastAPI(settings.state, settings.sockets)
    started = []
    try:
        for server in [*servers, fastapi]:
            server.start()
            started.append(server)
        field = [
            *(
                OverTLS(
                    "service" if pool is None else f"service, {pool} connections", settings, database, connections,
                    server,
                )
                for pool, server in zip(settings.pools, servers)
            ),
            PGBench("pgbench", settings, database, connections, "delete_function.pgbench"),
            PGBench("pgbench, plain statements", settings, database, connections, "delete_statements.pgbench"),
            OverTLS("FastAPI", settings, database, connections, fastapi),
        ]
        # The limit of sharing transactions: 32 deletions in each, on two connections.
        if connections == settings.connections[0]:
            field.append(
                PGBench("pgbench, 32 at a time", settings, database, 2, "delete_together.pgbench", each=TOGETHER)
            )
        say(f"{connections} connections: warming up, and finding out how many jobs a run wants")
        fastest = max(
            run(contender, WARM_UP_SECONDS, WARM_UP_JOBS)["rate"] for contender in field if contender.each == 1
        )
        jobs = math.ceil(fastest * settings.seconds * RESERVE / 10_000) * 10_000
        say(f"{settings.runs} rounds of {settings.seconds} s each, {jobs:,} jobs in the store before every run")
        rounds = []
        for number in range(settings.runs):
            results = {}
            for contender in field:
                wanted = jobs if contender.each == 1 else 4 * jobs
                result = results[contender.name] = undisturbed(contender, settings.seconds, wanted, say)
                say(f"round {number + 1}, {contender.name}: {contenders.told(result, 'deletions')}")
            rounds.append(results)
        return {"jobs": jobs, "rounds": rounds}
    finally:
        for server in started:
            server.stop()
