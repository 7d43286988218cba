"""Many idle TLS connections: their memory, and the latency of other requests."""

import multiprocessing
import resource
import time

import machine
from database import TOKEN, Failed
from large import Readers
from servers import Client, JobStore

IDLE = 10_000
PROCESSES = 4
# Descriptors of a process besides the idle connections.
OTHER_DESCRIPTORS = 500
JOBS = 1000
JOB = "00000000-be7c-4000-8000-000000000000"


def _raise_descriptor_limit(wanted):
    """Raises the limit for this process and its children; the server inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, most), max(wanted, most)))
    except (ValueError, OSError):
        raise Failed(f"{wanted} file descriptors are needed, and the limit is {most}; raise it with ulimit -n") from None


def _hold(port, count, pipe):
    """Opens connections, sends one request on each, and keeps them open until told to close."""
    clients = []
    try:
        for _ in range(count):
            client = Client(port, TOKEN)
            status, _ = client.request("GET", f"/ccs/api/v1/jobs/{JOB}")
            if status != 200:
                raise Failed(f"a request on one of many connections was answered {status}")
            clients.append(client)
        pipe.send(None)
        pipe.recv()
        # The server has closed none of them.
        for client in clients[:: max(1, count // 100)]:
            client.request("GET", f"/ccs/api/v1/jobs/{JOB}")
        pipe.send(None)
        pipe.recv()
    except Exception as error:
        pipe.send(error)


class Idle:
    """The connections, in separate processes; `with` opens and closes them."""

    def __init__(self, port, count):
        shares = [count // PROCESSES + (place < count % PROCESSES) for place in range(PROCESSES)]
        self.pipes, self.processes = [], []
        # A new interpreter each, without this one's memory.
        context = multiprocessing.get_context("spawn")
        for share in shares:
            ours, theirs = context.Pipe()
            self.pipes.append(ours)
            self.processes.append(context.Process(target=_hold, args=(port, share, theirs), daemon=True))

    def _wait(self):
        for pipe in self.pipes:
            if not pipe.poll(600):
                raise Failed("the connections were not opened within 600 seconds")
            error = pipe.recv()
            if error:
                raise error

    def still_open(self):
        """Raises if the server has closed some."""
        for pipe in self.pipes:
            pipe.send(None)
        self._wait()

    def __enter__(self):
        for process in self.processes:
            process.start()
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.join()


def _latencies(server, settings):
    machine.wait_until_quiet(settings.patience)
    with Readers(server.port, JOB) as readers:
        time.sleep(1)
        began = time.monotonic()
        time.sleep(settings.seconds)
        return readers.milliseconds(began, time.monotonic())


def measure(settings, database, say):
    _raise_descriptor_limit(IDLE + OTHER_DESCRIPTORS)
    rounds = []
    for number in range(min(settings.runs, 3)):
        database.make_jobs(JOBS)
        with JobStore(
            settings.state, settings.binary, settings.sockets,
            **{"limits.idleTimeoutSeconds": 3600, "limits.connections": IDLE + 1000},
        ) as server:
            alone = _latencies(server, settings)
            time.sleep(2)
            before, _ = machine.resident(server.process.pid)
            began = time.monotonic()
            with Idle(server.port, IDLE) as idle:
                opened = time.monotonic() - began
                time.sleep(2)
                after, _ = machine.resident(server.process.pid)
                among = _latencies(server, settings)
                idle.still_open()
        kilobytes = (after - before) * 1e3 / IDLE
        rounds.append({
            "kilobytesEach": kilobytes, "resident": after, "secondsToOpen": opened, "alone": alone, "among": among,
        })
        say(
            f"connections, round {number + 1}: {IDLE:,} idle ones take {kilobytes:.1f} kB each, {after:.0f} MB in all;"
            f" GET p50 {alone['p50']:.2f} ms and p99 {alone['p99']:.2f} ms without them, {among['p50']:.2f} ms and"
            f" {among['p99']:.2f} ms among them"
        )
    return {"idle": IDLE, "rounds": rounds}
