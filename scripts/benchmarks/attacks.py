"""What a client with a token notices while people without one attack, and the memory that the server takes.

All at once, from another address: TLS handshakes that are begun and given up, idle connections, bodies that stop one byte
before their end, and wrong passwords. The rates are those of an attacker with little; the figures are ratios to rest.
"""

import os
import resource
import socket
import ssl
import statistics
import threading
import time
import uuid

import machine
from database import TOKEN, Failed
from servers import JobStore

ATTACKER, CLIENT = "127.0.0.1", "127.0.0.2"
IDLE, BODIES = 12_000, 1_500
HANDSHAKES_PER_SECOND, LOGINS_PER_SECOND = 100, 5
BODY = 1_048_576
REQUESTS_PER_SECOND = 50


def connected(port, source):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
    connection.setblocking(True)
    return connection


def context():
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting


class Client:
    """One GET of a job after another on a kept connection; seconds each."""

    def __init__(self, port, job):
        self.stream = context().wrap_socket(connected(port, CLIENT))
        self.request = (
            f"GET /ccs/api/v1/Jobs/{job} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        ).encode()

    def get(self):
        began = time.monotonic()
        self.stream.sendall(self.request)
        answer = self.stream.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise Failed(f"a client with a token was answered {answer[:100]!r}")
        return time.monotonic() - began


class Attack:
    """Threads that go on until the end of the block."""

    def __init__(self, port):
        self.port = port
        self.over = threading.Event()
        self.held = []
        self.done = {"handshakes": 0, "logins": 0}
        self.threads = [
            threading.Thread(target=self.repeat, args=(what, rate))
            for what, rate in ((self.handshake, HANDSHAKES_PER_SECOND), (self.login, LOGINS_PER_SECOND))
        ]

    def __enter__(self):
        for number in range(IDLE):
            self.hold(connected(self.port, ATTACKER), b"")
        body = f"POST /ccs/api/v1/Jobs HTTP/1.1\r\nHost: h\r\nContent-Length: {BODY}\r\n\r\n".encode() + b" " * (BODY - 1)
        for number in range(BODIES):
            try:
                stream = context().wrap_socket(connected(self.port, ATTACKER))
                self.hold(stream, body)
            except OSError:
                pass
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        for connection in self.held:
            connection.close()

    def hold(self, connection, data):
        self.held.append(connection)
        try:
            if data:
                connection.settimeout(5)
                connection.sendall(data)
        except OSError:
            pass

    def repeat(self, act, rate):
        next_time = time.monotonic()
        while not self.over.wait(max(0, next_time - time.monotonic())):
            next_time += 1 / rate
            try:
                act()
            except OSError:
                pass

    def handshake(self):
        """A ClientHello, and nothing more."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context().wrap_bio(incoming, outgoing)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        with connected(self.port, ATTACKER) as connection:
            connection.sendall(outgoing.read())
            connection.settimeout(0.01)
            try:
                connection.recv(1)
            except TimeoutError:
                pass
        self.done["handshakes"] += 1

    def login(self):
        body = b"grant_type=password&username=BENCH&password=d3Jvbmc="
        with context().wrap_socket(connected(self.port, ATTACKER)) as stream:
            stream.sendall(
                b"POST /ccs/api/v1/oauth/tokens HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
            )
            stream.recv(1000)
        self.done["logins"] += 1


def latencies(client, seconds):
    """At a steady rate, as a client has requests."""
    times, next_time, end = [], time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(max(0, next_time - time.monotonic()))
        next_time += 1 / REQUESTS_PER_SECOND
        times.append(client.get())
    return times


def percentile(times):
    return statistics.quantiles(times, n=100)[98]


def resident(process):
    with open(f"/proc/{process}/status") as lines:
        return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS"))


def measure(settings, database, say):
    resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
    database.make_jobs(1)
    job = database.rows("SELECT job_id FROM directory.jobs LIMIT 1")[0][0]
    rounds = []
    for number in range(min(settings.runs, 3)):
        with JobStore(settings.state, settings.binary, settings.sockets) as server:
            client = Client(server.port, uuid.UUID(str(job)))
            latencies(client, 2)
            machine.wait_until_quiet(settings.patience)
            rest = percentile(latencies(client, settings.seconds))
            with Attack(server.port) as attack:
                attacked = percentile(latencies(client, settings.seconds))
                done = dict(attack.done)
                megabytes = resident(server.process.pid)
            rounds.append({"rest": rest, "attacked": attacked, "ratio": attacked / rest, "megabytes": megabytes})
            say(
                f"run {number + 1}: 99th percentile {rest * 1e3:.2f} ms at rest, {attacked * 1e3:.2f} ms under"
                f" {IDLE:,} idle connections, {BODIES:,} bodies, {done['handshakes']} handshakes and {done['logins']}"
                f" wrong passwords: {attacked / rest:.2f} times; {rounds[-1]['megabytes']:.0f} MB"
            )
    return {"rounds": rounds}
