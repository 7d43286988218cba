"""New TLS connections a second, a request on each: the service and nginx in turns, with the same certificate.

Beside them libmicrohttpd with a handler that only answers. It has less to do than the service, but spins while it waits
for a client's part of a handshake, which the service does not.

The clients are `openssl s_time -new`: a full handshake each time, with one cipher and one key exchange for both.
"""

import re
import subprocess
import time

import machine
from database import Failed
from servers import Bare, Client, JobStore, NGINX

CLIENTS = 8
CIPHER = "TLS_AES_128_GCM_SHA256"
# Answered by the service without the database, and by nginx from its configuration.
PATH = "/livez"


def run(server, settings, seconds):
    """Connections a second, and the server's processor time for each."""
    machine.wait_until_quiet(settings.patience)
    process = server.process.pid
    with Client(server.port) as client:
        status, _ = client.request("GET", PATH)
        if status != 200:
            raise Failed(f"{server.name} answered {status}")
    before, began = machine.seconds_used(process), time.monotonic()
    clients = [
        subprocess.Popen(
            [
                "openssl", "s_time", "-new", "-connect", f"127.0.0.1:{server.port}", "-www", PATH,
                "-time", str(seconds), "-tls1_3", "-ciphersuites", CIPHER,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(CLIENTS)
    ]
    total = 0
    for client in clients:
        output, _ = client.communicate(timeout=seconds + 60)
        found = re.search(r"^(\d+) connections in \d+ real seconds, (\d+) bytes read per", output, re.MULTILINE)
        if client.returncode or not found or not int(found[2]):
            raise Failed(f"openssl s_time at {server.name} failed: {output[-500:]}")
        total += int(found[1])
    elapsed = time.monotonic() - began
    used = machine.seconds_used(process) - before
    return {"rate": total / elapsed, "microsecondsEach": used / total * 1e6}


def measure(settings, database, say):
    rounds = []
    with (
        JobStore(settings.state, settings.binary, settings.sockets) as ours,
        NGINX(settings.state, settings.nginx) as nginx,
        Bare(settings.state) as bare,
    ):
        field = {"service": ours, "nginx": nginx, Bare.name: bare}
        for server in field.values():
            run(server, settings, 2)
        for number in range(settings.runs):
            results = {name: run(server, settings, settings.seconds) for name, server in field.items()}
            rounds.append(results)
            say(
                f"handshakes, round {number + 1}: "
                + "; ".join(
                    f"{name} {result['rate']:,.0f} a second, {result['microsecondsEach']:.0f} µs of a processor each"
                    for name, result in results.items()
                )
            )
        version = subprocess.run([settings.nginx, "-v"], capture_output=True, text=True).stderr.strip()
    return {"nginx": version.removeprefix("nginx version: "), "rounds": rounds}
