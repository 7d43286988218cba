"""Closing in stages (RFC 9112, section 9.6): who still sends when the server closes gets the answer all the same."""

import os
import socket
import threading
import time

import pytest

from harness.client import API
from harness.raw_http import RawConnection, head, parse
from harness.waiting import eventually

MILLION = 1_000_000
TIMES = 50


class LateReader(RawConnection):
    """A client that sends all it has and reads only then, as many do."""

    def send_all(self, data):
        """Fails if the connection is reset meanwhile, upon which most clients give up without reading."""
        self.socket.setblocking(True)
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data)

    def read_all(self):
        """All bytes up to the end of the connection, however it comes."""
        data = b""
        try:
            while piece := self.socket.recv(65_536):
                data += piece
        except OSError:
            pass
        return data


def late_answer(server, data, pause=0.0):
    """The status of the answer, or what became of the connection instead."""
    with LateReader(server, timeout=20) as connection:
        try:
            connection.send_all(data)
        except OSError as error:
            return f"while sending: {error}"
        time.sleep(pause)
        answer = parse(connection.read_all())
        return answer and answer.status


def chunk(size):
    return b"%x\r\n%s\r\n" % (size, b"x" * size)


REQUESTS = {
    "a long target": (lambda: head("DELETE", f"{API}/Jobs?jobid=" + "A" * MILLION), 414),
    "a long field": (lambda: head("GET", "/livez", "X-Filler: " + "a" * MILLION), 431),
    "many fields": (lambda: head("GET", "/livez", *(f"X-Filler-{n}: {'a' * 1000}" for n in range(1000))), 431),
    "two hosts": (lambda: head("POST", f"{API}/oauth/tokens", "Host: x", f"Content-Length: {MILLION}") + b"x" * MILLION, 400),
    "two lengths": (
        lambda: head("POST", f"{API}/oauth/tokens", "Content-Length: 1", f"Content-Length: {MILLION}") + b"x" * MILLION,
        400,
    ),
    "a bad chunk": (
        lambda: head("POST", f"{API}/oauth/tokens", "Transfer-Encoding: chunked") + b"zz\r\n" + b"x" * MILLION,
        400,
    ),
    "a body that is too large by far": (
        lambda: head("POST", f"{API}/oauth/tokens", f"Content-Length: {1 << 40}") + b"x" * MILLION,
        413,
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_whoever_sends_on_gets_the_answer(server, name):
    make, expected = REQUESTS[name]
    data = make()
    answers = [late_answer(server, data, pause=0.02 * (number % 3)) for number in range(TIMES)]
    assert answers == [expected] * TIMES


@pytest.mark.parametrize("name", ["a long target", "a long field"])
def test_whoever_sends_on_gets_the_answer_also_under_load(server, name):
    make, expected = REQUESTS[name]
    data = make()
    answers, ends = [], threading.Event()

    def load():
        while not ends.is_set():
            server.get("/livez")

    def ask():
        for _ in range(TIMES // 5):
            answers.append(late_answer(server, data))

    loads = [threading.Thread(target=load) for _ in range(4)]
    clients = [threading.Thread(target=ask) for _ in range(5)]
    for thread in loads + clients:
        thread.start()
    for thread in clients:
        thread.join()
    ends.set()
    for thread in loads:
        thread.join()
    assert answers == [expected] * TIMES


def test_the_server_says_that_it_sends_no_more_before_it_stops_listening(server):
    with RawConnection(server) as connection:
        connection.send(head("GET", "/livez", "Host: x"))
        assert connection.answer().status == 400
        # Its close_notify and its FIN are there although we have neither closed nor stopped sending.
        assert connection.wait_for_end(2) < 2
        connection.socket.setblocking(True)
        for _ in range(20):
            raw_send(connection.socket, b"x" * 1000)
            time.sleep(0.01)


def raw_send(tls, data):
    """Bytes past TLS, which has been closed."""
    with socket.socket(fileno=socket.dup(tls.fileno())) as raw:
        raw.settimeout(5)
        raw.sendall(data)


def test_a_client_that_does_not_close_is_not_waited_for_for_long(server):
    def descriptors():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    before, connections = descriptors(), []
    for _ in range(20):
        connection = RawConnection(server)
        connection.send(head("GET", "/livez", "Host: x"))
        assert connection.answer().status == 400
        connection.wait_for_end(2)
        connections.append(connection)
    assert descriptors() >= before + 15, "they are waited for"
    eventually(lambda: descriptors() <= before + 5, seconds=15, what="all are closed for good")


def test_a_chunked_body_without_end_is_answered_before_the_connection_ends(server):
    """Past what is discarded the server answers within the body."""
    with RawConnection(server, timeout=60) as connection:
        connection.send(head("POST", f"{API}/oauth/tokens", "Transfer-Encoding: chunked"))
        piece = chunk(1 << 20)
        for _ in range(400):
            connection.send(piece)
            if connection.received or connection.ended:
                break
        answer = connection.answer()
        assert answer is not None and answer.status == 413
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Connection"] == "close"
