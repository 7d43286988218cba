"""One version of the service, measured on request of versions.py.

It imports the benchmark of its own checkout from PYTHONPATH, so that each version is seeded by what knows its schema.
Each line of standard input names a measurement, and is answered by a line of JSON.
"""

import argparse
import json
import os
import sys
import types

import bulk
import contenders
import deletion
import footprint
import reading
from database import Database
from servers import JobStore

# Jobs in the list of a run, for each of its seconds: more than any version deletes.
DELETED_PER_SECOND = 16_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("state", "binary", "sockets", "programs"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("cluster-pid", "seconds", "connections"):
        parser.add_argument(f"--{name}", type=int, required=True)
    chosen = vars(parser.parse_args())
    return types.SimpleNamespace(**{**chosen, "connections": [chosen["connections"]], "patience": 0, "runs": 1})


def main():
    settings = arguments()
    database = Database(settings.sockets)
    database.make_user()
    lines = None

    def deletions():
        with JobStore(settings.state, settings.binary, settings.sockets) as server:
            contender = deletion.OverTLS("service", settings, database, settings.connections[0], server)
            deletion.run(contender, 2, 2 * DELETED_PER_SECOND)
            return deletion.run(contender, settings.seconds, settings.seconds * DELETED_PER_SECOND)

    def reads():
        database.make_jobs(reading.JOBS)
        with JobStore(settings.state, settings.binary, settings.sockets) as server:
            contender = reading.OverTLS("service", settings, database, settings.connections[0], server)
            contenders.timed(contender, 2)
            return contenders.timed(contender, settings.seconds)

    def upload():
        nonlocal lines
        if lines is None:
            os.makedirs(os.path.join(settings.state, "bulk"), exist_ok=True)
            lines, _ = bulk.make_files(os.path.join(settings.state, "bulk"))
        result = bulk.by_request(settings, database, lines)
        return {**result, "rate": result["rowsPerSecond"]}

    def memory():
        result = footprint.memory(settings, database, lambda _: None)["rounds"][0]
        return {name: values["resident"] for name, values in result.items()}

    def start():
        server = JobStore(settings.state, settings.binary, settings.sockets)
        seconds = server.start()
        server.stop()
        return {"milliseconds": seconds * 1e3}

    measurements = {"delete": deletions, "read": reads, "bulk": upload, "memory": memory, "start": start}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measurements[line.strip()]()), flush=True)


if __name__ == "__main__":
    main()
