"""Requests with faults at random, against a strict reference: h11. Both must agree on where each request ends.

CCS_JOBSTORE_FUZZ_CASES says how many (1,500 unless set), CCS_JOBSTORE_FUZZ_SEED where chance begins, and
CCS_JOBSTORE_FUZZ_PORT that another address, such as a proxy in front of the server, is spoken to.
"""

import collections
import os
import random
import re
import select
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import h11

from harness.client import API

CASES = int(os.environ.get("CCS_JOBSTORE_FUZZ_CASES", "1500"))
SEED = int(os.environ.get("CCS_JOBSTORE_FUZZ_SEED", "20261128"))
PORT = int(os.environ.get("CCS_JOBSTORE_FUZZ_PORT", "0"))

# What is asked for, and the status that tells it from the others.
ASKED = {
    (b"GET", b"/livez"): 200,
    (b"POST", b"/nowhere"): 404,
    (b"PUT", b"/livez"): 405,
    (b"DELETE", f"{API}/Jobs?jobid=x".encode()): 401,
}
REFUSALS = {400, 414, 431, 505}
SPICE = [
    *(bytes([byte]) for byte in b"\0\r\n \t:;,+-\x0b\x7f\xff0123456789aAfFxX\"()"),
    b"\r\n", b"\n\n", b"\r\n\r\n", b"\r\n ", b" \r\n", b"\0\n", b"0\r\n\r\n", b"\r\nX: y", b"HTTP/1.1", b"HTTP/1.0",
    b"\r\nContent-Length: 5", b"\r\nTransfer-Encoding: chunked", b"Content-Length", b"chunked", b"\r\nConnection: close",
]


def a_request(chance):
    method, target = chance.choice(list(ASKED))
    fields = [b"Host: h"]
    body = b""
    if chance.random() < 0.7:
        content = chance.choice([b"", b"abc", b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", b"0\r\n\r\n", b"x" * 300])
        if chance.random() < 0.5:
            fields.append(b"Content-Length: %d" % len(content))
            body = content
        else:
            fields.append(b"Transfer-Encoding: chunked")
            while content:
                size = chance.randint(1, len(content))
                body += b"%x\r\n" % size + content[:size] + b"\r\n"
                content = content[size:]
            body += b"0\r\n" + chance.choice([b"", b"X-Trailer: y\r\n"]) + b"\r\n"
    for _ in range(chance.randint(0, 2)):
        fields.append(chance.choice([b"X: y", b"Accept:*/*", b"X-Empty:", b"X-Spaces: \t a  b"]))
    chance.shuffle(fields)
    return method + b" " + target + b" HTTP/1.1\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def a_case(chance):
    data = bytearray(b"".join(a_request(chance) for _ in range(chance.randint(1, 3))))
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        place = chance.randrange(len(data) + 1)
        # Heads are where most of the grammar is.
        if chance.random() < 0.5:
            place = data.rfind(b"\r\n", 0, place) + chance.choice([0, 1, 2])
        place = max(0, min(place, len(data)))
        deleted = chance.choice([0, 0, 1, 1, 2])
        data[place : place + deleted] = chance.choice([b"", *SPICE]) if deleted else chance.choice(SPICE)
    return bytes(data) + b"GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def expected(data):
    """The requests that h11 finds, and how it ends: "closed", "needs more" or "refused"."""
    found = []
    try:
        while True:
            connection = h11.Connection(h11.SERVER)
            # An empty line before a request is to be ignored (RFC 9112, section 2.2), which h11 does not do.
            connection.receive_data(data.removeprefix(b"\r\n"))
            event = None
            while not isinstance(event, h11.EndOfMessage):
                event = connection.next_event()
                if isinstance(event, h11.Request):
                    asked = (event.method, event.target)
                if event is h11.NEED_DATA:
                    return found, "needs more"
            found.append(asked)
            if connection.their_state is not h11.DONE:
                return found, "closed"
            data, _ = connection.trailing_data
    except h11.RemoteProtocolError:
        return found, "refused"


def parsed(received):
    """The answers, each as its status and whether the connection ends with it."""
    answers = []
    while b"\r\n\r\n" in received:
        top, _, rest = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", top)[1])
        if len(rest) < length:
            break
        answers.append((int(top.split()[1]), b"connection: close" in top.lower()))
        received = rest[length:]
    return answers


def answers_to(context, port, data, count):
    """What is answered until the connection ends, or a moment after as many answers as are expected."""
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as stream:
        stream.sendall(data)
        stream.setblocking(False)
        received, end, patience = b"", time.monotonic() + 60, None
        while time.monotonic() < end:
            try:
                piece = stream.recv(65536)
                if not piece:
                    break
                received += piece
            except (ssl.SSLWantReadError, BlockingIOError):
                if patience is None and len(parsed(received)) >= count:
                    patience = time.monotonic() + 0.03
                if patience is not None and time.monotonic() > patience:
                    break
                select.select([stream], [], [], 0.01)
            except OSError:
                break
    return parsed(received)


def test_the_server_and_a_strict_reference_agree_on_where_requests_end(server):
    context = server.tls_context()
    port = PORT or server.port
    totals = collections.Counter()

    def run(number):
        data = a_case(random.Random(SEED * 1_000_003 + number))
        asked, ending = expected(data)
        answers = answers_to(context, port, data, len(asked) + (ending == "refused"))
        statuses = [status for status, _ in answers]
        is_refused = bool(answers) and answers[-1][1] and statuses[-1] in REFUSALS
        carried_out = statuses[:-1] if is_refused else statuses
        described = (number, data, asked, ending, answers)
        if b"HTTP/1.0" in data and ending == "closed":
            # h11 keeps no HTTP/1.0 connection alive, which changes no request's end.
            carried_out = carried_out[: len(asked)]
        assert len(carried_out) <= len(asked), described
        for status, what in zip(carried_out, asked):
            assert status == ASKED.get(what, status), described
        if not is_refused:
            assert ending != "refused" and len(carried_out) == len(asked), described
        totals[(ending, "refused" if is_refused else "carried out")] += 1

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(run, range(CASES)):
            pass
    print(dict(totals))
    # Neither side refuses everything.
    assert totals[("closed", "carried out")] > CASES // 20
    assert totals[("refused", "refused")] > CASES // 20
    server.assert_alive()
