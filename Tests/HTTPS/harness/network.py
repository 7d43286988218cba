"""A network between the server and PostgreSQL: a TCP port that leads to a cluster, or to nothing."""

import select
import socket
import threading
import time
from pathlib import Path

from harness.server import free_port


class Network:
    """A TCP port that is forwarded to a cluster's socket until it is told otherwise."""

    def __init__(self, cluster=None, address="127.0.0.1", port=None):
        self.cluster = cluster
        self.address = address
        self.port = port or free_port()
        # Connections accepted so far, and the most that were open at the same time.
        self.accepted = 0
        self.most = 0
        # Whether new connections are forwarded; else they are accepted and never answered.
        self.answers = cluster is not None
        self._open = set()
        self._frozen = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((address, self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def place(self):
        return f"host={self.address} port={self.port}"

    @property
    def open(self):
        with self._lock:
            return len(self._open)

    def freeze(self):
        """Nothing passes any more on the connections that there are; neither side notices."""
        with self._lock:
            self._frozen |= self._open

    def cut(self):
        """Closes the connections that there are."""
        with self._lock:
            for near in self._open:
                near.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.accepted += 1
                self._open.add(near)
                self.most = max(self.most, len(self._open))
                if not self.answers:
                    self._frozen.add(near)
            threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _pass_on(self, near):
        try:
            with near, socket.socket(socket.AF_UNIX) as far:
                if near not in self._frozen:
                    far.connect(str(Path(self.cluster.socket_folder) / ".s.PGSQL.5432"))
                while True:
                    if near in self._frozen:
                        # Only the end of the connection is noticed.
                        if near.recv(1, socket.MSG_PEEK) == b"":
                            return
                        while not _has_ended(near):
                            time.sleep(0.05)
                        return
                    readable, _, _ = select.select([near, far], [], [], 0.05)
                    for source, target in ((near, far), (far, near)):
                        if source in readable and near not in self._frozen:
                            data = source.recv(65536)
                            if not data:
                                return
                            target.sendall(data)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(near)
                self._frozen.discard(near)


def _has_ended(connection):
    """Whether the peer has closed it, although data that was not read may be before the end (tcp_info's state)."""
    established = 1
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != established
