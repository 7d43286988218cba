"""Raw HTTP, with or without TLS: for requests that no proper client sends."""

import http.client
import io
import select
import socket
import ssl
import time
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class _Recorded:
    """The part of a socket that `HTTPResponse` needs to read received bytes."""

    def __init__(self, data):
        self._data = data

    def makefile(self, *_):
        return io.BytesIO(self._data)


def parse(data, method="GET"):
    """The first response in the bytes received; None if there is none, or it is incomplete."""
    if b"\r\n\r\n" not in data:
        return None
    response = http.client.HTTPResponse(_Recorded(data), method=method)
    try:
        response.begin()
        return Answer(response.status, response.headers, response.read())
    except http.client.HTTPException:
        return None


class RawConnection:
    """A connection that sends exactly the bytes it is given."""

    def __init__(self, server, tls=True, timeout=15.0):
        self.timeout = timeout
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
        if tls:
            self.socket = server.tls_context().wrap_socket(self.socket, server_hostname="localhost")
        self.received = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes abruptly: without TLS closure, with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        """Sends and reads at the same time, since a server may answer and close before it has read everything.

        Returns the number of bytes sent, which is less than all if the connection ended first."""
        self.socket.setblocking(False)
        view, sent, end = memoryview(data), 0, time.monotonic() + self.timeout
        while sent < len(view) and not self.ended:
            self._receive_some()
            try:
                sent += self.socket.send(view[sent : sent + 65536])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                select.select([self.socket], [self.socket], [], 0.05)
            except OSError:
                self._drain()
            if time.monotonic() > end:
                raise AssertionError(f"the server took {sent} of {len(view)} bytes and then no more")
        return sent

    def answer(self, method="GET", seconds=None):
        """The next response; None if the connection ends without one."""
        end = time.monotonic() + (seconds or self.timeout)
        self.socket.setblocking(False)
        while True:
            found = parse(self.received, method)
            complete = found is not None and (self.ended or self._is_delimited(found))
            if complete or self.ended:
                if found is not None and not self.ended:
                    self.received = b""
                return found
            if time.monotonic() > end:
                raise AssertionError(f"no answer in time; received {self.received[:500]!r}")
            if not self._receive_some():
                select.select([self.socket], [], [], 0.05)

    def wait_for_end(self, seconds=30):
        """Returns the seconds until the server closed the connection; fails if it is open after `seconds`."""
        start = time.monotonic()
        self.socket.setblocking(False)
        while not self.ended:
            if time.monotonic() - start > seconds:
                raise AssertionError(f"the connection is still open after {seconds} s")
            if not self._receive_some():
                select.select([self.socket], [], [], 0.05)
        return time.monotonic() - start

    @staticmethod
    def _is_delimited(answer):
        return (
            "Content-Length" in answer.headers
            or "chunked" in answer.headers.get("Transfer-Encoding", "")
            or answer.status in (204, 304)
        )

    def _receive_some(self):
        try:
            data = self.socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            self.ended = True
            return False
        if not data:
            self.ended = True
        self.received += data
        return bool(data)

    def _drain(self):
        while self._receive_some():
            pass
        self.ended = True


def exchange(server, data, method="GET", tls=True, seconds=15.0):
    """Sends bytes on a new connection; returns the response, or None if the server closed it without one."""
    with RawConnection(server, tls=tls, timeout=seconds) as connection:
        connection.send(data)
        return connection.answer(method)


def head(method, target, *lines, version="HTTP/1.1"):
    """The head of a request as bytes; `target` and `lines` may be bytes, for what is not text."""
    pieces = [f"{method} ".encode(), _bytes(target), f" {version}\r\n".encode(), b"Host: localhost\r\n"]
    for line in lines:
        pieces += [_bytes(line), b"\r\n"]
    return b"".join(pieces) + b"\r\n"


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()
