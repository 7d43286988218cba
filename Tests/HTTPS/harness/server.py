"""The server binary, as a process with a configuration of its own."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from harness.cluster import REPOSITORY
from harness.waiting import eventually

BINARY = Path(os.environ.get("CCS_JOBSTORE_BINARY") or REPOSITORY / ".build" / "release" / "ccs-jobstore").absolute()

# Cheap password hashes, a high limit of failed logins, and limits that a test can reach.
TEST_SETTINGS = {
    "listen.address": "127.0.0.1",
    "listen.port": 0,
    "passwords.scryptLogN": 10,
    "passwords.scryptP": 1,
    "passwords.failuresBeforeDelay": 1000,
    "deletion.eraserPollSeconds": 0.5,
    "limits.connections": 1000,
    # All of them come from one address.
    "limits.newConnectionsPerAddress": 0,
}


def environment(**extra):
    """This process's environment without variables that change the server's settings or database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "CCS_JOBSTORE_"))}
    return kept | extra


def write_configuration(path, database, certificate, settings=None, socket_folder=None):
    """Writes the file; settings are named by dotted keys. JSON is valid JSON5."""
    values = {
        "tls.certificateFile": str(certificate.certificate),
        "tls.privateKeyFile": str(certificate.key),
        "database.connection": database.connection_string("ccs_jobstore", socket_folder),
        "administration.connection": database.connection_string("ccs_jobstore_admin"),
        **TEST_SETTINGS,
        **(settings or {}),
    }
    nested = {}
    for key, value in values.items():
        section, name = key.split(".")
        nested.setdefault(section, {})[name] = value
    path.write_text(json.dumps(nested, indent=2))


def run_command(configuration, *arguments, standard_input=""):
    """Runs an administration command until it exits."""
    return subprocess.run(
        [BINARY, *arguments, "--config", configuration],
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
    )


class Server:
    """A running `ccs-jobstore serve`."""

    def __init__(
        self,
        folder,
        database,
        certificate,
        settings=None,
        socket_folder=None,
        variables=None,
        descriptors=None,
        journal=False,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = database
        self.certificate = certificate
        self.configuration = folder / "ccs-jobstore.json5"
        self.settings = dict(settings or {})
        self.socket_folder = socket_folder
        self.variables = dict(variables or {})
        # The most files that the process may have open.
        self.descriptors = descriptors
        self.log_file = folder / "log"
        self.log_file.touch()
        if journal:
            # As if the journal read the file.
            status = self.log_file.stat()
            self.variables["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        self.process = None
        self.port = None
        self._log_start = 0
        self.write_configuration()

    def write_configuration(self, **dotted):
        self.settings |= dotted
        write_configuration(self.configuration, self.database, self.certificate, self.settings, self.socket_folder)

    # MARK: Life

    def launch(self):
        """Starts the process without waiting."""
        self._log_start = self.log_file.stat().st_size
        with open(self.log_file, "ab") as log:
            limit = ["prlimit", f"--nofile={self.descriptors}"] if self.descriptors else []
            self.process = subprocess.Popen(
                [*limit, BINARY, "serve", "--config", self.configuration],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(**self.variables),
                cwd=self.folder,
            )
        return self

    def start(self, ready=True):
        """Starts the process and waits until it listens and, with `ready`, is ready."""
        self.launch()
        self.port = self.wait_for_event("listening", seconds=60)["port"]
        if ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self, seconds=60):
        def is_ready():
            status, self._last_readiness = self.get("/readyz")
            return status == 200

        eventually(is_ready, seconds, what=lambda: f"the server is ready; /readyz says {self._last_readiness}")

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def processor_seconds(self):
        """Processor time used since the start, in seconds, with the resolution of the kernel's ticks."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=30):
        """Sends SIGTERM; returns the exit status."""
        if self.is_alive():
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self, seconds=30):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within {seconds} s:\n{self.log_text()[-3000:]}") from None

    # MARK: Reaching it

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    @property
    def api(self):
        return self.url + "/ccs/api/v1"

    def tls_context(self):
        return ssl.create_default_context(cafile=str(self.certificate.certificate))

    def get(self, path):
        """A request on a new connection: status and text."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.tls_context())
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def assert_alive(self):
        """The server accepts a connection and answers."""
        assert self.is_alive(), f"the server ended with {self.process.returncode}:\n{self.log_text()[-3000:]}"
        status, text = self.get("/livez")
        assert status == 200, text

    # MARK: Its log

    def log_text(self):
        with open(self.log_file, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def log_lines(self):
        """Every log line since the last start. A line that is not a JSON object is a fault of the server."""
        text = self.log_text()
        # The journal takes the priority away.
        return [json.loads(re.sub(r"^<\d>", "", line)) for line in text[: text.rfind("\n") + 1].splitlines()]

    def events(self, name):
        return [line for line in self.log_lines() if line["event"] == name]

    def wait_for_event(self, name, matching=lambda line: True, seconds=30):
        """The first log line of that event that matches."""

        def found():
            lines = [line for line in self.events(name) if matching(line)]
            if not lines and not self.is_alive():
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
            return lines[0] if lines else None

        return eventually(found, seconds, what=lambda: f"the event {name} in the log:\n{self.log_text()[-3000:]}")

    def request_line(self, request_id):
        """The log line of one request."""
        return self.wait_for_event("request", lambda line: line["requestID"] == request_id)

    def await_room_in_log(self):
        """Of refusals of a kind ten are written a second: lets the second of those before pass."""
        time.sleep(1.2)

    def metrics(self):
        """All samples, by name and labels as in the text."""
        status, text = self.get("/metrics")
        assert status == 200, text
        samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
