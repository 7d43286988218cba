"""A proxy between the server and PostgreSQL that cuts the connection at a moment named by the test."""

import os
import select
import socket
import tempfile
import threading
from pathlib import Path


class PostgresProxy:
    """Listens on a Unix socket in a folder of its own and forwards everything until a cut.

    A cut is triggered by a mark, bytes sent by the server such as a job's GUID. `moment` is
    - "before": the data with the mark is not forwarded;
    - "during": it is forwarded, and the connection is closed before PostgreSQL answers;
    - "after": the transaction has ended, and PostgreSQL's answer is not forwarded.
    """

    def __init__(self, cluster):
        self.cluster = cluster
        self.folder = tempfile.mkdtemp(prefix="ccs-", dir="/tmp")
        self.cuts = 0
        self._mark = None
        self._moment = None
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._path(self.folder))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _path(folder):
        return str(Path(folder) / ".s.PGSQL.5432")

    def arm(self, mark, moment):
        with self._lock:
            self._mark, self._moment = mark, moment

    def close(self):
        self._listener.close()
        os.unlink(self._path(self.folder))
        os.rmdir(self.folder)

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self._path(self.cluster.socket_folder))
            except OSError:
                near.close()
                continue
            threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()

    def _moment_of(self, data):
        """The moment of the cut, if these bytes hold the mark. A mark works once."""
        with self._lock:
            if self._mark is None or not any(form in data for form in self._mark):
                return None
            self._mark = None
            self.cuts += 1
            return self._moment

    def _pass_on(self, near, far):
        moment = None
        with near, far:
            while True:
                readable, _, _ = select.select([near, far], [], [])
                try:
                    if near in readable:
                        data = near.recv(65536)
                        moment = moment or self._moment_of(data)
                        if not data or moment == "before":
                            return
                        far.sendall(data)
                        if moment == "during":
                            return
                    if far in readable:
                        data = far.recv(65536)
                        # ReadyForQuery outside a transaction: everything is committed.
                        if not data or (moment == "after" and data.endswith(b"Z\0\0\0\5I")):
                            return
                        near.sendall(data)
                except OSError:
                    return


def marks(job):
    """A job's GUID as it may occur in the protocol: binary or text."""
    return (job.id.bytes, str(job.id).encode(), str(job.id).upper().encode())
