"""GET of one job by its ID: the service, pgbench and FastAPI in turns on one unchanging store.

Beside them a handler that only answers, which is how far libmicrohttpd and TLS let anybody get.
"""

import contenders
import machine
from servers import Bare, FastAPI, JobStore

JOBS = 100_000
WARM_UP_SECONDS = 2


class OverTLS(contenders.OverTLS):
    script = "get.lua"


def measure(settings, database, say):
    """The results, by number of connections."""
    database.make_jobs(JOBS)
    return {str(connections): _measure(settings, database, say, connections) for connections in settings.connections}


def _measure(settings, database, say, connections):
    with (
        JobStore(settings.state, settings.binary, settings.sockets) as service,
        FastAPI(settings.state, settings.sockets) as fastapi,
        Bare(settings.state) as bare,
    ):
        variables = {"jobs": JOBS}.items()
        field = [
            OverTLS("service", settings, database, connections, service),
            contenders.PGBench("pgbench", settings, database, connections, "get.pgbench", variables),
            OverTLS("FastAPI", settings, database, connections, fastapi),
            OverTLS(Bare.name, settings, database, connections, bare),
        ]
        for contender in field:
            contenders.timed(contender, WARM_UP_SECONDS)
        rounds = []
        for number in range(settings.runs):
            results = {}
            for contender in field:
                machine.wait_until_quiet(settings.patience)
                result = results[contender.name] = contenders.timed(contender, settings.seconds)
                say(
                    f"{connections} connections, round {number + 1}, {contender.name}:"
                    f" {contenders.told(result, 'jobs')}"
                )
            rounds.append(results)
        return {"jobs": JOBS, "rounds": rounds}
