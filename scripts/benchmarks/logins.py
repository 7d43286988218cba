"""Logins a second, with the password remembered and with scrypt each time."""

import base64
import time

import machine
import wrk
from database import LOGIN_USERS, PASSWORD, Failed
from servers import Client, JobStore

# Several users: the passwords of one user are hashed one at a time.
BODIES = [
    f"grant_type=password&username={user}&password={base64.b64encode(PASSWORD.encode()).decode()}"
    for user in LOGIN_USERS
]
# scrypt is slow by intent, and there are as many in the queue as connections.
TIMEOUT = 60


def run(settings, database, remember):
    """Logins a second, without the first of each user, which is always hashed."""
    database.forget_logins()
    machine.wait_until_quiet(settings.patience)
    with JobStore(
        settings.state, settings.binary, settings.sockets, **{} if remember else {"passwords.rememberSeconds": 0}
    ) as server:
        with Client(server.port) as client:
            for body in BODIES:
                status, _ = client.request("POST", "/ccs/api/v1/oauth/tokens", body.encode())
                if status != 200:
                    raise Failed(f"a login was answered {status}")
        summary = wrk.run(
            "login.lua", server.port, settings.connections[0], settings.seconds, TIMEOUT, BENCH_BODIES="\n".join(BODIES)
        )
        # Requests in progress when wrk ended are finished.
        time.sleep(2)
    answers, sessions = summary["answers"], database.logins() - len(BODIES)
    if summary["notSuccessful"] or summary["broken"]:
        raise Failed(f"{summary['notSuccessful']} logins were refused, {summary['broken']} never answered")
    if not answers <= sessions <= answers + settings.connections[0]:
        raise Failed(f"{answers} logins were answered, and there are {sessions} sessions")
    return {"rate": answers / (summary["microseconds"] / 1e6), "p50": summary["p50"] / 1e3, "p99": summary["p99"] / 1e3}


def measure(settings, database, say):
    rounds = []
    for number in range(settings.runs):
        results = {
            "hashed": run(settings, database, remember=False), "remembered": run(settings, database, remember=True)
        }
        rounds.append(results)
        say(
            f"logins, round {number + 1}: {results['hashed']['rate']:.1f} a second by scrypt,"
            f" {results['remembered']['rate']:,.0f} with the password remembered"
        )
    database.forget_logins()
    return {"rounds": rounds}
