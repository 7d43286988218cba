"""What systemd does for the unit, without systemd: the socket for notifications, and the command of ExecReload=."""

import re
import socket
import subprocess
import tempfile
import time

from harness.cluster import REPOSITORY
from harness.server import BINARY, environment

UNIT = REPOSITORY / "config" / "systemd" / "ccs-jobstore.service"


class ServiceManager:
    """Keeps every notification, each as a dictionary of its assignments (sd_notify(3))."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="ccs-", dir="/tmp")
        path = f"{self._folder.name}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self.variables = {"NOTIFY_SOCKET": path}
        self.heard = []

    def close(self):
        self._socket.close()
        self._folder.cleanup()

    def read(self):
        """Takes what has arrived."""
        while True:
            try:
                message = self._socket.recv(65536, socket.MSG_DONTWAIT).decode()
            except BlockingIOError:
                return self.heard
            # systemd ignores longer ones.
            assert len(message) <= 4096
            self.heard.append(dict(line.split("=", 1) for line in message.splitlines()))

    def hear(self, matching, what, seconds=30):
        """Waits for a notification that matches; returns it and forgets it and all before it."""
        end = time.monotonic() + seconds
        while True:
            for index, message in enumerate(self.read()):
                if matching(message):
                    del self.heard[: index + 1]
                    return message
            assert time.monotonic() < end, f"no {what} in {self.heard}"
            time.sleep(0.02)

    def hear_status(self, *parts):
        return self.hear(
            lambda message: all(part in message.get("STATUS", "") for part in parts), f"status with {parts}"
        )


def run_reload(server):
    """Runs the command of ExecReload=, as systemd would for this server."""
    (command,) = re.findall(r"^ExecReload=/bin/sh -c '(.*)'$", UNIT.read_text(), re.MULTILINE)
    command = command.replace("$$", "$").replace("/usr/bin/ccs-jobstore", str(BINARY))
    command = command.replace("/etc/ccs-jobstore/ccs-jobstore.json5", str(server.configuration))
    return subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(**server.variables, MAINPID=str(server.process.pid)),
    )
