"""Measures what scripts/bench has prepared, and writes report.md and report.json."""

import argparse
import json
import os
import signal
import sys
import time

import attacks
import bulk
import connections
import deletion
import footprint
import handshakes
import large
import logins
import machine
import reading
import report
import scaling
from database import Database, Failed

PARTS = {
    "delete": deletion.measure,
    "read": reading.measure,
    "large": large.measure,
    "bulk": bulk.measure,
    "logins": logins.measure,
    "connections": connections.measure,
    "handshakes": handshakes.measure,
    "memory": footprint.memory,
    "start": footprint.start,
    "scale": scaling.measure,
    "others": scaling.others,
    "attacks": attacks.measure,
}


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    for name in ("state", "binary", "sockets", "programs"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("cluster-pid", "seconds", "runs", "rows", "patience", "others"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--record", action="append", default=[], help="a page whose rows are updated")
    parser.add_argument("--nginx", help="its program; for the handshakes")
    numbers = lambda text: [int(number) for number in text.split(",")]
    parser.add_argument("--connections", required=True, type=numbers)
    parser.add_argument("--pool", dest="pools", default=[None], type=numbers)
    return parser.parse_args()


def say(text):
    print(f"   {text}", flush=True)


def main():
    # Stops what was started when this process is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    chosen = settings()
    database = Database(chosen.sockets)
    database.make_user()
    venv = os.path.join(chosen.state, "venv") if {"delete", "read"} & set(chosen.parts) else None
    results = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine.description(database, chosen.programs, venv),
        "seconds": chosen.seconds,
    }
    for name, value in results["machine"].items():
        say(f"{name}: {value}")
    try:
        for part, measure in PARTS.items():
            if part in chosen.parts:
                print(f"== {part}", flush=True)
                results[part] = measure(chosen, database, say)
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    if "scale" in results:
        scaling.plot(results["scale"], os.path.join(chosen.state, "plots"))
        say(f"the plots are in {chosen.state}/plots")
    table = report.markdown(results)
    for page in chosen.record:
        say(f"{report.record(page, report.rows(results))} rows updated in {page}")
    with open(os.path.join(chosen.state, "report.json"), "w") as file:
        json.dump(results, file, indent=2)
    with open(os.path.join(chosen.state, "report.md"), "w") as file:
        file.write(table)
    print(f"\n{table}\nIt is in {chosen.state}/report.md, and the raw numbers in report.json beside it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
