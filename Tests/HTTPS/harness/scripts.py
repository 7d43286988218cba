"""The scripts for operators, run against a cluster of the tests."""

import os
import pty
import subprocess

from harness.cluster import REPOSITORY
from harness.server import environment


def run_script(name, *arguments, cluster=None, answer=None, **variables):
    """Runs `scripts/NAME` until it exits. With an `answer`, its standard input is a terminal where that is typed."""
    if cluster:
        variables = {"PGHOST": str(cluster.socket_folder), "PGUSER": "postgres"} | variables
    options = {"env": environment(**variables), "capture_output": True, "text": True, "timeout": 120}
    command = [REPOSITORY / "scripts" / name, *map(str, arguments)]
    if answer is None:
        return subprocess.run(command, stdin=subprocess.DEVNULL, **options)
    master, slave = pty.openpty()
    try:
        os.write(master, answer.encode())
        return subprocess.run(command, stdin=slave, **options)
    finally:
        os.close(slave)
        os.close(master)
