"""Many logins at once from one network."""

import socket
import threading

from harness.directory import PASSWORD_BASE64


def status(server, name, source):
    """The status that a login with the right password gets, from an address of this machine."""
    body = f"grant_type=password&username={name}&password={PASSWORD_BASE64}".encode()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=(source, 0))
    with server.tls_context().wrap_socket(connection, server_hostname="localhost") as stream:
        stream.sendall(
            b"POST /ccs/api/v1/oauth/tokens HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        return int(stream.recv(1000).split()[1])


def test_logins_of_one_network_do_not_keep_others_from_theirs(start_server, database, directory):
    # Each password takes a while, so that the queue is full.
    server = start_server(
        database, {"passwords.hashThreads": 1, "passwords.hashQueueLimit": 15, "passwords.scryptLogN": 14}
    )
    over = threading.Event()
    flooded = []

    def flood(number):
        attempt = 0
        while not over.is_set():
            attempt += 1
            flooded.append(status(server, f"nobody-{number}-{attempt}", "127.0.0.2"))

    flooders = [threading.Thread(target=flood, args=(number,)) for number in range(40)]
    for flooder in flooders:
        flooder.start()
    try:
        while 503 not in flooded:
            over.wait(0.01)
        assert [status(server, directory.user().name, "127.0.0.3") for _ in range(4)] == [200] * 4
    finally:
        over.set()
        for flooder in flooders:
            flooder.join()
