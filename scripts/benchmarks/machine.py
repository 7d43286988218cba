"""The machine, and the processor time of all processes."""

import os
import platform
import re
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def _output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout + ""


def _package(name):
    return _output("dpkg-query", "-W", "-f=${Version}", name) or "unknown"


def _field(path, name):
    with open(path) as lines:
        for line in lines:
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
    return "unknown"


def description(connection, programs, venv):
    """What a reader needs to judge the figures, in the order of the report."""
    setting = connection.value
    facts = {
        "processor": f"{_field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "PostgreSQL": setting("SHOW server_version")
        + "".join(
            f", {name} {setting(f'SHOW {name}')}" for name in ("fsync", "synchronous_commit", "shared_buffers")
        ),
        "pgbench": _output(f"{programs}/pgbench", "--version").strip().removeprefix("pgbench (PostgreSQL) "),
        "wrk": _package("wrk"),
        "libmicrohttpd": _package("libmicrohttpd12"),
        "GnuTLS": _package("libgnutls30"),
    }
    if venv:
        frozen = dict(re.findall(r"^(\S+)==(\S+)$", _output(f"{venv}/bin/pip", "freeze"), re.MULTILINE))
        names = ("fastapi", "uvicorn", "uvloop", "httptools", "asyncpg")
        facts["FastAPI"] = f"Python {platform.python_version()}, " + ", ".join(
            f"{name} {frozen.get(name, 'missing')}" for name in names
        )
    return facts


# --- processor time ---------------------------------------------------------------------------------------------------


def _times(process):
    """A process's parent and processor seconds: its own, and those of its ended children."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:13])) / TICKS, sum(map(int, fields[13:15])) / TICKS


def seconds_used(root):
    """Processor seconds of a process and all its descendants, including ended ones."""
    parents, own, ended = {}, {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)], own[int(name)], ended[int(name)] = _times(name)
            except OSError:
                pass
    total = 0.0
    for process in parents:
        ancestor = process
        while ancestor not in (root, 0, None):
            ancestor = parents.get(ancestor)
        if ancestor == root:
            total += own[process] + ended[process]
    return total


def seconds_busy():
    """Processor seconds of the machine: used, and stolen by its host."""
    with open("/proc/stat") as file:
        fields = list(map(int, file.readline().split()[1:9]))
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq) / TICKS, steal / TICKS


# The share of the machine that other processes may use without disturbing a run.
QUIET = 0.1


def wait_until_quiet(patience):
    """Waits until other processes leave the processors idle for some seconds, at most `seconds`."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        began, before = time.monotonic(), sum(seconds_busy())
        time.sleep(4)
        if (sum(seconds_busy()) - before) / (time.monotonic() - began) / os.cpu_count() < QUIET:
            return


def resident(process):
    """Resident MB (10^6 bytes) of a process: in total, and private memory not backed by files."""
    status = f"/proc/{process}/status"
    return tuple(int(_field(status, name).split()[0]) * 1024 / 1e6 for name in ("VmRSS", "RssAnon"))
