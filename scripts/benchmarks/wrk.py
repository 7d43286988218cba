"""wrk(1), with one of the scripts in the folder of its name."""

import json
import os
import re
import subprocess

from database import Failed

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk")
THREADS = 2


def run(script, port, connections, seconds, timeout=10, **environment):
    """The script's summary; times are in microseconds. A response that takes longer than the timeout is an error."""
    output = subprocess.run(
        [
            "wrk", f"-t{min(THREADS, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{timeout}s",
            "-s", os.path.join(SCRIPTS, script), f"https://127.0.0.1:{port}/",
        ],
        env={**os.environ, "BENCH_SUMMARY": os.path.join(SCRIPTS, "summary.lua"), **environment},
        capture_output=True, text=True,
    )
    found = re.search(r"^summary (.*)$", output.stdout, re.MULTILINE)
    if not found:
        raise Failed(f"wrk failed: {output.stdout}{output.stderr}")
    return json.loads(found[1])
