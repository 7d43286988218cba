"""The service's memory at rest, and the time of its start."""

import base64
import os
import threading
import time

import machine
from database import PASSWORD, TOKEN, USER, Failed
from servers import Client, JobStore

REQUESTS = 1000
LOGINS = 16


def _at_rest(server):
    """The memory once nothing is going on."""
    time.sleep(2)
    total, own = machine.resident(server.process.pid)
    return {"resident": total, "anonymous": own}


def _side_by_side(count, port, body):
    """Calls body(client, place) once for each client, concurrently."""
    failures = []

    def work(place):
        try:
            with Client(port, TOKEN) as client:
                body(client, place)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _expect(status, answer):
    if answer[0] != status:
        raise Failed(f"{status} is expected, not {answer[0]}: {answer[1][:200]!r}")


def memory(settings, database, say):
    """Resident memory in MB: after the start, after requests, after logins at the shipped cost."""
    rounds = []
    clients = settings.connections[0]

    def requests(client, place):
        # Three reads and a deletion, each on a job of its own.
        for number in range(place, REQUESTS, clients):
            identifier = f"{number * 2654435761 % 2**32:08x}-be7c-4000-8000-{number:012x}"
            if number % 4 == 3:
                _expect(204, client.request("DELETE", f"/ccs/api/v1/Jobs?jobid={identifier}"))
            else:
                _expect(200, client.request("GET", f"/ccs/api/v1/jobs/{identifier}"))

    login = f"grant_type=password&username={USER}&password={base64.b64encode(PASSWORD.encode()).decode()}".encode()

    def log_in(client, place):
        client.token = None
        _expect(200, client.request("POST", "/ccs/api/v1/oauth/tokens", login))

    for number in range(settings.runs):
        database.make_jobs(REQUESTS)
        with JobStore(settings.state, settings.binary, settings.sockets) as server:
            started = _at_rest(server)
            _side_by_side(clients, server.port, requests)
            worked = _at_rest(server)
            _side_by_side(LOGINS, server.port, log_in)
            logged_in = _at_rest(server)
        rounds.append({"started": started, "worked": worked, "loggedIn": logged_in})
        say(
            f"memory, round {number + 1}: {started['resident']:.1f} MB after the start, {worked['resident']:.1f} MB"
            f" after {REQUESTS:,} requests, {logged_in['resident']:.1f} MB after {LOGINS} logins at once"
        )
    return {"requests": REQUESTS, "logins": LOGINS, "program": os.path.getsize(settings.binary), "rounds": rounds}


def start(settings, database, say):
    """Milliseconds from exec to the first 200 of /readyz."""
    times = []
    for _ in range(settings.runs * 2):
        machine.wait_until_quiet(settings.patience)
        server = JobStore(settings.state, settings.binary, settings.sockets)
        times.append(server.start() * 1e3)
        server.stop()
    say("start to ready: " + ", ".join(f"{milliseconds:.0f}" for milliseconds in times) + " ms")
    return {"milliseconds": times}
